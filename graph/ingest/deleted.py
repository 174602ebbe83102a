"""Plays that their listener deleted: known again when a source tells them once more, and not believed.

Kept are digests with a key of the installation's, of the report and of what was played within which two minutes: the
first knows the same source again, the second another one that tells the same play, by any of its names: what it is
called, its MBID, ISRC or URI, the recording that it is here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b

from django.conf import settings
from django.db.models import Q

from discovery.platform.names import digest, name_key
from graph.ingest.clean import CleanPlay, Words
from graph.ingest.credits import title_key
from graph.ingest.identity import IDENTIFIERS
from graph.ingest.plays import WITHIN
from graph.models import DeletedPlay, Listen, Naming, Track

STEP = int(WITHIN.total_seconds())


def deleted_remember(user: int, reports: Iterable[Listen]) -> None:
    """Note these reports, which are about to go. Their namings and tracks come along."""
    DeletedPlay.objects.bulk_create(
        (
            DeletedPlay(
                user_id=user,
                told=_number(user, row.source, row.source_id),
                near=_near(user, name, slot),
                second=(second + _shift(user, name, slot)) % STEP,
                source=_number(user, row.source),
            )
            for row in reports
            for slot, second in (divmod(_seconds(row.listened_at), STEP),)
            for name in _names(row)
        ),
        batch_size=2_000,
        ignore_conflicts=True,
    )


def deleted_among(
    user: int, plays: Mapping[int, CleanPlay], names: Mapping[int, Collection[str]]
) -> set[int]:
    """Which of these plays, by their index, were deleted before; ``names``: of what was played, any may be known."""
    told = {_number(user, play.source, play.source_id): index for index, play in plays.items()}
    near: dict[int, list[tuple[int, str, int]]] = {}
    for index, play in plays.items():
        slot = _seconds(play.listened_at) // STEP
        for name in names[index]:
            for place in (slot - 1, slot, slot + 1):
                near.setdefault(_near(user, name, place), []).append((index, name, place))
    found: set[int] = set()
    rows = DeletedPlay.objects.filter(user=user).filter(Q(told__in=told) | Q(near__in=near))
    for number, place, second, source in rows.values_list("told", "near", "second", "source"):
        if number in told:
            found.add(told[number])
        for index, name, slot in near.get(place, ()):
            play = plays[index]
            if _number(user, play.source) != source and (
                second is None
                or abs(_seconds(play.listened_at) - slot * STEP - (second - _shift(user, name, slot)) % STEP)
                <= STEP
            ):
                found.add(index)
    return found


def names_told(words: Words | Naming) -> list[str]:
    """What these words call a recording by."""
    return [words.name, *(f"{kind}:{value}" for kind in IDENTIFIERS if (value := getattr(words, kind)))]


def names_here(track: Track) -> list[str]:
    """What a track goes by here, whoever said so."""
    identifiers = [f"mbid:{track.mbid}"] * bool(track.mbid) + [f"isrc:{track.isrc}"] * bool(track.isrc)
    name = digest(track.artist.key or name_key(track.artist.name), title_key(track.title))
    return [name, *identifiers, track.identity or f"row:{track.pk}"]


def _names(row: Listen) -> Iterator[str]:
    told = [] if row.naming is None else names_told(row.naming)
    yield from dict.fromkeys((*told, *names_here(row.track)))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _near(user: int, name: str, slot: int) -> int:
    return _number(user, name, f"{slot}")


def _shift(user: int, name: str, slot: int) -> int:
    return _number(user, "second", name, f"{slot}") % STEP


def _number(user: int, *parts: str) -> int:
    keyed = blake2b(
        "\x1f".join((f"{user}", *parts)).encode(), digest_size=8, key=settings.SIGNING_KEY.encode()[:64]
    )
    return int.from_bytes(keyed.digest(), signed=True)
