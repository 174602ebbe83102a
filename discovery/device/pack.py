"""The served model as a pack for devices: parts by how popular things are, each found by the hash of what is in it.

Everybody is handed the same bytes, so that what is fetched says nothing of a taste. Of items, only those are in it that
everybody may see at this moment; of people, nothing.

A model that is served on keeps its vectors' parts, and one that knows the same items their names' parts: a device fetches
what it does not have.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from accounts.presentation import Ref, name_of, nodes_shown
from discovery.device.arrays import packed
from discovery.platform.graphql.node import global_id
from graph.arrays import Rows
from graph.models import ItemKind
from graph.serving.artifact import Artifact
from graph.serving.index import ItemIndex

FORMAT = 1
MOST_BYTES = 6_000_000  # of all parts together; what is less popular than what fits stays with the server
TIERS = (2_048, 6_144, 14_336, 30_720, 63_488)  # items up to the end of each, the most popular first
_NODES = {ItemKind.ARTIST: "Artist", ItemKind.TRACK: "Track"}


@dataclass(frozen=True)
class Part:
    """Some arrays of one view: ``what`` is in it, for which tier, and its hash and size."""

    what: str  # vectors, names or artists
    tier: int
    sha256: str
    bytes: int


@dataclass
class Pack:
    """All parts [compressed] by hash, and what the manifest says of each view."""

    parts: dict[str, bytes] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)  # which candidates are in it, ascending
    bytes: int = 0


def pack_of(artifact: Artifact) -> Pack:
    """The pack of a model; views take turns, tier by tier, until it is full."""
    pack = Pack()
    views = {kind: index for kind in ItemKind if (index := artifact.index(kind.value)) is not None}
    tiers = {kind: _tiers(kind, index) for kind, index in views.items()}
    held: dict[str, list[Rows]] = {kind.value: [] for kind in views}
    for kind, index in views.items():
        pack.views[kind.value] = _described(index)
        if kind is ItemKind.TRACK:
            _add(pack, kind, "artists", 0, _artist_keys(index))
    for tier in range(len(TIERS) + 1):
        for kind, index in views.items():
            shown = tiers[kind].get(tier)
            if shown is None or pack.bytes >= MOST_BYTES:
                continue
            rows, names, artists = shown
            parts = {
                "vectors": _vectors(index, rows),
                "names": packed({"ids": _ids(kind, index, rows), "names": names, "artist": artists}),
            }
            if pack.bytes + sum(map(len, parts.values())) > MOST_BYTES:
                tiers[kind] = {}  # and nothing less popular either
                continue
            for what, blob in parts.items():
                _add(pack, kind, what, tier, blob)
            held[kind.value].append(rows)
    for name, some in held.items():
        pack.rows[name] = np.sort(np.concatenate([np.zeros(0, np.int64), *some]))
        pack.views[name]["held"] = len(pack.rows[name])
    return pack


def _described(index: ItemIndex) -> dict[str, Any]:
    return {
        "size": len(index), "dim": index.dim,
        "sources": [asdict(source) for source in index.sources],
        "channels": {channel.name: asdict(rule) for channel, rule in index.rules.items()},
        "parts": [],
    }  # fmt: skip


def _add(pack: Pack, kind: ItemKind, what: str, tier: int, blob: bytes) -> None:
    digest = hashlib.sha256(blob).hexdigest()
    pack.parts[digest] = gzip.compress(blob, compresslevel=6, mtime=0)
    pack.bytes += len(blob)
    pack.views[kind.value]["parts"].append(asdict(Part(what, tier, digest, len(blob))))


def _tiers(kind: ItemKind, index: ItemIndex) -> dict[int, tuple[Rows, list[str], Any]]:
    """By tier: rows (ascending) of what everybody may see, their names, and numbers of who made them."""
    candidates = np.flatnonzero(index.open)
    step = index.prior if index.step is None else index.step
    order = candidates[np.lexsort((candidates, -step[candidates].astype(np.float64)))]
    order = order[: MOST_BYTES // index.dim]  # no more could fit, however large the catalog is
    nodes = nodes_shown(None, [Ref(_NODES[kind], key) for key in index.ids[order].tolist()])
    shown: dict[int, tuple[Rows, list[str], Any]] = {}
    for tier, rows in enumerate(np.split(order, [end for end in TIERS if end < len(order)])):
        there = np.sort(rows)
        refs = [(row, Ref(_NODES[kind], int(index.ids[row]))) for row in there.tolist()]
        things = [(row, nodes[ref]) for row, ref in refs if ref in nodes]
        if things:
            makers = [node.pk if kind is ItemKind.ARTIST else node.artist_id for _, node in things]
            shown[tier] = (
                np.array([row for row, _ in things], dtype=np.int64),
                [name_of(node) for _, node in things],
                np.array([_number(maker) for maker in makers], dtype=np.uint32),
            )
    return shown


def _number(artist: int) -> int:
    """By which a device knows that two tracks are by the same artist: no key, and the same in every part."""
    return int.from_bytes(hashlib.sha256(global_id("Artist", artist).encode()).digest()[:4])


def _ids(kind: ItemKind, index: ItemIndex, rows: Rows) -> Any:
    return id_bytes(global_id(_NODES[kind], key) for key in index.ids[rows].tolist())


def id_bytes(ids: Iterator[str]) -> Any:
    """Global ids as they are under their letters [n, 16]."""
    blob = b"".join(base64.urlsafe_b64decode(one + "==") for one in ids)
    return np.frombuffer(blob, dtype=np.uint8).reshape(-1, 16)


def _vectors(index: ItemIndex, rows: Rows) -> bytes:
    return packed(vectors_of(index, rows))


def vectors_of(index: ItemIndex, rows: Rows) -> Mapping[str, Any]:
    """What the sum needs of some candidates, exactly as the index holds it."""
    codes, query = index.query_codes(rows)
    return {
        "row": rows.astype(np.uint32), "codes": codes, "key_scale": index.key_scale(rows),
        "query_scale": query.astype(np.float32), "prior": index.prior[rows].astype(np.float32),
    }  # fmt: skip


def _artist_keys(index: ItemIndex) -> bytes:
    """What is heard of artists where tracks are asked for; of those whom everybody may see."""
    ids, codes, scale = index.feature_codes("artist")
    nodes = nodes_shown(None, [Ref("Artist", key) for key in ids.tolist()])
    there = [place for place, key in enumerate(ids.tolist()) if Ref("Artist", key) in nodes]
    keys = ids[there].tolist()
    return packed(
        {
            "row": np.array(there, dtype=np.uint32), "codes": codes[there], "key_scale": scale[there],
            "ids": id_bytes(global_id("Artist", key) for key in keys),
            "names": [name_of(nodes[Ref("Artist", key)]) for key in keys],
        }
    )  # fmt: skip
