"""A snapshot as partitioned Parquet, which many processes or machines read by part.

What belongs to listeners lies in parts, each a range of them with about as many plays as the others'; what belongs to
the catalog lies in files of its own. Every file says which snapshot it is of: its content hash and its position in
the consent ledger. The files hold plays: they are their owner's alone, and whoever writes them removes them.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from graph.arrays import Rows
from graph.packed_names import NO_NAMES, PackedNames
from graph.snapshot import GraphSnapshot, Plays, Taggings

PARTS = 16  # as many processes can read a share of their own
GROUP = 2**16  # rows of a catalog file that are read together
ABOUT = b"earshot"  # where a file says what it is of
PLAYS = ("artist_plays", "track_plays")
SAID = ("artist_tags", "track_tags", "titled")
NAMES = {"tags": ("tag_names",), "artists": ("artist_names",), "tracks": ("track_titles", "track_texts")}
ORDERED = "rows of the snapshot are not in the order of its listeners"

Columns = dict[str, NDArray[Any]]


class PartitionsError(Exception):
    """Files that are not the parts of one snapshot, or a snapshot that cannot be cut into parts."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What each file says of the snapshot that it is a piece of."""

    content_hash: str
    ledger_position: int
    deletion_position: int
    starts: tuple[int, ...]  # [parts + 1] the listener with whom each part begins
    sizes: dict[str, int]  # of artists, tracks, tags and title_words

    @property
    def users(self) -> int:
        return self.starts[-1]

    @property
    def parts(self) -> int:
        return len(self.starts) - 1


def write_partitions(snapshot: GraphSnapshot, directory: Path, *, parts: int = PARTS) -> About:
    """Write a snapshot into the new ``directory``. Raises PartitionsError where its rows are not ordered by listener."""
    directory.mkdir(parents=True, mode=0o700)
    about = About(
        content_hash=snapshot.content_hash,
        ledger_position=snapshot.ledger_position,
        deletion_position=snapshot.deletion_position,
        starts=tuple(_starts(snapshot, parts).tolist()),
        sizes={
            "artists": len(snapshot.artists), "tracks": len(snapshot.tracks), "tags": len(snapshot.tags),
            "title_words": len(snapshot.title_words),
        },
    )  # fmt: skip
    writer = _Writer(directory, about)
    _write_catalog(snapshot, writer)
    writer.cut(
        "listeners", np.arange(about.users), {"id": snapshot.users, "discoverable": snapshot.discoverable}
    )
    for name in PLAYS:
        plays: Plays = getattr(snapshot, name)
        writer.cut(name, plays.user, {"user": plays.user, "item": plays.item, "count": plays.count})
    for name in SAID:
        said: Taggings = getattr(snapshot, name)
        there = said.user >= 0
        if there.any() and np.diff(there.astype(np.int8)).min(initial=0) < 0:
            raise PartitionsError(ORDERED)
        writer.whole(f"catalog_{name}", {"item": said.item[~there], "tag": said.tag[~there]})
        columns = {"user": said.user[there], "item": said.item[there], "tag": said.tag[there]}
        writer.cut(name, columns["user"], columns)
    low, high = snapshot.friendships[:, 0], snapshot.friendships[:, 1]
    writer.cut("friendships", low, {"low": low, "high": high})
    return about


def _starts(snapshot: GraphSnapshot, parts: int) -> Rows:
    """The listener with whom each part begins [parts + 1], so that plays are about even."""
    users = len(snapshot.users)
    each = np.ones(users, dtype=np.int64)  # who plays nothing is work, too
    for name in PLAYS:
        each += np.bincount(getattr(snapshot, name).user, minlength=users)
    until = np.cumsum(each)
    shares = np.arange(1, parts) * (int(until[-1]) if users else 0) / parts
    return np.concatenate([[0], np.searchsorted(until, shares), [users]])


def _write_catalog(snapshot: GraphSnapshot, writer: _Writer) -> None:
    columns: dict[str, Columns] = {
        "tags": {"id": snapshot.tags},
        "artists": {"id": snapshot.artists, "open": snapshot.artists_open},
        "tracks": {"id": snapshot.tracks, "open": snapshot.tracks_open, "artist": snapshot.track_artist},
    }
    for table, arrays in columns.items():
        names = {name: getattr(snapshot, name) for name in NAMES[table]}
        said = {name: packed for name, packed in names.items() if len(packed) == len(arrays["id"])}
        writer.whole(table, arrays, said)
    writer.whole("title_words", {}, {"title_words": snapshot.title_words})


@dataclass(frozen=True)
class _Writer:
    directory: Path
    about: About

    def whole(self, table: str, columns: Columns, names: dict[str, PackedNames] | None = None) -> None:
        """A table of the catalog."""
        arrays = {name: pa.array(array) for name, array in columns.items()}
        arrays |= {name: _strings(packed) for name, packed in (names or {}).items()}
        self._write(self.directory / f"{table}.parquet", arrays)

    def cut(self, table: str, user: NDArray[np.integer], columns: Columns) -> None:
        """A table of listeners, part by part; ``user`` [E] ascending."""
        if len(user) and np.diff(user).min(initial=0) < 0:
            raise PartitionsError(ORDERED)
        (self.directory / table).mkdir(mode=0o700)
        edges = np.searchsorted(user, self.about.starts)
        for part, (start, stop) in enumerate(itertools.pairwise(edges)):
            arrays = {name: pa.array(array[start:stop]) for name, array in columns.items()}
            self._write(_part_path(self.directory, table, part), arrays)

    def _write(self, path: Path, arrays: dict[str, Any]) -> None:
        said = json.dumps(vars(self.about)).encode()
        table = pa.table(arrays).replace_schema_metadata({ABOUT: said})
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            pq.write_table(table, file, row_group_size=GROUP, compression="zstd", compression_level=1)


