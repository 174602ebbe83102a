"""Pages elsewhere on which a track can be heard, by what it is known by. Facts of its services; nothing is asked of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

# Ids as the services write them, by what stands before them in an address.
_SPOTIFY = re.compile(r"(?:spotify:track:|https://open\.spotify\.com/(?:intl-\w+/)?track/)([0-9A-Za-z]{22})")
_DEEZER = re.compile(r"(?:deezer:track:|https://www\.deezer\.com/(?:\w\w/)?track/)(\d{1,15})")


def service_links(*, uri: str, isrc: str, mbid: str) -> Iterator[tuple[str, str]]:
    """(service, address): of the recording itself where one's own import named it, else by identifiers known to all."""
    if found := _SPOTIFY.match(uri):
        yield "Spotify", f"https://open.spotify.com/track/{found[1]}"
    elif isrc:
        yield "Spotify", f"https://open.spotify.com/search/{quote(f'isrc:{isrc}', safe='')}"
    if found := _DEEZER.match(uri):
        yield "Deezer", f"https://www.deezer.com/track/{found[1]}"
    if mbid:
        yield "ListenBrainz", f"https://listenbrainz.org/player/?recording_mbids={quote(mbid, safe='')}"
