"""Artists and recordings of MusicBrainz's JSON dumps, as the operator's catalog: streaming, idempotent, batch by batch.

What the catalog says goes before what plays say: spelling, MBID, ISRC, duration, who is on it. Of a dump that is large only
what plays name already is taken, unless everything is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from discovery.platform.errors import InvalidInput
from discovery.platform.names import digest, name_clean, name_key
from graph.importers.dumps import objects
from graph.importers.report import ALREADY_STORED, FileReport, ImportReport, Silent, Watcher
from graph.importers.tables import row_break
from graph.ingest.artists import artists_arrived
from graph.ingest.catalog import tracks_arrived, tracks_of_artists_settle
from graph.ingest.clean import words_clean
from graph.ingest.credits import is_placeholder, title_key
from graph.ingest.incoming import IncomingPlay
from graph.models import Artist, ArtistName, Naming, Standing, Track, TrackGuest

BATCH = 1_000
NOBODY_NAMED = "no play names it"
OTHER_KIND = "neither artist nor recording"


@dataclass(frozen=True)
class Performer:
    """An artist as the dump tells; ``names``: how else they are called."""

    mbid: str
    name: str
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Recording:
    mbid: str
    title: str
    credit: tuple[Performer, ...]
    credited: str  # as what the first of these is named on it
    isrcs: tuple[str, ...]
    duration_ms: int | None

    @property
    def called(self) -> set[str]:
        """Digests under which plays may name it (`Words.name`)."""
        return {
            digest(name_key(name), title_key(self.title)) for name in (self.credited, self.credit[0].name)
        }


def catalog_import(*, path: Path, everything: bool = False, watcher: Watcher | None = None) -> ImportReport:
    """Store what the dump says and is not stored yet. Raises ImportFailed where it cannot be read to its end."""
    run = _Import(path, watcher or Silent(), everything=everything)
    run.read()
    return run.report


class _Import:
    def __init__(self, path: Path, watcher: Watcher, *, everything: bool) -> None:
        self.path, self.watcher, self.everything = path, watcher, everything
        self.file = FileReport(path.name)
        self.report = ImportReport(files=[self.file])

    def read(self) -> None:
        self.watcher.file_started(self.file.file, size=self.path.stat().st_size if self.path.is_file() else 0)
        rows = self._rows()
        while batch := list(islice(rows, BATCH)):
            with transaction.atomic():
                performers = [row for row in batch if isinstance(row, Performer)]
                recordings = [row for row in batch if isinstance(row, Recording)]
                self._count(len(performers), self._artists(self._named(performers)))
                self._count(len(recordings), self._tracks(self._played(recordings)))
        self.watcher.file_done(self.file)

    def _rows(self) -> Iterator[Performer | Recording]:
        for number, row in objects(self.path, report=self.file, watcher=self.watcher):
            try:
                if "artist-credit" in row and "title" in row:
                    yield _recording(row)
                elif "sort-name" in row and "name" in row:
                    yield _performer(row)
                else:
                    self.file.skipped[OTHER_KIND] += 1
            except InvalidInput as refusal:
                row_break(self.file, self.watcher, line=number, reason=refusal.message)

    def _count(self, read: int, outcome: tuple[int, int]) -> None:
        wanted, stored = outcome
        self.file.stored += stored
        for reason, rows in ((NOBODY_NAMED, read - wanted), (ALREADY_STORED, wanted - stored)):
            if rows:
                self.file.skipped[reason] += rows

    # -- what is wanted of it ---------------------------------------------------------------------

    def _named(self, performers: list[Performer]) -> list[Performer]:
        if self.everything or not performers:
            return performers
        keys = {
            performer.mbid: {name_key(name) for name in (performer.name, *performer.names)}
            for performer in performers
        }
        names = ArtistName.objects.filter(listed=False)
        mbids = set(names.filter(mbid__in=keys).values_list("mbid", flat=True))
        there = set(names.filter(key__in=set().union(*keys.values())).values_list("key", flat=True))
        return [each for each in performers if each.mbid in mbids or keys[each.mbid] & there]

    def _played(self, recordings: list[Recording]) -> list[Recording]:
        if self.everything or not recordings:
            return recordings
        wanted = {
            "mbid": {row.mbid for row in recordings},
            "isrc": {isrc for row in recordings for isrc in row.isrcs},
            "name": {name for row in recordings for name in row.called},
        }
        there = {
            column: set(Naming.objects.filter(**{f"{column}__in": values}).values_list(column, flat=True))
            for column, values in wanted.items()
        }
        return [
            row
            for row in recordings
            if row.mbid in there["mbid"] or there["isrc"] & {*row.isrcs} or there["name"] & row.called
        ]

    # -- storing it -------------------------------------------------------------------------------

    def _artists(self, performers: list[Performer]) -> tuple[int, int]:
        """How many were wanted, and how many were new or changed."""
        return len(performers), len(_artists_bring(performers)[1])

    def _tracks(self, recordings: list[Recording]) -> tuple[int, int]:
        if not recordings:
            return 0, 0
        performers = {performer.mbid: performer for row in recordings for performer in row.credit}
        artists, _changed = _artists_bring(performers.values(), rename=False)
        rows = Track.objects.filter(identity=None, mbid__in=[row.mbid for row in recordings])
        there = {track.mbid: track for track in rows}
        changed: dict[str, Track] = {}
        for row in recordings:
            track = there.setdefault(row.mbid, Track(mbid=row.mbid))
            values = {
                "artist_id": artists[row.credit[0].mbid].pk, "title": row.title, "standing": Standing.CATALOG, "guests_listed": True,
                "duration_ms": row.duration_ms or track.duration_ms,
                "isrc": track.isrc if track.isrc in row.isrcs else next(iter(row.isrcs), track.isrc),
            }  # fmt: skip
            if any(getattr(track, name) != value for name, value in values.items()):
                changed[row.mbid] = track
                for name, value in values.items():
                    setattr(track, name, value)
        for track in changed.values():
            track.save()
        guests = {
            (there[row.mbid].pk, artists[performer.mbid].pk): position
            for row in recordings
            for position, performer in enumerate(row.credit)
            if performer.mbid != row.credit[0].mbid
        }
        _guests_bring({there[row.mbid].pk for row in recordings}, guests)
        stored = Track.objects.filter(pk__in=[track.pk for track in changed.values()])
        tracks_arrived(list(stored.select_related("artist")))
        return len(recordings), len(changed)


def _artists_bring(
    performers: Iterable[Performer], *, rename: bool = True
) -> tuple[dict[str, Artist], set[str]]:
    """By MBID the operator's row of each, and which are new or changed; ``rename``: what they are called counts."""
    told = {performer.mbid: performer for performer in performers}
    there = {
        artist.mbid: artist for artist in Artist.objects.filter(identity=None, mbid__in=told).order_by("-pk")
    }
    changed: set[str] = set()
    for mbid, performer in told.items():
        artist = there.get(mbid)
        if artist is None:
            artist = there[mbid] = Artist(mbid=mbid, name=performer.name)
        elif artist.standing == Standing.CATALOG and (artist.name == performer.name or not rename):
            continue
        artist.name, artist.standing = performer.name, Standing.CATALOG
        artist.placeholder = is_placeholder(name_key(performer.name), mbid)
        artist.save()
        changed.add(mbid)
    names = {
        digest(name, each.mbid): (name, each.mbid)
        for each in told.values()
        for name in (each.name, *each.names)
    }
    known = ArtistName.objects.filter(digest__in=names)
    fresh_listed = known.filter(listed=False)
    changed.update(fresh_listed.values_list("mbid", flat=True))
    fresh_listed.update(listed=True)
    missing = names.keys() - set(known.values_list("digest", flat=True))
    called = [
        ArtistName(
            name=names[key][0], key=name_key(names[key][0]), mbid=names[key][1], digest=key, listed=True
        )
        for key in sorted(missing)
    ]
    changed.update(name.mbid for name in called)
    if changed:
        artists_arrived([there[mbid] for mbid in sorted(changed)], called=called)
        tracks_of_artists_settle([there[mbid].pk for mbid in sorted(changed)])
    return there, changed


