"""What clients send about music, read into what the services take."""

from collections.abc import Iterable
from datetime import UTC, datetime

import strawberry
from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput, Refusal
from discovery.platform.graphql.node import node_id
from graph.services.catalog import TrackName
from graph.services.listening import Play


@strawberry.input(description="A track as the client names it.")
class TrackInput:
    title: str
    artist: str
    album: str | None = None
    mbid: str | None = None
    isrc: str | None = None
    duration_ms: int | None = None


@strawberry.input(description="One play: of a track by its id, or of one that is named.")
class ListenInput:
    source: str
    source_id: str
    track_id: strawberry.ID | None = None
    track: TrackInput | None = None
    listened_at: datetime
    ms_played: int | None = None


@strawberry.input
class PlaylistInput:
    title: str
    description: str | None = None


def plays_read(listens: Iterable[ListenInput]) -> list[Play | Refusal]:
    """The plays, in their order; in the place of one that cannot be read, why not."""
    plays: list[Play | Refusal] = []
    for listen in listens:
        try:
            track = _track(listen)
        except InvalidInput as refusal:
            plays.append(refusal)
        else:
            plays.append(
                Play(
                    source=listen.source,
                    source_id=listen.source_id,
                    track=track,
                    listened_at=listen.listened_at,
                    ms_played=listen.ms_played,
                )
            )
    return plays


def moment_read(moment: datetime) -> datetime:
    """A time without a zone is one in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _track(listen: ListenInput) -> int | TrackName:
    if listen.track_id is not None and listen.track is None:
        return node_id(listen.track_id, "Track", field="trackId")
    if listen.track is None or listen.track_id is not None:
        raise InvalidInput(
            _("A play names its track by trackId or by track."), field="track", code="INVALID_TRACK"
        )
    named = listen.track
    return TrackName(
        title=named.title,
        artist=named.artist,
        album=named.album or "",
        mbid=named.mbid or "",
        isrc=named.isrc or "",
        duration_ms=named.duration_ms,
    )