def _part_path(directory: Path, table: str, part: int) -> Path:
    return directory / table / f"{part:04}.parquet"


def _strings(packed: PackedNames) -> Any:
    offsets = np.concatenate([[0], packed.stops]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(len(packed), pa.py_buffer(offsets), pa.py_buffer(packed.letters))


class Partitions:
    """A written snapshot, to be read by part."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        told = _about(pq.read_schema(directory / "tags.parquet"))
        self.about = About(**{**told, "starts": tuple(told["starts"])})

    def catalog(
        self, table: str, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None
    ) -> Columns:
        """Rows ``start`` to ``stop`` of a table of the catalog, the names left out where ``columns`` does not ask for them."""
        return {
            name: _numbers(column) for name, column in self._rows(f"{table}.parquet", start, stop, columns)
        }

    def catalog_said(self, table: str, batch: int = GROUP) -> Any:
        """(item, tag) of the catalog's own words [E], some rows at a time."""
        file = self._open(self._directory / f"catalog_{table}.parquet")
        for rows in file.iter_batches(batch_size=batch, use_threads=False):
            yield rows.column("item").to_numpy(), rows.column("tag").to_numpy()

    def listeners(self, table: str, first: int, last: int) -> Columns:
        """The rows of a table that belong to the listeners of parts ``first`` to ``last``, in order."""
        paths = [_part_path(self._directory, table, part) for part in range(first, last)]
        read = [self._open(path).read(use_threads=False) for path in paths]
        if not read:
            schema = pq.read_schema(_part_path(self._directory, table, 0))
            return {field.name: np.zeros(0, dtype=field.type.to_pandas_dtype()) for field in schema}
        return {name: _numbers(pa.concat_tables(read).column(name)) for name in read[0].column_names}

    def names(self, table: str, column: str) -> PackedNames:
        """What the rows of a table are called; nothing where the snapshot did not say."""
        path = self._directory / f"{table}.parquet"
        if column not in self._open(path).schema_arrow.names:
            return NO_NAMES
        return PackedNames.of(
            name.as_py() for name in self._open(path).read(columns=[column], use_threads=False).column(column)
        )

    def _rows(self, name: str, start: int, stop: int | None, columns: Sequence[str] | None) -> Any:
        file = self._open(self._directory / name)
        stop = file.metadata.num_rows if stop is None else stop
        groups = range(start // GROUP, -(-stop // GROUP) if stop > start else start // GROUP)
        table = file.read_row_groups(list(groups), columns=columns, use_threads=False)
        skipped = start - (start // GROUP) * GROUP
        table = table.slice(skipped, stop - start)
        return zip(table.column_names, table.columns, strict=True)

    def _open(self, path: Path) -> Any:
        file = pq.ParquetFile(path)
        if _about(file.schema_arrow)["content_hash"] != self.about.content_hash:
            raise PartitionsError(f"{path.name} is of another snapshot")
        return file


def _about(schema: Any) -> dict[str, Any]:
    if not schema.metadata or ABOUT not in schema.metadata:
        raise PartitionsError("a Parquet file that is no part of a snapshot")
    told: dict[str, Any] = json.loads(schema.metadata[ABOUT])
    return told


def _numbers(column: Any) -> NDArray[Any]:
    array: NDArray[Any] = column.to_numpy()
    return array


def read_snapshot(directory: Path) -> GraphSnapshot:
    """The whole snapshot, as it was written. Raises PartitionsError where the files are not all of one, or changed."""
    read = Partitions(directory)
    about, every = read.about, (0, read.about.parts)
    tags, artists = read.catalog("tags", columns=["id"]), read.catalog("artists", columns=["id", "open"])
    tracks = read.catalog("tracks", columns=["id", "open", "artist"])
    listeners, friends = read.listeners("listeners", *every), read.listeners("friendships", *every)
    snapshot = GraphSnapshot(
        users=listeners["id"],
        discoverable=listeners["discoverable"],
        artists=artists["id"],
        tracks=tracks["id"],
        tags=tags["id"],
        artists_open=artists["open"],
        tracks_open=tracks["open"],
        track_artist=tracks["artist"],
        friendships=np.stack([friends["low"], friends["high"]], axis=1),
        ledger_position=about.ledger_position,
        deletion_position=about.deletion_position,
        artist_plays=Plays(**read.listeners("artist_plays", *every)),
        track_plays=Plays(**read.listeners("track_plays", *every)),
        artist_tags=_said(read, "artist_tags"),
        track_tags=_said(read, "track_tags"),
        titled=_said(read, "titled"),
        tag_names=read.names("tags", "tag_names"),
        artist_names=read.names("artists", "artist_names"),
        track_titles=read.names("tracks", "track_titles"),
        track_texts=read.names("tracks", "track_texts"),
        title_words=read.names("title_words", "title_words"),
    )
    if snapshot.content_hash != about.content_hash:
        raise PartitionsError("the files do not hold the snapshot that they name")
    return snapshot


def _said(read: Partitions, table: str) -> Taggings:
    of_catalog = read.catalog(f"catalog_{table}")
    said = read.listeners(table, 0, read.about.parts)
    nobody = np.full(len(of_catalog["item"]), -1, dtype=np.int32)
    return Taggings(
        user=np.concatenate([nobody, said["user"]]),
        item=np.concatenate([of_catalog["item"], said["item"]]),
        tag=np.concatenate([of_catalog["tag"], said["tag"]]),
    )
