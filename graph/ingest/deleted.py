"""Plays that their listener deleted: known again when a source tells them once more, and not believed.

Kept are digests with a key of the installation's, of the report and of what was played within which two minutes: the
first knows the same source again, the second another one that tells the same play.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db.models import Q

from discovery.platform.names import digest, name_key
from graph.ingest.clean import CleanPlay
from graph.ingest.credits import title_key
from graph.models import DeletedPlay, Listen, Track

STEP = 120  # seconds
HALF = timedelta(seconds=STEP / 2)


def deleted_remember(user: int, reports: Iterable[Listen]) -> None:
    """Note these reports, which are about to go. Their namings and tracks come along."""
    rows = list(reports)
    names = names_of(rows)
    DeletedPlay.objects.bulk_create(
        (
            DeletedPlay(
                user_id=user,
                told=_number(user, row.source, row.source_id),
                near=_near(user, names[row.pk], row.listened_at),
                source=_number(user, row.source),
            )
            for row in rows
        ),
        batch_size=2_000,
        ignore_conflicts=True,
    )


def deleted_among(user: int, plays: Mapping[int, CleanPlay], names: Mapping[int, str]) -> set[int]:
    """Which of these plays, by their index, were deleted before; ``names``: digests of what was played."""
    if not DeletedPlay.objects.filter(user=user).exists():
        return set()
    told = {_number(user, play.source, play.source_id): index for index, play in plays.items()}
    near: dict[int, list[int]] = {}
    for index, play in plays.items():
        for moment in {play.listened_at - HALF, play.listened_at + HALF}:
            near.setdefault(_near(user, names[index], moment), []).append(index)
    found: set[int] = set()
    rows = DeletedPlay.objects.filter(user=user).filter(Q(told__in=told) | Q(near__in=near))
    for number, place, source in rows.values_list("told", "near", "source"):
        if number in told:
            found.add(told[number])
        found.update(index for index in near.get(place, ()) if _number(user, plays[index].source) != source)
    return found


def names_of(reports: Collection[Listen]) -> dict[int, str]:
    """By report: the digest of what it is called (`Words.name`), or of the track's own words."""
    namings = {row.naming.pk: row.naming.name for row in reports if row.naming is not None}
    return {
        row.pk: namings[row.naming_id] if row.naming_id is not None else track_name(row.track)
        for row in reports
    }


def track_name(track: Track) -> str:
    return digest(track.artist.key or name_key(track.artist.name), title_key(track.title))


def _near(user: int, name: str, moment: datetime) -> int:
    return _number(user, name, f"{int(moment.timestamp()) // STEP}")


def _number(user: int, *parts: str) -> int:
    keyed = blake2b(
        "\x1f".join((f"{user}", *parts)).encode(), digest_size=8, key=settings.SIGNING_KEY.encode()[:64]
    )
    return int.from_bytes(keyed.digest(), signed=True)
