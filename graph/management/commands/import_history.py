"""``import_history USER FILE``"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from discovery.platform.errors import Conflict, ConsentMissing, ImportFailed
from graph.importers.history import history_import
from graph.models import History


class Command(BaseCommand):
    help = (
        "Read a file of somebody's listening: Spotify, ListenBrainz, Last.fm, Maloja, Rockbox, or a JSPF or XSPF playlist, "
        "told apart by what is in it. Reading it again stores only what is new."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USER")
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *, username: str, file: Path, **_: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no {username}.")
        if not file.exists():
            raise CommandError(f"There is no file {file}.")
        try:
            history = history_import(user=user, path=file)
        except (Conflict, ConsentMissing, ImportFailed) as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(summary(history))
        for row in history.rows.order_by("pk")[:20]:
            where = f"{row.first}" if row.first == row.last else f"{row.first}–{row.last}"
            self.stdout.write(f"  {row.part}:{where} {row.outcome} {row.code} {row.field}".rstrip())


def summary(history: History) -> str:
    counts = {
        "plays stored": history.stored, "told before": history.duplicates, "corrected": history.corrected,
        "left out": history.skipped, "refused": history.refused, "playlists": history.playlists_made, "likes": history.words_said,
    }  # fmt: skip
    what = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing"
    end = f" ({history.error})" if history.error else ""
    return (
        f"import {history.pk}: {history.format} {history.state}{end}, {history.rows_read:,} rows read: {what}"
    )
