"""manage.py distill_words FILE: the table of word vectors, made anew. For whoever works on the project; needs the extra ``words``."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from graph.words.table import table_of


class Command(BaseCommand):
    help = "Writes the table of word vectors, from the packaged sentence model and the lists by hand. Takes minutes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        from graph.ml.distill import distill, packaged_model

        try:
            encode, vocabulary = packaged_model()
        except (ImportError, ValueError) as error:
            raise CommandError(
                f"There is no sentence model here: {error}. It comes with pip install -e '.[words]'."
            ) from error
        blob = distill(encode, vocabulary)
        options["file"].write_bytes(blob)
        table = table_of(blob)
        self.stdout.write(f"{len(table.words)} words, {len(blob):,} bytes, SHA-256 {table.sha256}")
