"""Writes everybody's friend suggestions as TSV."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from discovery.recommend.suggestions import suggest_all
from graph.serving import active_model


class Command(BaseCommand):
    help = (
        "TSV of user_external_id, rank, other_external_id, score for every listener who can be found. The score only"
        " falls with the rank: it is one over it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--top", type=int, default=20)
        parser.add_argument("--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["top"] < 1:
            raise CommandError("--top must be at least 1")
        model = active_model.active()
        if model is None:
            raise CommandError("no trained model: run train_recommender first")
        viewers = list(User.objects.filter(is_active=True).order_by("pk"))
        names = {viewer.pk: viewer.external_id or viewer.username for viewer in viewers}
        lines = listeners = 0
        with options["output"].open("w", encoding="utf-8") as out:
            for viewer, ranked in suggest_all(model.artifact, viewers, top=options["top"]):
                out.writelines(
                    f"{names[viewer.pk]}\t{rank}\t{names[other]}\t{1 / rank:.6g}\n"
                    for rank, other in enumerate(ranked, 1)
                )
                lines, listeners = lines + len(ranked), listeners + 1
        self.stdout.write(f"{lines} suggestions for {listeners} of {len(viewers)} listeners")
