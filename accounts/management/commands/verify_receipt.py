"""Check a receipt offline: nothing but the file and a public key is asked."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.signatures import SignatureInvalid, public_key_text, verify


class Command(BaseCommand):
    help = "Check the signature of a receipt, or of each receipt in a list; needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key", help="The public key (base64) it must be signed with; this installation's else."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = json.loads(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        key = options["key"] or public_key_text(settings.SIGNING_KEY)
        documents = content if isinstance(content, list) else [content]
        for number, document in enumerate(documents, start=1):
            try:
                verify(document if isinstance(document, dict) else {}, key)
            except SignatureInvalid as error:
                raise CommandError(f"Receipt {number} is not valid. {error}") from error
        self.stdout.write(f"{len(documents)} valid, signed with {key}.")
