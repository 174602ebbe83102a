"""``make_playlist USER "words" [--preview] [--kind ARTIST]``"""

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
from discovery.recommend.feed import for_you
from graph.models import ItemKind


class Command(BaseCommand):
    help = (
        "Make a playlist of words for a listener: tells what they are understood as, and the tracks that they choose. "
        "With --preview nothing is kept; with --kind ARTIST it tells the artists that the words find."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="a handle")
        parser.add_argument("words")
        parser.add_argument("--preview", action="store_true", help="keep nothing")
        parser.add_argument("--kind", choices=ItemKind.values, default=ItemKind.TRACK)
        parser.add_argument("--top", type=int, default=20, help="how many artists")

    def handle(self, *, user: str, words: str, preview: bool, kind: str, top: int, **_: Any) -> None:
        listener = User.objects.filter(username=user).first()
        if listener is None:
            raise CommandError(f"Nobody here has the handle {user}.")
        if kind == ItemKind.ARTIST:
            self._artists(listener, words, top)
        else:
            self._playlist(listener, words, keep=not preview)

    def _artists(self, listener: User, words: str, top: int) -> None:
        found = for_you(listener, ItemKind.ARTIST, words=words, count=top).answer
        if found.degraded is not None:
            self.stdout.write(found.degraded.value)
        for word in found.not_understood:
            self.stdout.write(f"not understood: {word}")
        for place, shown in enumerate(found.items, start=1):
            self.stdout.write(
                f"{place:3d}. {shown.item}  {shown.score:.3f}  {shown.reasons[0].text if shown.reasons else ''}"
            )

    def _playlist(self, listener: User, words: str, *, keep: bool) -> None:
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
