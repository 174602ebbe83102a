"""Write the record of processing activities."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from discovery.privacy.processing_record import as_markdown, processing_record


class Command(BaseCommand):
    help = "The record of processing activities (GDPR Art. 30), from the purposes, stores, periods and operator settings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["markdown", "json"], default="markdown")
        parser.add_argument("--output", type=Path, help="A file; the terminal otherwise.")

    def handle(self, *args: Any, **options: Any) -> None:
        record = processing_record()
        text = as_markdown(record) if options["format"] == "markdown" else json.dumps(record, indent=2) + "\n"
        if options["output"]:
            options["output"].write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")
