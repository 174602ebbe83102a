"""What clients send about music, read into what the services take."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import strawberry
from django.utils.translation import gettext as _
from strawberry.utils.str_converters import to_camel_case

from discovery.platform.errors import InvalidInput, Refusal
from discovery.platform.graphql.lenient import (
    LenientDateTime,
    LenientID,
    LenientInt,
    LenientString,
    LenientStrings,
)
from discovery.platform.graphql.node import node_id
from graph.ingest.incoming import IncomingPlay


@strawberry.input(
    description="A track as the client names it. Of what is not as it should be, title and artist cost the play; "
    "anything else is left out, and the answer says so."
)
class TrackInput:
    title: LenientString | None = None
    artist: LenientString | None = strawberry.field(default=None, description="The whole credit.")
    artists: LenientStrings | None = strawberry.field(default=None, description="The credit, one by one.")
    artist_mbids: LenientStrings | None = strawberry.field(
        default=None, description="MusicBrainz ids of `artists`, in their order."
    )
    album: LenientString | None = None
    mbid: LenientString | None = strawberry.field(default=None, description="MusicBrainz recording id.")
    isrc: LenientString | None = None
    uri: LenientString | None = strawberry.field(
        default=None, description="A service's name of the recording, as `spotify:track:…`."
    )
    duration_ms: LenientInt | None = None


@strawberry.input(
    description="One play: of a track by its id, or of one that is named. One that is no good is refused alone."
)
class ListenInput:
    source: LenientString | None = None
    source_id: LenientString | None = strawberry.field(
        default=None, description="The source's own name of the play; without one, moment and track name it."
    )
    track_id: LenientID | None = None
    track: TrackInput | None = None
    listened_at: LenientDateTime | None = None
    ms_played: LenientInt | None = None


@strawberry.input
class PlaylistInput:
    title: str
    description: str | None = None


def _read_plainly(kind: type) -> None:
    """Have values of an input whose leaves are all lenient put in their places as they are: field by field, Strawberry's
    own conversion costs half as much again as storing the play.
    """
    definition = kind.__strawberry_definition__  # type: ignore[attr-defined]  # Strawberry puts it there
    names = {to_camel_case(field.python_name): field.python_name for field in definition.fields}

    def built(_kind: type, given: Mapping[str, Any], _context: Any) -> Any:
        values = {names[name]: value for name, value in given.items()}
        if isinstance(track := values.get("track"), Mapping):
            values["track"] = TrackInput(**{_TRACK_NAMES[name]: value for name, value in track.items()})
        return kind(**values)

    definition.from_input = built


_TRACK_NAMES = {
    to_camel_case(field.python_name): field.python_name
    for field in TrackInput.__strawberry_definition__.fields  # type: ignore[attr-defined]
}
_read_plainly(ListenInput)


def plays_read(listens: Iterable[ListenInput]) -> list[IncomingPlay | Refusal]:
    """The plays, in their order; in the place of one that cannot be read, why not."""
    return [_play(listen) for listen in listens]


def play_read(listen: ListenInput) -> IncomingPlay:
    """One play. Raises InvalidInput."""
    play = _play(listen)
    if isinstance(play, Refusal):
        raise play
    return play


def _play(listen: ListenInput) -> IncomingPlay | Refusal:
    moment: Any = listen.listened_at
    if not isinstance(moment, str | datetime):
        return InvalidInput(_("This is no moment."), field="listenedAt", code="INVALID_TIME")
    told: dict[str, Any] = {
        "source": listen.source,
        "source_id": listen.source_id,
        "listened_at": moment,
        "ms_played": listen.ms_played,
    }
    key: Any = listen.track_id
    try:
        if key is not None and listen.track is None:
            return IncomingPlay(track=node_id(f"{key}", "Track", field="trackId"), **told)
    except InvalidInput as refusal:
        return refusal
    if listen.track is None or key is not None:
        return InvalidInput(
            _("A play names its track by trackId or by track."), field="track", code="INVALID_TRACK"
        )
    named = listen.track
    return IncomingPlay(
        title=named.title, artist=named.artist, artists=named.artists, artist_mbids=named.artist_mbids,
        album=named.album, mbid=named.mbid, isrc=named.isrc, uri=named.uri, duration_ms=named.duration_ms, **told,
    )  # fmt: skip


def moment_read(moment: datetime) -> datetime:
    """A time without a zone is one in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
