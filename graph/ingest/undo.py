"""An import is taken back: plays that it alone told go, and the others are as if it had not told them.

Whoever tells a play first brings it (`Listen.history`); the imports that tell it after that are noted in their order. What a
player tells, or the listener says, is from then on nobody's to take back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from accounts.intake import restoring
from accounts.models import User
from graph.ingest.catalog import namings_get_or_create, namings_sweep
from graph.ingest.clean import Words
from graph.ingest.credits import Credited
from graph.ingest.follow import deletion_follow
from graph.ingest.plays import plays_gather
from graph.models import HistoryCorrection, Listen, Naming, Track

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Told:
    """That an import, or whatever else (None), told a play; what it said stands in ``note``, or is what it says now."""

    history: int | None
    note: HistoryCorrection | None


def tellers_of(listens: Collection[int]) -> dict[int, int]:
    """By play: the import that told it last, of those that an import told when it was there."""
    rows = HistoryCorrection.objects.filter(listen__in=listens).order_by("pk")
    return dict(rows.values_list("listen", "history"))


def telling_noted(history: int, row: Listen, *, last: int | None, otherwise: bool) -> list[HistoryCorrection]:
    """The note, to be stored, that an import tells a play that is there, before it is told ``otherwise``; ``last``: which one told it last.

    What is no import's stays without that.
    """
    if last == history or (last is None and not otherwise):
        return []
    before: dict[str, Any] = {}
    if otherwise:
        words = None if row.naming is None else _words_noted(row.naming)
        told = {"listened_at": row.listened_at.isoformat(), "ms_played": row.ms_played, "words": words}
        before = {"before": told, "track_id": row.track_id if words is None else None}
    return [HistoryCorrection(history_id=history, listen=row, **before)]


def tellings_forget(listens: Collection[int]) -> None:
    """A player or their listener tells these plays as they are now: they go with no import any more."""
    HistoryCorrection.objects.filter(listen__in=listens).delete()
    with restoring():
        Listen.reports.filter(pk__in=listens).exclude(history=None).update(history=None)


def plays_undo(user: User, history: int) -> int:
    """Delete the plays that only this import told, and leave of the others what the rest say who told them.

    What their listener corrected is theirs. Return how many are gone.
    """
    rows = Listen.reports.filter(user=user, history=history)
    tellings_forget(list(rows.filter(corrected=True).values_list("pk", flat=True)))
    told = HistoryCorrection.objects.filter(
        Q(history=history) | Q(listen__history=history), listen__user=user
    )
    retold = sorted(set(told.values_list("listen", flat=True)))
    touched = Listen.reports.filter(Q(history=history) | Q(pk__in=retold), user=user)
    tracks, artists = _about(touched)
    namings = set(touched.order_by().values_list("naming", flat=True).distinct()) - {None}
    gone = list(rows.exclude(pk__in=retold).values_list("pk", flat=True))
    changed = 0
    for first in range(0, len(retold), AT_ONCE):
        nobodys, otherwise = _retell(history, retold[first : first + AT_ONCE])
        gone += nobodys
        changed += otherwise
    with restoring():
        for first in range(0, len(gone), AT_ONCE):
            Listen.reports.filter(echo_of__in=gone[first : first + AT_ONCE]).update(echo_of=None)
    for first in range(0, len(gone), AT_ONCE):
        Listen.reports.filter(pk__in=gone[first : first + AT_ONCE]).delete()
    tracks |= set(Listen.reports.filter(pk__in=retold).values_list("track", flat=True))
    plays_gather(user.pk, tracks=tracks)
    namings_sweep(namings)
    deletion_follow(user=user, rows=len(gone) + changed, tracks=tracks, artists=artists)
    return len(gone)


def _retell(history: int, listens: Sequence[int]) -> tuple[list[int], int]:
    """Leave of these plays what others than this import told; keys of those that nobody else did, and how many say
    something else by now.
    """
    notes: dict[int, list[HistoryCorrection]] = defaultdict(list)
    for note in HistoryCorrection.objects.filter(listen__in=listens).order_by("pk"):
        notes[note.listen_id].append(note)
    gone: list[int] = []
    changed = 0
    brought: dict[int | None, list[int]] = defaultdict(list)
    left: list[HistoryCorrection] = []
    for row in Listen.reports.filter(pk__in=listens).select_related("naming"):
        told = [each for each in _told(row, notes[row.pk]) if each.history != history]
        if not told:
            gone.append(row.pk)
            continue
        brought[told[0].history].append(row.pk)
        for earlier, later in pairwise(told):
            said = None if earlier.note is later.note else earlier.note
            before = {} if said is None else {"before": said.before, "track_id": said.track_id}
            note = HistoryCorrection(history_id=later.history, listen=row, **before)  # type: ignore[misc]  # only the first can be no import
            left.append(note)
        if (stands := told[-1].note) is not None:
            _give_back(row, stands)
            changed += 1
    HistoryCorrection.objects.filter(listen__in=listens).delete()
    HistoryCorrection.objects.bulk_create(left)
    with restoring():
        for by, keys in brought.items():
            Listen.reports.filter(pk__in=keys).update(history=by)
    return gone, changed


def _told(row: Listen, notes: Sequence[HistoryCorrection]) -> list[_Told]:
    """All who told a play, in their order, and what each said."""
    said: HistoryCorrection | None = None
    told: list[_Told] = []
    for note in reversed(notes):
        told.append(_Told(note.history_id, said))
        said = said if note.before is None else note
    return [_Told(row.history_id, said), *reversed(told)]


def _about(rows: Any) -> tuple[set[int], set[int]]:
    tracks = set(rows.order_by().values_list("track", flat=True).distinct())
    credited = Track.objects.filter(pk__in=tracks)
    guests = credited.exclude(guests=None).values_list("guests__artist", flat=True)
    return tracks, {*credited.values_list("artist", flat=True), *guests}


def _words_noted(naming: Naming) -> dict[str, Any]:
    credit = naming.credit.order_by("position").values_list("name__name", "name__mbid")
    return {
        "title": naming.title, "artist": naming.artist_name, "credit": [list(artist) for artist in credit], "album": naming.album,
        "mbid": naming.mbid, "isrc": naming.isrc, "uri": naming.uri, "duration_ms": naming.duration_ms,
    }  # fmt: skip


def _give_back(row: Listen, correction: HistoryCorrection) -> None:
    before: dict[str, Any] = correction.before or {}
    words = before["words"]
    if words is None:
        if correction.track_id is not None:  # else it is gone, and so is what was said of it
            row.naming, row.track_id = None, correction.track_id
    else:
        told = Words(**{**words, "credit": tuple(Credited(*artist) for artist in words["credit"])})
        (row.naming,) = namings_get_or_create([told]).values()
        row.track = row.naming.track  # type: ignore[assignment]  # a stored naming is of one
    moment = parse_datetime(before["listened_at"])
    if moment is None:
        raise ValueError("a correction without a moment")
    row.listened_at, row.ms_played = moment, before["ms_played"]
    with restoring():
        row.save(update_fields=["naming", "track", "listened_at", "ms_played"])
