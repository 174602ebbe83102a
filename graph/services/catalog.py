"""The catalog as plays bring it along: a track that is named is found again, or added."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import connection
from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput
from graph.models import Artist, Track
from graph.names import name_clean, name_key

LONGEST_MS = 86_400_000  # a day: of a track, and of a play
MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


@dataclass(frozen=True, kw_only=True)
class TrackName:
    """A track as somebody else names it. ``mbid`` is a MusicBrainz recording id."""

    title: str
    artist: str
    album: str = ""
    mbid: str = ""
    isrc: str = ""
    duration_ms: int | None = None

    @property
    def keys(self) -> tuple[str, str]:
        return name_key(self.artist), name_key(self.title)


def track_name_clean(name: TrackName) -> TrackName:
    """The name as it is stored. Raises InvalidInput."""
    isrc = name.isrc.replace("-", "").strip().upper()
    if isrc and not ISRC.fullmatch(isrc):
        raise InvalidInput(_("This is no ISRC."), field="track.isrc", code="INVALID_ISRC")
    if name.duration_ms is not None and not 0 < name.duration_ms <= LONGEST_MS:
        raise InvalidInput(
            _("A track lasts from 1 ms to a day."), field="track.durationMs", code="INVALID_DURATION"
        )
    return replace(
        name,
        title=name_clean(name.title, field="track.title"),
        artist=name_clean(name.artist, field="track.artist"),
        album=name_clean(name.album, field="track.album", required=False),
        mbid=_mbid(name.mbid.strip()),
        isrc=isrc,
    )


def _mbid(text: str) -> str:
    if not text:
        return ""
    if not MBID.fullmatch(text.lower()):
        raise InvalidInput(_("This is no MusicBrainz id."), field="track.mbid", code="INVALID_MBID")
    return text.lower()


def tracks_get_or_create(*, names: Sequence[TrackName]) -> list[int]:
    """The key of each named track, in their order. Names are clean, and the caller's transaction is open.

    A recording is known by its MusicBrainz id or ISRC, otherwise by artist and title, whatever their case
    and accents; the album only chooses between several tracks of one title.
    """
    if not names:
        return []
    artists = _artists(names)
    known = _Known(names, artists)
    added: dict[tuple[int, str], Track] = {}
    for name in names:
        place = artists[name.keys[0]], name.keys[1]
        if known.find(name, place) is None:
            added.setdefault(
                place,
                Track(
                    artist_id=place[0],
                    title=name.title,
                    album=name.album,
                    mbid=name.mbid,
                    isrc=name.isrc,
                    duration_ms=name.duration_ms,
                ),
            )
    if added:
        # Somebody else may be adding the same one: then theirs stands.
        Track.objects.bulk_create(added.values(), ignore_conflicts=True)
        known = _Known(names, artists)
    return [_still_there(known.find(name, (artists[name.keys[0]], name.keys[1]))) for name in names]


def _artists(names: Sequence[TrackName]) -> dict[str, int]:
    """The oldest artist of each name, by ``name_key``; those that are missing are added."""
    spelled = {name.keys[0]: name.artist for name in reversed(names)}
    known = _artist_keys(spelled)
    if missing := spelled.keys() - known.keys():
        artist_names_lock(missing)
        missing -= _artist_keys(missing).keys()  # what somebody else added while we waited
        Artist.objects.bulk_create(Artist(name=spelled[key]) for key in spelled if key in missing)
        known = _artist_keys(spelled)
    return known


def artist_names_lock(keys: Iterable[str]) -> None:
    """Wait until nobody else adds artists of these names, and keep others waiting to the transaction's end.

    A lock and no unique key: imports may bring several artists of one name, each with an id of its own. Look
    again afterwards. SQLite needs none, as there one transaction writes at a time.
    """
    if connection.vendor != "postgresql":
        return
    numbers = sorted(_lock_number(key) for key in keys)  # in one order, so that no two wait for each other
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers])


def _lock_number(key: str) -> int:
    digest = hashlib.blake2b(key.encode(), digest_size=8, person=b"artist").digest()
    return int.from_bytes(digest, signed=True)


def _artist_keys(keys: Iterable[str]) -> dict[str, int]:
    return dict(Artist.objects.filter(key__in=set(keys)).order_by("-pk").values_list("key", "pk"))


class _Known:
    """The tracks there are that could be one of the named ones, the oldest first."""

    def __init__(self, names: Sequence[TrackName], artists: dict[str, int]) -> None:
        rows = Track.objects.order_by("-pk")
        mbids, isrcs = {name.mbid for name in names} - {""}, {name.isrc for name in names} - {""}
        self.by_mbid = dict(rows.filter(mbid__in=mbids).values_list("mbid", "pk"))
        self.by_isrc = dict(rows.filter(isrc__in=isrcs).values_list("isrc", "pk"))
        titled = rows.filter(artist__in=artists.values(), key__in={name.keys[1] for name in names})
        self.by_title: dict[tuple[int, str], int] = {}
        self.by_album: dict[tuple[int, str, str], int] = {}
        for pk, artist, key, album in titled.values_list("pk", "artist_id", "key", "album"):
            self.by_title[artist, key] = self.by_album[artist, key, name_key(album)] = pk

    def find(self, name: TrackName, place: tuple[int, str]) -> int | None:
        return (
            self.by_mbid.get(name.mbid)
            or self.by_isrc.get(name.isrc)
            or self.by_album.get((*place, name_key(name.album)))
            or self.by_title.get(place)
        )


def _still_there(key: int | None) -> int:
    if key is None:
        raise RuntimeError("a track vanished while it was being recorded")
    return key
