"""Writes every consenting listener's recommendations as TSV."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import PersonalizationLevel, User
from discovery.recommend.batch import rank_all
from graph import selectors
from graph.models import ItemKind
from graph.serving import active_model


class Command(BaseCommand):
    help = "TSV of user_external_id, rank, item_external_id, score for every listener whose consent allows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kind", choices=ItemKind.values, default=ItemKind.ARTIST)
        parser.add_argument("--top", type=int, default=20)
        parser.add_argument("--output", type=Path, required=True)
        parser.add_argument("--among", type=Path, help="a file of external item ids: propose only these")
        parser.add_argument("--level", choices=PersonalizationLevel.names, help="use at most this level")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = ItemKind(options["kind"])
        if options["top"] < 1:
            raise CommandError("--top must be at least 1")
        model = active_model.active()
        index = model.artifact.index(kind.value) if model else None
        if index is None:
            raise CommandError(f"no trained model for {kind.value}: run train_recommender first")
        names = selectors.external_ids(kind)
        viewers = list(User.objects.filter(is_active=True).order_by("pk"))
        level = PersonalizationLevel[options["level"]] if options["level"] else None
        lines = listeners = 0
        with options["output"].open("w", encoding="utf-8") as out:
            for viewer, ranked in rank_all(
                index,
                viewers,
                kind,
                top=options["top"],
                among=self._among(options["among"], names),
                level=level,
            ):
                user = viewer.external_id or viewer.username
                out.writelines(
                    f"{user}\t{rank}\t{names[item_id]}\t{score:.6g}\n"
                    for rank, (item_id, score) in enumerate(ranked, 1)
                )
                lines, listeners = lines + len(ranked), listeners + 1
        self.stdout.write(f"{lines} recommendations for {listeners} of {len(viewers)} listeners")

    def _among(self, path: Path | None, names: dict[int, str]) -> list[int] | None:
        if path is None:
            return None
        if not path.is_file():
            raise CommandError(f"{path}: no such file")
        wanted = set(path.read_text(encoding="utf-8").split())
        return [item_id for item_id, external in names.items() if external in wanted]
