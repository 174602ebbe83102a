"""An import is taken back: its plays go, and what it corrected is as it was before."""

from __future__ import annotations

from typing import Any

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


def correction_note(history: int, row: Listen) -> None:
    """Note what a play says, before an import has it say otherwise; the first of several is what was before."""
    told = {"listened_at": row.listened_at.isoformat(), "ms_played": row.ms_played}
    words = None if row.naming is None else _words_noted(row.naming)
    if row.history_id != history:
        before = {"before": told | {"words": words}, "track_id": row.track_id if words is None else None}
        HistoryCorrection.objects.get_or_create(history_id=history, listen=row, defaults=before)


def plays_undo(user: User, history: int) -> int:
    """Delete the plays that only this import told, and give back what it corrected; return how many are gone."""
    rows = Listen.reports.filter(user=user, history=history)
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    tracks, artists = _about(rows)
    namings = set(rows.order_by().values_list("naming", flat=True).distinct()) - {None}
    with restoring():
        for first in range(0, len(keys), AT_ONCE):
            Listen.reports.filter(echo_of__in=keys[first : first + AT_ONCE]).update(echo_of=None)
    for first in range(0, len(keys), AT_ONCE):
        Listen.reports.filter(pk__in=keys[first : first + AT_ONCE]).delete()
    corrections = HistoryCorrection.objects.filter(history=history, listen__user=user).select_related(
        "listen"
    )
    for correction in corrections:
        row = correction.listen
        tracks.add(row.track_id)
        if row.naming_id is not None:
            namings.add(row.naming_id)
        _give_back(row, correction)
        tracks.add(row.track_id)
    corrections.delete()
    plays_gather(user.pk, tracks=tracks)
    namings_sweep(namings)
    deletion_follow(user=user, rows=len(keys), tracks=tracks, artists=artists)
    return len(keys)


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
    before = correction.before
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
