"""Where a viewer hears a track, and its picture. All of an answer asks once what the viewer's libraries hold."""

from __future__ import annotations

import time
from enum import Enum

import strawberry
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.api.context import Info
from discovery.platform.covers import cover_address
from graph import models
from graph.libraries import Holdings, holdings, song_word
from graph.links import service_links
from graph.sample.sounds import tune_address

_REMEMBERED = 1.0  # seconds: one answer; a socket's context lives longer


@strawberry.enum(
    description="STREAM: the sound of a library that you connected. SAMPLE: a tune made for the sample community. Both by way "
    "of this installation. LINK: a page elsewhere, to open and not to load."
)
class PlayKind(Enum):
    STREAM = "STREAM"
    SAMPLE = "SAMPLE"
    LINK = "LINK"


@strawberry.type(description="One place where you hear a track.")
class PlayLink:
    kind: PlayKind
    url: str = strawberry.field(
        description="Of this installation, but for LINK. Of a STREAM it is for you alone: it answers your sign-in, and nobody else's."
    )
    cover: str | None = strawberry.field(description="The library's own picture; null where it has none.")
    library: str = strawberry.field(description="What the library or the service is called.")


def play_links(info: Info, track: models.Track) -> list[PlayLink]:
    """What sounds here first, then pages elsewhere that the track's identifiers lead to."""
    viewer, held = info.context.viewer, _held(info).song_of(track.pk)
    if viewer is None:
        return []
    links = []
    if held is not None:
        word = song_word(viewer, held.song)
        cover = reverse("library-cover", args=[word]) if held.has_cover else None
        url = reverse("library-stream", args=[word])
        links.append(PlayLink(kind=PlayKind.STREAM, url=url, cover=cover, library=held.library))
    if (tune := tune_address(track)) is not None:
        links.append(PlayLink(kind=PlayKind.SAMPLE, url=tune, cover=None, library=_("Sample tune")))
    links += [
        PlayLink(kind=PlayKind.LINK, url=url, cover=None, library=service)
        for service, url in service_links(uri=track.told_uri, isrc=track.isrc, mbid=track.mbid)
    ]
    return links


def track_cover(info: Info, track: models.Track) -> str:
    viewer, held = info.context.viewer, _held(info).song_of(track.pk)
    if viewer is not None and held is not None and held.has_cover:
        return reverse("library-cover", args=[song_word(viewer, held.song)])
    return cover_address(track.title, track.artist.name, words=track.tags)


def artist_cover(info: Info, artist: models.Artist) -> str:
    viewer, song = info.context.viewer, _held(info).cover_of_artist(artist.pk)
    if viewer is not None and song is not None:
        return reverse("library-cover", args=[song_word(viewer, song)])
    return cover_address(artist.name, words=artist.tags)


def _held(info: Info) -> Holdings:
    context = info.context.__dict__
    held: Holdings | None
    moment, held = context.get("held", (0.0, None))
    if held is None or time.monotonic() - moment > _REMEMBERED:
        held = holdings(info.context.viewer)
        context["held"] = time.monotonic(), held
    return held
