"""Plays and what was said of music, as files of an export: in the shape in which ListenBrainz hands them out.

So the archive can be handed in wherever that is read, here too. What is ours alone stands beside it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from accounts.models import User
from graph.formats.listenbrainz import OURS
from graph.models import Artist, Feedback, FeedbackKind, Listen, Track

CHUNK = 1_000  # rows fetched at a time
SCORES = {FeedbackKind.LIKE: 1, FeedbackKind.DISLIKE: -1}
_MSID = uuid.UUID("8f0c1f0e-6f0b-4b8e-9a43-6c8f1f3b2a55")  # the space of names that recordings are called by

Row = dict[str, Any]


def listen_files(user: User) -> Iterator[tuple[str, Iterator[Row]]]:
    """(name, rows) of each month, which have to be read one after the other."""
    rows = Listen.reports.filter(user=user).select_related("track__artist", "naming")
    rows = rows.prefetch_related("naming__credit__name").order_by("listened_at", "source", "source_id")
    months = groupby(rows.iterator(CHUNK), key=lambda row: (row.listened_at.year, row.listened_at.month))
    for (year, month), listens in months:
        yield f"listens/{year}/{month}.jsonl", map(_listen, listens)


def feedback_rows(user: User) -> Iterator[Row]:
    rows = Feedback.objects.filter(user=user).select_related("track__artist", "artist")
    for row in rows.order_by("given_at", "pk").iterator(CHUNK):
        yield {
            **item_told(row.track, row.artist), "kind": row.kind, "given_at": row.given_at,
            **(_score(row, row.track) if row.track is not None else {}),
        }  # fmt: skip


def names_told(track: Track) -> dict[str, str]:
    return {"artist_name": track.artist.name, "track_name": track.title, "release_name": track.album}


def ids_told(track: Track) -> Row:
    return {"recording_mbid": track.mbid, "isrc": track.isrc, "duration_ms": track.duration_ms}


def item_told(track: Track | None, artist: Artist | None) -> Row:
    if track is not None:
        return {"track": {**names_told(track), **ids_told(track)}}
    return {
        "artist": {"artist_name": artist.name if artist else "", "artist_mbid": artist.mbid if artist else ""}
    }


def _listen(row: Listen) -> Row:
    track = row.track_as_told
    info = {
        **_told(row), "ms_played": row.ms_played, "source": row.source, "source_id": row.source_id,
        "listened_at": row.listened_at, "recorded_at": row.recorded_at, "submission_client": OURS,
    }  # fmt: skip
    return {
        "listened_at": int(row.listened_at.timestamp()),
        "track_metadata": {**names_told(track), "recording_msid": _msid(track), "additional_info": info},
    }


def _told(row: Listen) -> Row:
    """What the source told beside the names; of a track that was named by its key, what the catalog says."""
    if (naming := row.naming) is None:
        artist = row.track.artist
        return {
            **ids_told(row.track), "origin_url": "", "artist_names": [artist.name], "artist_mbids": [artist.mbid],
        }  # fmt: skip
    credit = sorted(naming.credit.all(), key=lambda artist: artist.position)
    return {
        "recording_mbid": naming.mbid, "isrc": naming.isrc, "duration_ms": naming.duration_ms, "origin_url": naming.uri,
        "artist_names": [artist.name.name for artist in credit], "artist_mbids": [artist.name.mbid for artist in credit],
    }  # fmt: skip


def _score(row: Feedback, track: Track) -> Row:
    """What ListenBrainz says of a recording; 0 where it has no word for it."""
    return {
        "score": SCORES.get(FeedbackKind(row.kind), 0), "created": int(row.given_at.timestamp()),
        "recording_mbid": track.mbid, "recording_msid": _msid(track), "track_metadata": names_told(track),
    }  # fmt: skip


def _msid(track: Track) -> str:
    """A name for these words, the same wherever they stand."""
    return str(uuid.uuid5(_MSID, f"{track.artist.name}\0{track.title}"))
