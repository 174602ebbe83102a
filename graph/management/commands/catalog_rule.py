"""``catalog_rule merge|split|alias|undo|list``"""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from discovery.platform.errors import Refusal
from graph.models import Artist, ArtistName, CatalogRuling, Naming, Track
from graph.services.rulings import artist_alias, items_merge, ruling_said, ruling_undo, words_split

KINDS = ("track", "artist")


class Command(BaseCommand):
    help = (
        "Say that tracks or artists are one, that words do not mean what they are taken for, or take it back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        merge = acts.add_parser("merge", help="tracks, or artists, that are one (keys as in the admin)")
        merge.add_argument("kind", choices=KINDS)
        merge.add_argument("ids", nargs="+", type=int, metavar="ID")
        split = acts.add_parser("split", help="words of a track, or names of an artist, that do not mean it")
        split.add_argument("kind", choices=KINDS)
        split.add_argument("ids", nargs="+", type=int, metavar="ID")
        alias = acts.add_parser("alias", help="how an artist is called too")
        alias.add_argument("artist", type=int, metavar="ID")
        alias.add_argument("name")
        undo = acts.add_parser("undo", help="take a ruling back")
        undo.add_argument("ruling", type=int, metavar="RULING")
        acts.add_parser("list", help="the rulings in force")

    def handle(self, *, act: str, **options: Any) -> None:
        try:
            self._handle(act, options)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal

    def _handle(self, act: str, options: dict[str, Any]) -> None:
        if act == "list":
            self._list(list(CatalogRuling.objects.filter(undone_at=None).order_by("pk")))
        elif act == "undo":
            (ruling,) = _found(CatalogRuling, [options["ruling"]])
            ruling_undo(ruling=ruling)
            self.stdout.write(f"{ruling.pk}: taken back.")
        elif act == "alias":
            (artist,) = _found(Artist, [options["artist"]])
            self._list([artist_alias(artist=artist, name=options["name"])])
        elif act == "merge":
            self._list(
                items_merge(items=_found(Track if options["kind"] == "track" else Artist, options["ids"]))
            )
        else:
            self._list(
                words_split(
                    words=_found(Naming if options["kind"] == "track" else ArtistName, options["ids"])
                )
            )

    def _list(self, rulings: Sequence[CatalogRuling]) -> None:
        for ruling in rulings:
            self.stdout.write(f"{ruling.pk}: {ruling.get_of_display().lower()}: {ruling_said(ruling)}")


def _found(model: Any, ids: Sequence[int]) -> list[Any]:
    rows = list(model.objects.filter(pk__in=ids).order_by("pk"))
    if missing := set(ids) - {row.pk for row in rows}:
        raise CommandError(f"There is no {model._meta.verbose_name} {min(missing)}.")  # noqa: SLF001  # Django documents it
    return rows
