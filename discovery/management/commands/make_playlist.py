"""``make_playlist USER "words" [--keep]``"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from discovery.plans.grammar import plan_written
from discovery.plans.making import plan_made
from discovery.plans.selectors import text_understood
from discovery.plans.services import playlist_make
from discovery.plans.shortfalls import shortfall_words
from discovery.platform.errors import Refusal


class Command(BaseCommand):
    help = "Tell what words are understood as for a listener, and the tracks that they choose; with --keep, make the playlist."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a handle")
        parser.add_argument("words")
        parser.add_argument("--keep", action="store_true", help="make the playlist, and keep its plan")

    def handle(self, *, user: str, words: str, keep: bool, **_: Any) -> None:
        listener = User.objects.filter(username=user).first()
        if listener is None:
            raise CommandError(f"Nobody here has the handle {user}.")
        try:
            understood = text_understood(listener, words)
            made = plan_made(listener, understood.plan, understood.meant).answer
            self.stdout.write(plan_written(understood.plan))
            for part in understood.plan.unclear:
                self.stdout.write(f"not understood ({part.why.value}): {part.text}")
            for shortfall in made.shortfalls:
                self.stdout.write(f"{shortfall.code.value}: {shortfall_words(shortfall)}")
            for place, planned in enumerate(made.items, start=1):
                said = ", ".join(f"{share.word} {share.share:.0%}" for share in planned.words)
                item = planned.recommendation
                self.stdout.write(
                    f"{place:3d}. {item.item} – {item.item.artist}  {item.score:.3f}  {said}"  # type: ignore[union-attr]  # a plan chooses tracks
                )
            self.stdout.write(f"{made.count} tracks, {made.seconds / 60:.1f} minutes")
            if keep:
                playlist = playlist_make(user=listener, plan=understood.plan)
                self.stdout.write(f"kept as “{playlist.title}”")
        except Refusal as refusal:
            raise CommandError(f"{refusal.specific_code}: {refusal.message}") from refusal
