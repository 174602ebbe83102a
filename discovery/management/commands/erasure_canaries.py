"""Show that an erased listener cannot be told from one who was never here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from discovery.lab.unlearning import erasure_membership

KNOWN, GUESSING = 0.9, (0.4, 0.6)


class Command(BaseCommand):
    help = (
        "Plant listeners, train, erase them, train again, and print how well the model tells them from"
        " controls before and after. Nothing stays in the database; on SQLite nobody else can write meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--planted", type=int, default=50)
        parser.add_argument("--items", type=int, default=12, help="Artists each of them played.")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        membership = erasure_membership(
            planted=options["planted"], items=options["items"], seed=options["seed"], tell=self.stdout.write
        )
        self.stdout.write(f"membership AUC before {membership.before:.3f}, after {membership.after:.3f}")
        self.stdout.write(f"training edges of the erased left: {membership.edges_left}")
        if membership.before < KNOWN:
            raise CommandError("The planted were not learned well enough for the proof to mean anything.")
        if not GUESSING[0] <= membership.after <= GUESSING[1] or membership.edges_left:
            raise CommandError("The erased can still be told from strangers.")
