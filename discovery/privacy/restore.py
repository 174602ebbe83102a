"""A person's export, restored in an instance that does not know the person: the way from one instance to another."""

from __future__ import annotations

import hashlib
import itertools
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime

from accounts.intake import restoring
from accounts.models import ConsentEvent, Purpose, User
from accounts.policies import permits
from accounts.services.audit import consents_rebuild
from accounts.services.identity import is_erased
from accounts.services.ledger import event_hash
from discovery.models import SegmentRefusal
from discovery.platform.errors import ImportFailed
from discovery.privacy.archive import MANIFEST, SCHEMA_VERSION
from discovery.segments.kinds import SegmentKind
from graph.ingest.artists import artist_names_get_or_create
from graph.ingest.catalog import namings_get_or_create
from graph.ingest.clean import Words, words_clean
from graph.ingest.credits import Credited
from graph.ingest.incoming import IncomingPlay
from graph.ingest.plays import plays_gather
from graph.models import (
    ArtistPlayCount,
    Feedback,
    Listen,
    Playlist,
    PlaylistEntry,
    Tag,
    Tagging,
    TasteExclusion,
)

BATCH = 500
OBSERVED = ("plays", "play_counts")  # stored only where RECORD is granted
Row = Mapping[str, Any]


@transaction.atomic
def export_restore(path: Path) -> tuple[User, dict[str, int]]:
    """Create the person an export is of, with all that was theirs; return them and rows stored by file.

    Friendships and blocks are with people of the other instance and stay behind. The ledger comes with its
    hashes, and what was granted is granted here; without RECORD, plays and counts stay behind too. Nothing is
    stored when anything is wrong.

    Raises:
        ImportFailed: no export, damaged, of somebody who is here already, or of somebody erased here.

    """
    try:
        with closing(zipfile.ZipFile(path)) as file, restoring():
            _check(file)
            return _restore(file)
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise ImportFailed(f"{path} is no complete export: {error!r}. Nothing was stored.") from error


def _check(file: zipfile.ZipFile) -> None:
    manifest = json.loads(file.read(MANIFEST))
    if manifest["schema_version"] != SCHEMA_VERSION:
        raise ImportFailed(
            f"This export has version {manifest['schema_version']}; {SCHEMA_VERSION} is read here."
        )
    for name, facts in manifest["files"].items():
        with file.open(name) as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != facts["sha256"]:  # type: ignore[arg-type]
                raise ImportFailed(f"{name} was changed after the export. Nothing was stored.")


def _restore(file: zipfile.ZipFile) -> tuple[User, dict[str, int]]:
    user = _person(json.loads(file.read("profile.json")))
    stored = {"consent/ledger.jsonl": _ledger(user, _lines(file, "consent/ledger.jsonl"))}
    consents_rebuild()
    recorded = permits(user, Purpose.RECORD)  # an import asks like everybody
    listens = [name for name in file.namelist() if name.startswith("listens/") or name == "plays.jsonl"]
    steps: list[tuple[str, list[str], Callable[[User, list[Row]], None]]] = [
        ("plays", listens, _plays), ("play_counts", ["play_counts.jsonl"], _play_counts),
        ("feedback", ["feedback.jsonl"], _feedback), ("tags", ["tags.jsonl"], _tags),
    ]  # fmt: skip
    for name, files, store in steps:
        stored[name] = 0
        if name in OBSERVED and not recorded:
            continue
        for batch in _batches(row for each in files for row in _lines(file, each)):
            store(user, batch)
            stored[name] += len(batch)
    names = sorted(name for name in file.namelist() if name.startswith("playlists/"))
    for name in names:
        _playlist(user, json.loads(file.read(name))["playlist"])
    stored["playlists"] = len(names)
    exclusions = list(_lines(file, "exclusions.jsonl"))
    _exclusions(user, exclusions)
    refusals = "segment_refusals.jsonl"
    if refusals in file.namelist():  # no export of before has it
        for row in _lines(file, refusals):
            _refusal(user, row)
    return user, stored | {"exclusions.jsonl": len(exclusions)}


def _person(profile: Row) -> User:
    pseudonym = UUID(profile["pseudonym"])
    if is_erased(str(pseudonym)):
        raise ImportFailed("This person was erased here. Nothing was stored.")
    if (
        User.objects.filter(username=profile["username"]).exists()
        or User.objects.filter(pseudonym=pseudonym).exists()
    ):
        raise ImportFailed(f"{profile['username']} is here already. Nothing was stored.")
    dates = ("date_joined", "last_login", "private_from", "private_until")
    kept = ("username", "display_name", "first_name", "last_name", "email", "external_id", "level")
    return User.objects.create(
        pseudonym=pseudonym, password=make_password(None), private_before=profile.get("private_before", []),
        level_chosen=profile.get("level_chosen", True), is_minor=profile.get("is_minor", False),
        on_device_since=_moment(profile.get("on_device_since")),
        **{name: profile[name] for name in kept}, **{name: _moment(profile[name]) for name in dates},
    )  # fmt: skip


def _ledger(user: User, lines: Iterable[Row]) -> int:
    previous, total = "", 0
    for batch in _batches(lines):
        events = []
        for line in batch:
            event = _event(line)
            if (
                event.subject != user.pseudonym
                or event.previous_hash != previous
                or event_hash(event) != event.hash
            ):
                raise ImportFailed("The consent ledger in this export was altered. Nothing was stored.")
            previous = event.hash
            events.append(event)
        ConsentEvent.objects.bulk_create(events)
        total += len(events)
    return total


def _event(line: Row) -> ConsentEvent:
    fields = dict(line["event"])
    for name in ("event_id", "subject", "scope"):
        fields[name] = UUID(fields[name]) if fields[name] else None
    for name in ("occurred_at", "valid_until"):
        fields[name] = _moment(fields[name])
    return ConsentEvent(**fields, hash=line["hash"])