def _guests_bring(tracks: set[int], guests: dict[tuple[int, int], int]) -> None:
    rows = TrackGuest.objects.filter(track__in=tracks)
    there = {(row.track_id, row.artist_id): row for row in rows}
    TrackGuest.objects.filter(pk__in=[there[pair].pk for pair in there.keys() - guests.keys()]).delete()
    TrackGuest.objects.bulk_create(
        TrackGuest(track_id=pair[0], artist_id=pair[1], position=guests[pair])
        for pair in sorted(guests.keys() - there.keys())
    )


# --- rows of the dump -----------------------------------------------------------------------


def _performer(row: dict[str, Any]) -> Performer:
    """Raises InvalidInput."""
    told = words_clean(
        IncomingPlay(source="", listened_at=None, title="-", artist=row.get("name"), mbid=row.get("id"))
    )
    if not told.mbid:
        raise InvalidInput("no MBID")
    said = [
        row.get("sort-name"),
        *(alias.get("name") for alias in _listed(row, "aliases") if isinstance(alias, dict)),
    ]
    names = {name for each in said if (name := _name(each))} - {told.artist}
    return Performer(told.mbid, told.artist, frozenset(names))


def _recording(row: dict[str, Any]) -> Recording:
    """Raises InvalidInput."""
    parts = [part for part in _listed(row, "artist-credit") if isinstance(part, dict)]
    told = words_clean(
        IncomingPlay(
            source="", listened_at=None, title=row.get("title"), mbid=row.get("id"), duration_ms=row.get("length"),
            artist="".join(f"{part.get('name', '')}{part.get('joinphrase', '')}" for part in parts),
        )
    )  # fmt: skip
    if not told.mbid:
        raise InvalidInput("no MBID")
    credit = [_performer(part["artist"]) for part in parts if isinstance(part.get("artist"), dict)]
    credit = [each for each in credit if not is_placeholder(name_key(each.name), each.mbid)] or credit
    if not credit:
        raise InvalidInput("no artist")
    seen = {performer.mbid: performer for performer in reversed(credit)}
    found = [
        words_clean(IncomingPlay(source="", listened_at=None, title="-", artist="-", isrc=isrc)).isrc
        for isrc in _listed(row, "isrcs")
    ]
    return Recording(
        mbid=told.mbid, title=told.title, credit=tuple(reversed(seen.values())), credited=_name(parts[0].get("name")) or credit[0].name,
        isrcs=tuple(isrc for isrc in found if isrc), duration_ms=told.duration_ms,
    )  # fmt: skip


def _listed(row: dict[str, Any], name: str) -> list[Any]:
    """A list of the row's; null is an empty one. Raises InvalidInput."""
    value = row.get(name)
    if value is not None and not isinstance(value, list):
        raise InvalidInput(f"{name} is no list")
    return value or []


def _name(value: Any) -> str:
    try:
        return name_clean(value, field="name", required=False) if isinstance(value, str) else ""
    except InvalidInput:
        return ""
