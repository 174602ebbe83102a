"""Check a receipt offline: nothing but the file, a public key and the heads of the ledger beside the data is asked."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.ledger_head import head_hash, heads_read
from accounts.signatures import SignatureInvalid, public_key_text, verify


class Command(BaseCommand):
    help = (
        "Check the signature of a receipt, or of each receipt in a list, and the head of the ledger it names where that "
        "is known; needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key", help="The public key (base64) it must be signed with; this installation's else."
        )

        parser.add_argument(
            "--head",
            type=Path,
            help="Heads of the ledger kept elsewhere; those beside the data else, where there are any.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = json.loads(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        key = options["key"] or public_key_text(settings.SIGNING_KEY)
        documents = content if isinstance(content, list) else [content]
        heads = _heads(options["head"])
        anchored: Counter[str] = Counter()
        for number, document in enumerate(documents, start=1):
            try:
                verify(document if isinstance(document, dict) else {}, key)
            except SignatureInvalid as error:
                raise CommandError(f"Receipt {number} is not valid. {error}") from error
            anchored[_anchored(document, heads, key, number)] += 1
        self.stdout.write(f"{len(documents)} valid, signed with {key}.")
        for how, count in sorted(anchored.items()):
            self.stdout.write(f"{count} {how}.")


def _heads(path: Path | None) -> dict[int, dict[str, Any]]:
    beside = Path(settings.LEDGER_HEADS)
    if path is None and not beside.exists():
        return {}
    try:
        return {head["number"]: head for head in heads_read(path or beside)}
    except (OSError, ValueError) as error:
        raise CommandError(f"The heads cannot be read: {error}") from error


def _anchored(receipt: dict[str, Any], heads: dict[int, dict[str, Any]], key: str, number: int) -> str:
    """How the receipt stands with the head of the ledger it names. Raises CommandError where that is another one."""
    ledger = receipt.get("ledger")
    if not isinstance(ledger, dict) or not isinstance(named := ledger.get("head"), dict):
        return (
            "named by no head of the ledger yet"
            if isinstance(ledger, dict)
            else "about no line of the ledger"
        )
    if (head := heads.get(named["number"])) is None:
        return "under a head of the ledger that is not known here"
    try:
        verify(head, key)
    except SignatureInvalid as error:
        raise CommandError(
            f"Receipt {number} names head {named['number']}, which is not valid here. {error}"
        ) from error
    if head_hash(head) != named["hash"] or head["position"] < ledger["position"]:
        raise CommandError(f"Receipt {number} names another head {named['number']} than the one known here.")
    return "under a head of the ledger that is known here"
