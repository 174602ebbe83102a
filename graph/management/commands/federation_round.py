"""``federation_round begin|mask|join|drop``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import EarshotError


class Command(BaseCommand):
    help = "Add up sums of three installations or more under masks: nobody reads any single one's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        begin = acts.add_parser("begin", help="write a hello: a new key, and what is above the floor here")
        begin.add_argument("file", type=Path, metavar="FILE")
        begin.add_argument(
            "--round", dest="round_id", metavar="ID", help="which others have begun; else a new one"
        )
        begin.add_argument(
            "--most", type=int, metavar="N", help="name the N most played items of a kind alone"
        )
        mask = acts.add_parser(
            "mask", help="write the sums here, masked for the servers of these hellos; once"
        )
        mask.add_argument("file", type=Path, metavar="FILE")
        mask.add_argument(
            "hellos", type=Path, nargs="+", metavar="HELLO", help="of every server, this one's too"
        )
        mask.add_argument(
            "--trust", action="append", default=[], metavar="KEY", help="a public key to take hellos of"
        )
        mask.add_argument("--epsilon", type=float, help="add noise that hides one listener's part so well")
        join = acts.add_parser("join", help="add up and learn from the others, from the next training on")
        join.add_argument(
            "files", type=Path, nargs="+", metavar="MASKED", help="of every server, this one's too"
        )
        drop = acts.add_parser("drop", help="forget a round that was begun and not joined, and its key")
        drop.add_argument("round_id", metavar="ID")

    def handle(self, *, act: str, **options: Any) -> None:
        try:
            self.stdout.write(getattr(self, f"_{act}")(**options))
        except EarshotError as error:
            raise CommandError(f"{error.message} ({error.specific_code})") from error

    def _begin(self, *, file: Path, round_id: str | None, most: int | None, **_: Any) -> str:
        from graph.exchange.federation_rounds import round_begin
        from graph.exchange.files import our_key

        if most is not None and most < 1:
            raise CommandError("--most is 1 or more.")
        begun = round_begin(file, round_id=round_id, most=most)
        return f"{file}: a hello for round {begun}, signed by {our_key()}"

    def _mask(
        self, *, file: Path, hellos: list[Path], trust: list[str], epsilon: float | None, **_: Any
    ) -> str:
        from graph.exchange.federation_rounds import round_mask

        if epsilon is not None and not 0 < epsilon <= 1:
            raise CommandError("--epsilon is more than 0 and at most 1.")
        agreement = round_mask(file, hellos, trusted=trust, epsilon=epsilon)
        told = ", ".join(f"{len(rows):,} {kind.lower()}s" for kind, rows in agreement.items.items())
        return f"{file}: masked for {len(agreement.publics)} servers over {told}"

    def _join(self, *, files: list[Path], **_: Any) -> str:
        from graph.exchange.federation_rounds import round_join

        joined = round_join(files)
        instead = f", in place of {joined.replaced} files of these" if joined.replaced else ""
        return f"Joined {joined.bundle.signer} of {joined.servers} servers{instead}"

    def _drop(self, *, round_id: str, **_: Any) -> str:
        from graph.exchange.federation_rounds import round_drop

        round_drop(round_id)
        return f"Round {round_id} is forgotten."
