"""What a model was trained on, edge by edge, as hashes: so that anyone can check that somebody is not in it.

An edge is a row of the snapshot that names a person. Its hash is the first 64 bits of a BLAKE2b keyed with
this installation's key: whoever has the list but not the key learns only how many edges there were. Equal hashes
mean equal edges: with 10⁷ edges, and 10⁵ of one person, two different ones collide in one erasure of 10⁷.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Q
from numpy.typing import NDArray

from accounts.models import Friendship, User
from graph.arrays import Ids
from graph.models import ArtistPlayCount, Feedback, ItemKind, Listen, ModelVersion, Tagging
from graph.serving.artifact import MANIFEST
from graph.serving.storage import FileLost, StoreUnreachable, artifact_store
from graph.snapshot import GraphSnapshot

EDGES = "edges.npy"

Hashes = NDArray[np.uint64]  # ascending, each once


class EdgesUnknown(Exception):
    """A model does not say what it was trained on, or says it in a file that is not the published one."""


def edges_write(taken: GraphSnapshot, directory: Path) -> dict[str, str]:
    """Write the hashes of a snapshot's edges; return what the manifest is to say of the file."""
    path = directory / EDGES
    np.save(path, _hashed(_edges_of(taken)), allow_pickle=False)
    return {"sha256": _sha256(path.read_bytes()), "key": _fingerprint()}


def edges_of_model(version: ModelVersion) -> Hashes:
    """Hashes of what a model was trained on. Raises EdgesUnknown where its files do not say so."""
    store = artifact_store()
    try:
        told, edges = store.read(version.pk, MANIFEST), store.read(version.pk, EDGES)
    except (FileLost, StoreUnreachable) as error:
        raise EdgesUnknown(str(error)) from error
    if _sha256(told) != version.manifest_hash:
        raise EdgesUnknown(f"the manifest of model {version.pk} is not the published one")
    if json.loads(told).get("training_edges", {}) != {"sha256": _sha256(edges), "key": _fingerprint()}:
        raise EdgesUnknown(
            f"{EDGES} of model {version.pk} is not the published one, or was made with another key"
        )
    hashes: Hashes = np.load(io.BytesIO(edges), allow_pickle=False)
    return hashes


def edges_of_person(user: User) -> Hashes:
    """Hashes of every edge that ``user`` could have given a model, permitted and counted or not."""
    listens, counts = Listen.objects.filter(user=user), ArtistPlayCount.objects.filter(user=user)
    said, tagged = Feedback.objects.filter(user=user), Tagging.objects.filter(user=user)
    tracks = {*_values(listens, "track"), *_values(said.exclude(track=None), "track")}
    artists = {
        *_values(listens, "track__artist"), *_values(listens.exclude(track__guests=None), "track__guests__artist"),
        *_values(counts, "artist"), *_values(said.exclude(artist=None), "artist"),
        *_values(said.exclude(track=None), "track__artist"),
    }  # fmt: skip
    friends = Friendship.objects.filter(Q(low=user) | Q(high=user)).values_list("low_id", "high_id")
    rows = {
        "track_plays": [(user.pk, track) for track in tracks],
        "artist_plays": [(user.pk, artist) for artist in artists],
        "track_tags": [(user.pk, *ids) for ids in tagged.exclude(track=None).values_list("track_id", "tag_id")],
        "artist_tags": [(user.pk, *ids) for ids in tagged.exclude(artist=None).values_list("artist_id", "tag_id")],
        "friendships": list(friends),
    }  # fmt: skip
    return _hashed((name, np.array(edges, np.int64)) for name, edges in rows.items() if edges)


def _values(rows: Any, column: str) -> Iterable[int]:
    keys: Iterable[int] = rows.order_by().values_list(column, flat=True).distinct()
    return keys


def _edges_of(taken: GraphSnapshot) -> Iterator[tuple[str, Ids]]:
    items = {ItemKind.TRACK: taken.tracks, ItemKind.ARTIST: taken.artists}
    for kind, plays, tags in (
        (ItemKind.TRACK, taken.track_plays, taken.track_tags),
        (ItemKind.ARTIST, taken.artist_plays, taken.artist_tags),
    ):
        name = kind.value.lower()
        yield f"{name}_plays", np.stack([taken.users[plays.user], items[kind][plays.item]], axis=1)
        said = tags.user >= 0  # the others are the catalog's words
        columns = (taken.users[tags.user[said]], items[kind][tags.item[said]], taken.tags[tags.tag[said]])
        yield f"{name}_tags", np.stack(columns, axis=1)
    yield "friendships", taken.users[taken.friendships]


def _hashed(edges: Iterable[tuple[str, Ids]]) -> Hashes:
    digests = bytearray()
    for name, rows in edges:
        begun = hashlib.blake2b(name.encode(), digest_size=8, key=_key())
        width, raw = rows.shape[1] * 8, np.ascontiguousarray(rows, dtype="<i8").tobytes()
        for start in range(0, len(raw), width):
            digest = begun.copy()
            digest.update(raw[start : start + width])
            digests += digest.digest()
    return np.unique(np.frombuffer(bytes(digests), dtype="<u8").astype(np.uint64))


def _key() -> bytes:
    return hashlib.sha256(f"earshot training edges:{settings.SECRET_KEY}".encode()).digest()


def _fingerprint() -> str:
    """Names the key: lists made with different keys have no hash in common, whatever they hold."""
    return hashlib.sha256(_key()).hexdigest()[:16]


def _sha256(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()
