"""Where a viewer hears a track, and its picture. All of an answer asks once what the viewer's libraries hold."""

from __future__ import annotations

import time
from enum import Enum

import strawberry
from django.urls import reverse

from accounts.api.context import Info
from graph import models
from graph.covers import cover_address
from graph.libraries import Holdings, holdings, song_word

_REMEMBERED = 1.0  # seconds: one answer; a socket's context lives longer


@strawberry.enum(description="STREAM: the sound itself, by way of this installation.")
class PlayKind(Enum):
    STREAM = "STREAM"


@strawberry.type(description="One place where you hear a track: a library that you connected.")
class PlayLink:
    kind: PlayKind
    url: str = strawberry.field(
        description="Of this installation, and for you alone: it answers your sign-in, and nobody else's."
    )
    cover: str | None = strawberry.field(description="The library's own picture; null where it has none.")
    library: str = strawberry.field(description="What the library is called.")


def play_links(info: Info, track: int) -> list[PlayLink]:
    viewer, held = info.context.viewer, _held(info).song_of(track)
    if viewer is None or held is None:
        return []
    word = song_word(viewer, held.song)
    cover = reverse("library-cover", args=[word]) if held.has_cover else None
    url = reverse("library-stream", args=[word])
    return [PlayLink(kind=PlayKind.STREAM, url=url, cover=cover, library=held.library)]


def track_cover(info: Info, track: models.Track) -> str:
    viewer, held = info.context.viewer, _held(info).song_of(track.pk)
    if viewer is not None and held is not None and held.has_cover:
        return reverse("library-cover", args=[song_word(viewer, held.song)])
    return cover_address(track.title, track.artist.name)


def artist_cover(info: Info, artist: models.Artist) -> str:
    viewer, song = info.context.viewer, _held(info).cover_of_artist(artist.pk)
    if viewer is not None and song is not None:
        return reverse("library-cover", args=[song_word(viewer, song)])
    return cover_address(artist.name)


def _held(info: Info) -> Holdings:
    context = info.context.__dict__
    held: Holdings | None
    moment, held = context.get("held", (0.0, None))
    if held is None or time.monotonic() - moment > _REMEMBERED:
        held = holdings(info.context.viewer)
        context["held"] = time.monotonic(), held
    return held
