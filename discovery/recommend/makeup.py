"""What an answer is made of, in shares that add up to one in each family: for sums over many answers, never for one.

Goes in: a ranking and the model that made it. Comes out: by family and bucket, how much of the answer it is.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from discovery.recommend.ranking import Ranking
from graph.arrays import Doubles
from graph.models import Artist, ItemKind, Track
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

Shares = Mapping[str, Mapping[str, float]]

FIRST = 20  # items that are looked at
TAG_BUCKETS = 12  # tags by a hash: many words, few sums
STEPS = 8  # of popularity, among what is popular at all
PRIOR, LIFT = "prior", "itself"


@dataclass(frozen=True)
class Item:
    """What the catalog says of an item: its tags, and whose it is."""

    tags: Sequence[str]
    artist: int


def makeup(index: ItemIndex, ranked: Ranking, items: Mapping[int, Item], yardstick: ItemIndex) -> Shares:
    """What ``ranked``, by ``index``, is made of; nothing where it is empty. Popularity goes by the ``yardstick``."""
    ids = ranked.ids[:FIRST].tolist()
    if not ids:
        return {}
    families = {
        "reasons": _reasons(ranked),
        "sources": _sources(index, ranked),
        "tags": _tags([items[key] for key in ids if key in items]),
        "popularity": _popularity(ids, yardstick),
        "artists": _artists([items[key].artist for key in ids if key in items]),
    }
    return {name: shares for name, shares in families.items() if shares}


def items_of(kind: ItemKind, ids: Collection[int]) -> dict[int, Item]:
    """What the catalog says of these, in one query."""
    if kind is ItemKind.TRACK:
        tracks = Track.objects.filter(pk__in=ids).values_list("pk", "tags", "artist_id")
        return {key: Item(tags, artist) for key, tags, artist in tracks}
    return {key: Item(tags, key) for key, tags in Artist.objects.filter(pk__in=ids).values_list("pk", "tags")}


def _reasons(ranked: Ranking) -> dict[str, float]:
    """By what channel the scores came, and how much of them is the prior: what reasons are taken from."""
    terms, channel = np.abs(ranked.contributions[:, :FIRST]), ranked.evidence.channel
    parts = {each.name: float(terms[channel == each].sum()) for each in Channel}
    return _shared({**parts, PRIOR: float(np.abs(ranked.prior[:FIRST]).sum())})


def _sources(index: ItemIndex, ranked: Ranking) -> dict[str, float]:
    """By what the model took items to belong together by."""
    rows = ranked.rows[:FIRST]
    rows = rows[rows >= 0]
    part, entries = ranked.evidence.in_index(index)
    if not len(rows) or not len(part):
        return {}
    by_source = index.by_source(entries, rows)
    whole = index.contributions(entries, rows).sum(axis=0)
    lift: Doubles = whole - sum(by_source.values())
    parts = {name: float(np.abs(added).sum()) for name, added in by_source.items()}
    return _shared({**parts, LIFT: float(np.abs(lift).sum()), PRIOR: float(np.abs(index.prior[rows]).sum())})


def _tags(items: Sequence[Item]) -> dict[str, float]:
    parts: dict[str, float] = defaultdict(float)
    for item in items:
        for tag in item.tags:
            parts[str(zlib.crc32(tag.casefold().encode()) % TAG_BUCKETS)] += 1 / len(item.tags)
        if not item.tags:
            parts["none"] += 1
    return _shared(parts)


def _popularity(ids: Sequence[int], yardstick: ItemIndex) -> dict[str, float]:
    parts: dict[str, float] = defaultdict(float)
    rows = yardstick.rows(np.array(ids, dtype=np.int64))
    steps = _steps(yardstick)
    for row in rows.tolist():
        prior = float(yardstick.prior[row]) if row >= 0 else None
        name = (
            "unknown" if prior is None else "none" if prior <= 0 else str(int(np.searchsorted(steps, prior)))
        )
        parts[name] += 1
    return _shared(parts)


@lru_cache(maxsize=4)
def _steps(index: ItemIndex) -> Doubles:
    """Priors that part what is popular at all into so many equal steps."""
    popular = index.prior[index.prior > 0]
    return np.quantile(popular, np.arange(1, STEPS) / STEPS) if len(popular) else np.zeros(0)


def _artists(artists: Sequence[int]) -> dict[str, float]:
    """How many different ones there are, in quarters of the items."""
    if not artists:
        return {}
    return {f"{-(-4 * len(set(artists)) // len(artists))}/4": 1.0}


def _shared(parts: Mapping[str, float]) -> dict[str, float]:
    whole = sum(parts.values())
    return {name: part / whole for name, part in parts.items() if part} if whole > 0 else {}
