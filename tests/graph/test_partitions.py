"""A snapshot in parts is the snapshot: nothing is lost, changed, or open to others."""

import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.packed_names import NO_NAMES, PackedNames
from graph.partitions import Partitions, PartitionsError, read_snapshot, write_partitions
from graph.snapshot import GraphSnapshot, Plays, Taggings


def rows(draw, *, user, item, third=None, least=0):
    """Different rows in order, as the snapshot has them."""
    if not item or third == 0 or (not user and least == 0):
        return np.zeros((0, 2 if third is None else 3), dtype=np.int32)
    columns = [st.integers(least, user - 1), st.integers(0, item - 1)]
    columns += [] if third is None else [st.integers(0, third - 1)]
    drawn = sorted(draw(st.sets(st.tuples(*columns), max_size=12)))
    return np.array(drawn, dtype=np.int32).reshape(-1, len(columns))


@st.composite
def snapshots(draw):
    users, artists, tracks, tags, words = (draw(st.integers(0, 7)) for _ in range(5))
    tracks = tracks if artists else 0
    names = draw(st.booleans())

    def plays(items):
        pairs = rows(draw, user=users, item=items)
        count = draw(st.lists(st.floats(0.5, 1e6, width=32), min_size=len(pairs), max_size=len(pairs)))
        return Plays(user=pairs[:, 0], item=pairs[:, 1], count=np.array(count, dtype=np.float32))

    def said(items, tag):
        user, item, word = rows(draw, user=users, item=items, third=tag, least=-1).T
        return Taggings(user=user, item=item, tag=word)

    def called(size):
        each = draw(st.lists(st.text(max_size=5).filter(_is_unicode), min_size=size, max_size=size))
        return PackedNames.of(each) if names else NO_NAMES

    pairs = rows(draw, user=users, item=users)
    return GraphSnapshot(
        users=np.arange(users, dtype=np.int64) * 3 + 1,
        discoverable=np.arange(users) % 2 == 0,
        artists=np.arange(artists, dtype=np.int64) + 5,
        tracks=np.arange(tracks, dtype=np.int64) + 9,
        tags=np.arange(tags, dtype=np.int64) + 1,
        artists_open=np.arange(artists) % 3 == 0,
        tracks_open=np.arange(tracks) % 2 == 1,
        track_artist=np.arange(tracks, dtype=np.int32) % max(artists, 1),
        artist_plays=plays(artists),
        track_plays=plays(tracks),
        artist_tags=said(artists, tags),
        track_tags=said(tracks, tags),
        friendships=pairs[pairs[:, 0] < pairs[:, 1]],
        ledger_position=draw(st.integers(0, 2**40)),
        deletion_position=draw(st.integers(0, 9)),
        tag_names=called(tags),
        artist_names=called(artists),
        track_titles=called(tracks),
        track_texts=called(tracks),
        title_words=called(words),
        titled=said(tracks, words if names else 0),
    )


def _is_unicode(text):
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


@settings(max_examples=25, deadline=None)
@given(snapshot=snapshots(), parts=st.integers(1, 5))
def test_what_is_read_back_is_what_was_written(snapshot, parts):
    with tempfile.TemporaryDirectory() as directory:
        write_partitions(snapshot, Path(directory) / "parts", parts=parts)
        read = read_snapshot(Path(directory) / "parts")
    assert read.content_hash == snapshot.content_hash
    assert (read.ledger_position, read.deletion_position) == (
        snapshot.ledger_position,
        snapshot.deletion_position,
    )


def test_each_part_holds_its_own_listeners_with_about_as_many_plays(world, tmp_path):
    about = write_partitions(world, tmp_path / "parts", parts=3)
    read = Partitions(tmp_path / "parts")
    plays = [read.listeners("track_plays", part, part + 1)["user"] for part in range(3)]
    for users, low, high in zip(plays, about.starts, about.starts[1:], strict=False):
        assert low <= users.min()
        assert users.max() < high
    assert sum(map(len, plays)) == len(world.track_plays.user)
    assert max(map(len, plays)) < 1.3 * min(map(len, plays))


def test_every_file_says_whose_it_is_and_is_its_owners_alone(world, tmp_path):
    write_partitions(world, tmp_path / "parts", parts=2)
    files = [path for path in (tmp_path / "parts").rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert world.content_hash.encode() in pq.read_schema(path).metadata[b"earshot"]
    folders = [tmp_path / "parts", *(path for path in (tmp_path / "parts").iterdir() if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_files_of_two_snapshots_are_not_read_as_one(world, tmp_path):
    write_partitions(world, tmp_path / "a", parts=2)
    write_partitions(world.without(np.arange(len(world.users)) == 0), tmp_path / "b", parts=2)
    (tmp_path / "b" / "track_plays" / "0000.parquet").replace(tmp_path / "a" / "track_plays" / "0000.parquet")
    with pytest.raises(PartitionsError, match="another snapshot"):
        read_snapshot(tmp_path / "a")


def test_rows_out_of_order_are_refused(world, tmp_path):
    plays = world.track_plays
    turned = Plays(user=plays.user[::-1], item=plays.item[::-1], count=plays.count[::-1])
    with pytest.raises(PartitionsError, match="order"):
        write_partitions(replace(world, track_plays=turned), tmp_path / "parts")
