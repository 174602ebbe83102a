"""What a model was trained on, edge by edge, as hashes: so that anyone can check that somebody is not in it.

An edge is a row of the snapshot that names a person; a friendship is one of each of its two. Its hash is the first 64
bits of a BLAKE2b under a key of that person, which comes from this installation's key: whoever has the list but no key
learns nothing of it. Equal hashes mean equal edges: with 10⁷ edges, and 10⁵ of one person, two different ones collide
in one erasure of 10⁷. A Merkle tree over them (`graph.training.edge_tree`) has its root in the model's lineage, so that
people can check for themselves what is in and what is not.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from accounts.edge_proofs import SALT, Edge, leaf_of
from accounts.models import Friendship, User
from accounts.services.training_key import training_key
from discovery.platform.graphql.node import global_id
from graph.arrays import Ids
from graph.models import ArtistPlayCount, Feedback, ItemKind, Listen, ModelVersion, Tagging
from graph.serving.artifact import MANIFEST
from graph.serving.storage import FileLost, StoreUnreachable, artifact_store
from graph.snapshot import GraphSnapshot
from graph.training.edge_tree import EdgeTree

EDGES = "edges.npy"
# What the ids of an edge, after whose it is, are ids of.
TYPES = {
    "track_plays": ("Track",),
    "artist_plays": ("Artist",),
    "track_tags": ("Track", "Tag"),
    "artist_tags": ("Artist", "Tag"),
    "friendships": ("Listener",),
}

Hashes = NDArray[np.uint64]  # ascending, each once


class EdgesUnknown(Exception):
    """A model does not say what it was trained on, or says it in a file that is not the published one."""


def edges_write(taken: GraphSnapshot, directory: Path) -> dict[str, str]:
    """Write the hashes of a snapshot's edges; return what the manifest is to say of them."""
    path = directory / EDGES
    hashes = _hashed(_edges_of(taken))
    np.save(path, hashes, allow_pickle=False)
    drawn = {"salt": secrets.token_bytes(SALT), "blind": secrets.token_bytes(32)}
    return {
        "sha256": _sha256(path.read_bytes()), "key": _fingerprint(), "root": EdgeTree(hashes, **drawn).root,
        **{name: told.hex() for name, told in drawn.items()},
    }  # fmt: skip


def edges_of_model(version: ModelVersion) -> Hashes:
    """Hashes of what a model was trained on. Raises EdgesUnknown where its files do not say so."""
    return _read(version)[0]


def root_of_model(version: ModelVersion) -> str | None:
    """The root that its manifest publishes; None for a model from before there were such trees. Raises EdgesUnknown."""
    return _read(version)[1].get("root")


@lru_cache(1)
def tree_of_model(version: ModelVersion) -> EdgeTree:
    """The tree over what a model was trained on. Raises EdgesUnknown where there is none."""
    hashes, told = _read(version)
    if "salt" not in told:
        raise EdgesUnknown(f"model {version.pk} was made before there were such trees")
    tree = EdgeTree(hashes, salt=bytes.fromhex(told["salt"]), blind=bytes.fromhex(told["blind"]))
    if tree.root != told["root"]:
        raise EdgesUnknown(f"the root of model {version.pk} is not the published one")
    return tree


def _read(version: ModelVersion) -> tuple[Hashes, dict[str, str]]:
    """The hashes, and what the manifest says of them."""
    store = artifact_store()
    try:
        manifest, edges = store.read(version.pk, MANIFEST), store.read(version.pk, EDGES)
    except (FileLost, StoreUnreachable) as error:
        raise EdgesUnknown(str(error)) from error
    if _sha256(manifest) != version.manifest_hash:
        raise EdgesUnknown(f"the manifest of model {version.pk} is not the published one")
    told = json.loads(manifest).get("training_edges", {})
    if (told.get("sha256"), told.get("key")) != (_sha256(edges), _fingerprint()):
        raise EdgesUnknown(
            f"{EDGES} of model {version.pk} is not the published one, or was made with another key"
        )
    return np.load(io.BytesIO(edges), allow_pickle=False), told


def edges_of_person(user: User) -> Hashes:
    """Hashes of every edge that ``user`` could have given a model, permitted and counted or not.

    Friendships are among them as the others have them, too.
    """
    key, seen = training_key(user.pk), ("friendships", global_id("Listener", user.pk))
    leaves = [leaf_of(key, edge) for edge in edges_told(user)]
    leaves += [leaf_of(training_key(friend), seen) for friend in _friends(user)]
    return np.unique(np.array(leaves, dtype=np.uint64))


def edges_told(user: User) -> list[Edge]:
    """The same edges in words: what kind each is of, and the ids as the API gives them."""
    listens, counts = Listen.objects.filter(user=user), ArtistPlayCount.objects.filter(user=user)
    said, tagged = Feedback.objects.filter(user=user), Tagging.objects.filter(user=user)
    tracks = {*_values(listens, "track"), *_values(said.exclude(track=None), "track")}
    artists = {
        *_values(listens, "track__artist"), *_values(listens.exclude(track__guests=None), "track__guests__artist"),
        *_values(counts, "artist"), *_values(said.exclude(artist=None), "artist"),
        *_values(said.exclude(track=None), "track__artist"),
    }  # fmt: skip
    rows: dict[str, list[tuple[int, ...]]] = {
        "track_plays": [(track,) for track in tracks],
        "artist_plays": [(artist,) for artist in artists],
        "track_tags": list(tagged.exclude(track=None).values_list("track_id", "tag_id")),
        "artist_tags": list(tagged.exclude(artist=None).values_list("artist_id", "tag_id")),
        "friendships": [(friend,) for friend in _friends(user)],
    }
    return [(name, *map(global_id, TYPES[name], ids)) for name, told in rows.items() for ids in told]


def _friends(user: User) -> list[int]:
    links = Friendship.objects.filter(Q(low=user) | Q(high=user)).values_list("low_id", "high_id")
    return [low if high == user.pk else high for low, high in links]


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
    friends = taken.users[taken.friendships]
    yield "friendships", np.concatenate([friends, friends[:, ::-1]])


def _hashed(edges: Iterable[tuple[str, Ids]]) -> Hashes:
    """The leaves of rows of ids, each under the key of the person who stands first in it."""
    digests = bytearray()
    for name, rows in edges:
        begun = {
            person: hashlib.blake2b(digest_size=8, key=training_key(person))
            for person in np.unique(rows[:, 0]).tolist()
        }
        words = [_words(kind, rows[:, place]) for place, kind in enumerate(TYPES[name], start=1)]
        start = name.encode()
        for person, *ids in rows.tolist():
            digest = begun[person].copy()
            digest.update(b" ".join([start, *(told[id_] for told, id_ in zip(words, ids, strict=True))]))
            digests += digest.digest()
    return np.unique(np.frombuffer(bytes(digests), dtype=">u8").astype(np.uint64))


def _words(kind: str, ids: Ids) -> dict[int, bytes]:
    return {key: global_id(kind, key).encode() for key in np.unique(ids).tolist()}


def _fingerprint() -> str:
    """Names this installation's key: lists made with different ones have no hash in common, whatever they hold."""
    return hashlib.sha256(training_key(0)).hexdigest()[:16]


def _sha256(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()