def _plays(user: User, rows: list[Row]) -> None:
    infos = [row["track_metadata"]["additional_info"] for row in rows]
    words = [_words({**row["track_metadata"], **info}) for row, info in zip(rows, infos, strict=True)]
    namings = namings_get_or_create(words)
    told = [namings[named.digest] for named in words]
    Listen.reports.bulk_create(
        Listen(
            user=user, track=naming.track, naming=naming, listened_at=_time(info["listened_at"]),
            ms_played=info["ms_played"], source=info["source"], source_id=info["source_id"],
        )
        for naming, info in zip(told, infos, strict=True)
    )  # fmt: skip
    plays_gather(user.pk, tracks={naming.track_id for naming in told if naming.track_id is not None})


def _play_counts(user: User, rows: list[Row]) -> None:
    items = _items(rows)
    ArtistPlayCount.objects.bulk_create(
        ArtistPlayCount(user=user, **item, count=row["count"], source=row["source"])
        for item, row in zip(items, rows, strict=True)
    )


def _feedback(user: User, rows: list[Row]) -> None:
    Feedback.objects.bulk_create(
        Feedback(user=user, **item, kind=row["kind"], given_at=_time(row["given_at"]))
        for item, row in zip(_items(rows), rows, strict=True)
    )


def _tags(user: User, rows: list[Row]) -> None:
    Tag.objects.bulk_create([Tag(name=name) for name in {row["tag"] for row in rows}], ignore_conflicts=True)
    tag_ids = dict(Tag.objects.filter(name__in={row["tag"] for row in rows}).values_list("name", "pk"))
    Tagging.objects.bulk_create(
        Tagging(user=user, **item, tag_id=tag_ids[row["tag"]], tagged_on=parse_date(row["tagged_on"] or ""))
        for item, row in zip(_items(rows), rows, strict=True)
    )


def _playlist(user: User, jspf: Row) -> None:
    created_at = _moment(jspf["date"])
    made = Playlist.objects.create(
        owner=user, title=jspf["title"], description=jspf["annotation"],
        created_at=created_at, updated_at=created_at,
    )  # fmt: skip
    position = itertools.count()
    for batch in _batches(jspf["track"]):
        extensions = [next(iter(row["extension"].values()))[0] for row in batch]
        names = [
            {
                "artist_name": row["creator"],
                "track_name": row["title"],
                "release_name": row["album"],
                **extension,
            }
            for row, extension in zip(batch, extensions, strict=True)
        ]
        PlaylistEntry.objects.bulk_create(
            PlaylistEntry(
                playlist=made, track_id=track, position=next(position),
                added_by=user if extension["added_by_you"] else None, added_at=_moment(extension["added_at"]),
            )
            for track, extension in zip(_tracks(names), extensions, strict=True)
        )  # fmt: skip


def _exclusions(user: User, rows: list[Row]) -> None:
    playlists = dict(Playlist.objects.filter(owner=user).order_by("-pk").values_list("title", "pk"))
    for row in rows:
        if "playlist" in row and row["playlist"] not in playlists:
            continue  # it was a friend's, on the other installation
        item: dict[str, Any] = (
            {"playlist_id": playlists[row["playlist"]]} if "playlist" in row else dict(_items([row])[0])
        )
        excluded_at = _moment(row["excluded_at"])
        TasteExclusion.objects.get_or_create(user=user, **item, defaults={"excluded_at": excluded_at})


def _refusal(user: User, row: Row) -> None:
    SegmentRefusal.objects.get_or_create(
        user=user, segment=SegmentKind(row["segment"]), defaults={"refused_at": _moment(row["refused_at"])}
    )


def _items(rows: list[Row]) -> list[dict[str, int]]:
    """The column and key of each row's track or artist; what the catalog lacks is added."""
    named = [row["track"] for row in rows if "track" in row]
    tracks = iter(_tracks(named))
    artists = _artists(
        {row["artist"]["artist_name"]: row["artist"]["artist_mbid"] for row in rows if "artist" in row}
    )
    return [
        {"track_id": next(tracks)} if "track" in row else {"artist_id": artists[row["artist"]["artist_name"]]}
        for row in rows
    ]


def _artists(names: Mapping[str, str]) -> dict[str, int]:
    """By name: the artist's key; what the catalog lacks is added."""
    rows = artist_names_get_or_create({Credited(name, mbid) for name, mbid in names.items()})
    return {told.name: row.artist_id for told, row in rows.items() if row.artist_id is not None}


def _tracks(rows: Iterable[Row]) -> list[int]:
    words = [_words(row) for row in rows]
    namings = namings_get_or_create(words)
    return [track for told in words if (track := namings[told.digest].track_id) is not None]


def _words(row: Row) -> Words:
    return words_clean(
        IncomingPlay(
            source="", listened_at=None, title=row["track_name"], artist=row["artist_name"],
            album=row["release_name"], mbid=row["recording_mbid"], isrc=row["isrc"], duration_ms=row["duration_ms"],
            uri=row.get("origin_url"), artists=row.get("artist_names"), artist_mbids=row.get("artist_mbids"),
        )
    )  # fmt: skip


def _lines(file: zipfile.ZipFile, name: str) -> Iterator[Row]:
    with file.open(name) as content:
        for line in content:
            yield json.loads(line)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    stream = iter(rows)
    while batch := list(itertools.islice(stream, BATCH)):
        yield batch


def _moment(text: str | None) -> datetime | None:
    return _time(text) if text else None


def _time(text: str) -> datetime:
    """Raises ValueError for what is no time."""
    if (moment := parse_datetime(text)) is None:
        raise ValueError(f"{text!r} is no time")
    return moment
