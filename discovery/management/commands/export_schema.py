"""Write the GraphQL schema to ``schema.graphql``, or compare it with what is there."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from discovery.schema import schema


class Command(BaseCommand):
    help = "Write schema.graphql; with --check, fail when the file differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when the file differs.")
        parser.add_argument("--output", type=Path, default=settings.BASE_DIR / "schema.graphql")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["output"]
        text = schema.as_str() + "\n"
        if not options["check"]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError(f"{path.name} differs from the schema. Run: python manage.py export_schema")
