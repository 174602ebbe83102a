"""Plays from any door: checked one by one, identified, and stored once each, or said why not."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from accounts.models import User
from discovery.platform.errors import Refusal
from graph.ingest.incoming import IncomingPlay, Outcome, Verdict
from graph.services.catalog import TrackName
from graph.services.listening import Play, listens_record


@transaction.atomic
def plays_ingest(*, user: User, plays: Sequence[IncomingPlay | Refusal]) -> list[Verdict]:
    """Take what ``user`` is said to have played; a verdict for each, in their order.

    Raises ConsentMissing where RECORD is not granted: then nothing was looked at.
    """
    told = [play if isinstance(play, Refusal) else _read(play) for play in plays]
    answer = listens_record(user=user, plays=told)
    refused = {refusal.index: refusal for refusal in answer.refusals}
    return [
        Verdict(index, Outcome.REFUSED, refused[index].code, refused[index].message, refused[index].field)
        if index in refused
        else Verdict(index, Outcome.STORED)
        for index in range(len(told))
    ]


def _read(play: IncomingPlay) -> Play:
    moment = play.listened_at
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(int(moment), UTC)
    return Play(
        source=play.source,
        source_id=play.source_id or f"{moment.isoformat()} {play.artist} {play.title}"[:128],
        track=play.track or TrackName(title=play.title, artist=play.artist, album=play.album or ""),
        listened_at=moment,
        ms_played=play.ms_played,
    )
