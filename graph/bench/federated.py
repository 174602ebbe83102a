"""What servers gain by each other's sums, and that the sums are what one holder of all rows would have had.

Two halves of the listeners are two servers. The pool is fitted by another way: the rows of both stacked, every pair and word
left out that a server would not have let go.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from threadpoolctl import threadpool_limits

from accounts import policies
from graph.arrays import Doubles, Floats, Mask, Rows
from graph.bench.portable import SECRET, named_of
from graph.elsewhere.document import MODEL, SUMS, Document, document_read
from graph.elsewhere.laid_over import sums_laid
from graph.exchange.contribute import Noise, contribution
from graph.exchange.export import export_document
from graph.ml import metrics
from graph.ml.config import ItemItemConfig, RecommenderConfig
from graph.ml.data import LEAST_LISTENERS, View, artist_view
from graph.ml.evaluate import hits_of, index_of, model_scorer, rank
from graph.ml.factorize import SparseProduct, Stack
from graph.ml.item_item import Block, block_of, feature_rows, fit_item_item, play_rows, ridge_of
from graph.ml.progress import Progress, silent
from graph.ml.split import held_out, split_snapshot
from graph.ml.train import fit
from graph.snapshot import GraphSnapshot

SECRETS = (SECRET, "6f" * 32)


def measure_federated(
    snapshot: GraphSnapshot, config: RecommenderConfig, *, seed: int = 0, epsilon: float | None = None, progress: Progress = silent,
) -> dict[str, Any]:  # fmt: skip
    """NDCG@20 of held-out artists, own plays alone: each half alone, with the other's sums or model, and of the pool; and what sums differ by."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        split = split_snapshot(snapshot, seed=seed)
        train, held = split.train, held_out(artist_view(split.train), split)
        first = np.random.default_rng(seed).random(len(train.users)) < 0.5
        halves = [train.without(~first), train.without(first)]
        noise = None if epsilon is None else Noise(epsilon)
        documents = [document_of(half, secret, noise) for half, secret in zip(halves, SECRETS, strict=True)]
        progress(0.1, "sums beside rows")
        same = difference(train, halves, documents, config.memory)
        asked = np.flatnonzero(np.diff(held.indptr))
        found: dict[str, list[Doubles]] = {
            "alone": [],
            "federated": [],
            "with the other's model": [],
            "pool": [],
        }
        pool = fitted(train, config)
        for number, half in enumerate(halves):
            progress(0.3 + 0.3 * number, f"half {number + 1}")
            users = asked[first[asked] == (number == 0)]
            names = named_of(half)
            joined = replace(half, elsewhere=sums_laid([documents[1 - number]], names))
            begun = replace(half, elsewhere=sums_laid([_model_of(halves[1 - number], config)], names))
            for name, taught in (("alone", half), ("federated", joined), ("with the other's model", begun)):
                found[name].append(ndcg_of(artist_view(half), fitted(taught, config), held, users))
            found["pool"].append(ndcg_of(artist_view(half), pool, held, users))
    ndcg = {name: np.concatenate(values) for name, values in found.items()}
    return {
        "listeners": [int(first.sum()), int((~first).sum())],
        "bytes": [len(document) for document in _blobs(halves, noise)],
        "pairs": [len(document.arrays["artist.pair_sum"]) for document in documents],
        "difference": same,
        "epsilon": epsilon,
        "ndcg": {name: float(values.mean()) for name, values in ndcg.items()},
        "halves": {name: [float(part.mean()) for part in values] for name, values in found.items()},
        "gained": metrics.interval(ndcg["federated"] - ndcg["alone"], seed=0),
    }


def _blobs(halves: list[GraphSnapshot], noise: Noise | None) -> list[bytes]:
    return [contribution(half, named_of(half), secret=SECRET, told={}, noise=noise) for half in halves]


def document_of(half: GraphSnapshot, secret: str, noise: Noise | None = None) -> Document:
    """What a server of these listeners would give."""
    return document_read(
        contribution(half, named_of(half), secret=secret, told={}, noise=noise), expected=SUMS
    )


def _model_of(half: GraphSnapshot, config: RecommenderConfig) -> Document:
    leaving = replace(half, friendships=half.friendships[:0])
    return document_read(
        export_document(leaving, named_of(half), config, secret=SECRET, told={}).blob, expected=MODEL
    )


def difference(
    train: GraphSnapshot, halves: list[GraphSnapshot], documents: list[Document], config: ItemItemConfig
) -> dict[str, float]:
    """How far vectors of added-up sums are from those of one holder of all rows; and with one half taken back, from never joined."""
    sums = memory_of_sums(train, documents, config)
    pool = pooled(train, halves, config)
    taken_back = memory_of_sums(train, documents[:1], config)
    never = memory_of_sums(train, [document_read(_blobs(halves[:1], None)[0], expected=SUMS)], config)
    return {"pool": apart(sums, pool), "taken_back": apart(taken_back, never)}


def apart(one: Block, other: Block) -> float:
    """The largest difference of any vector's number, key or query."""
    return float(max(np.abs(one.keys - other.keys).max(), np.abs(one.queries - other.queries).max()))


def memory_of_sums(train: GraphSnapshot, documents: list[Document], config: ItemItemConfig) -> Block:
    """The memory of what these documents say and of nothing else."""
    nobody = train.without(np.ones(len(train.users), dtype=bool))
    silent_tags = replace(nobody, artist_tags=replace(nobody.artist_tags, user=_NONE, item=_NONE, tag=_NONE))
    view = artist_view(replace(silent_tags, elsewhere=sums_laid(documents, named_of(train))))
    return fit_item_item(view, config, seed=0)


_NONE = np.zeros(0, dtype=np.int32)


def pooled(train: GraphSnapshot, halves: list[GraphSnapshot], config: ItemItemConfig) -> Block:
    """The same from the rows of all listeners, under the same floors: those of each half."""
    least = policies.SMALLEST_AGGREGATE
    seen = [artist_view(half) for half in halves]
    size = len(train.artists)
    length = np.concatenate([np.diff(view.taught.indptr) for view in seen])
    scale = (length[length > 0].mean()) ** (2 * config.row_power)
    gram, words = sp.csr_matrix((size, size)), np.zeros((len(train.tags), size), dtype=np.float32)
    for view, half in zip(seen, halves, strict=True):
        kept = np.asarray(view.open & (view.listeners >= least)) & _first_of_name(half, view)
        gram = gram + _gram_of(view, kept, config, least) * scale
        words += _words_of(half, kept, least)
    tags = feature_rows(sp.csr_matrix(words), config)
    energy = float(gram.diagonal().sum())
    tags = tags * (config.tag_weight * np.sqrt(energy / float((tags.data**2).sum())))
    weight = gram.diagonal() + np.asarray(tags.multiply(tags).sum(axis=0)).ravel()
    ridge = ridge_of(weight, config)
    return block_of(_Whole(gram, tags, 1 / np.sqrt(ridge.astype(np.float64))), ridge, config, seed=0)


class _Whole:
    """A Gram matrix that is multiplied out."""

    def __init__(self, plays: sp.csr_matrix, tags: sp.csr_matrix, column_scale: Doubles) -> None:
        self.size, self._plays, self._scale = plays.shape[0], plays, column_scale[:, None]
        self._tags = Stack.of([SparseProduct((tags,))], column_scale)

    def times_(self, values: torch.Tensor) -> torch.Tensor:
        plays = self._scale * (self._plays @ (self._scale * values.numpy()))
        return self._tags.times_(values).add_(torch.from_numpy(plays))


def _gram_of(view: View, kept: Mask, config: ItemItemConfig, least: int) -> sp.csr_matrix:
    """Pair by pair: a listener's product counts where enough listeners of the half have the pair."""
    rows = play_rows(view, config).astype(np.float64) @ sp.diags(kept.astype(np.float64))
    size = rows.shape[1]
    low, high, value, weight = [], [], [], []
    for user in range(rows.shape[0]):
        part = slice(rows.indptr[user], rows.indptr[user + 1])
        items, values = rows.indices[part], rows.data[part]
        items, values = items[values != 0], values[values != 0]
        low.append(np.repeat(items, len(items)))
        high.append(np.tile(items, len(items)))
        value.append(np.outer(values, values).ravel())
        weight.append(np.full(len(items) ** 2, float(view.distinct[user])))
    at = (np.concatenate(low), np.concatenate(high))
    gram = sp.csr_matrix((np.concatenate(value), at), shape=(size, size))
    people = sp.csr_matrix((np.concatenate(weight), at), shape=(size, size))
    people.data = (np.rint(people.data) >= least).astype(np.float64)
    return gram.multiply(people).tocsr()


def _words_of(half: GraphSnapshot, kept: Mask, least: int) -> Floats:
    said = half.artist_tags
    count = np.zeros((len(half.tags), len(half.artists)), dtype=np.float32)
    catalog = np.zeros_like(count)
    np.add.at(count, (said.tag[said.user >= 0], said.item[said.user >= 0]), 1)
    np.add.at(catalog, (said.tag[said.user < 0], said.item[said.user < 0]), 1)
    return np.asarray((np.where(count >= least, count, 0) + catalog) * kept)


def _first_of_name(half: GraphSnapshot, view: View) -> Mask:
    """Which artists are not called as one that more people play: two of a name are one elsewhere."""
    from graph.elsewhere.names import artist_keys

    chosen: dict[str, int] = {}
    leaving = view.open & (view.listeners >= max(LEAST_LISTENERS, policies.SMALLEST_AGGREGATE))
    for row, key in enumerate(artist_keys(named_of(half))):
        if leaving[row] and (key not in chosen or view.listeners[row] > view.listeners[chosen[key]]):
            chosen[key] = row
    mask = np.zeros(len(half.artists), dtype=bool)
    mask[list(chosen.values())] = True
    return mask


def fitted(train: GraphSnapshot, config: RecommenderConfig) -> Any:
    return index_of(fit(train, config).artifact(), artist_view(train))


def ndcg_of(view: View, index: Any, held: sp.csr_matrix, users: Rows) -> Doubles:
    top = rank(model_scorer(view, index, friends=False), view.plays, users, seed=0)
    return metrics.ndcg(hits_of(top, held, users), np.diff(held.indptr)[users])


def tables(measured: dict[str, Any]) -> str:
    """What ``measure_federated`` found, as Markdown."""
    ndcg, halves = measured["ndcg"], measured["halves"]
    lines = [
        f"Halves of {measured['listeners'][0]} and {measured['listeners'][1]} listeners; {measured['pairs'][0]:,} and {measured['pairs'][1]:,} sums of pairs.",
        "",
        "| | NDCG@20 | by half |",
        "|---|--:|--:|",
        *(f"| {name} | {ndcg[name]:.4f} | {halves[name][0]:.4f}, {halves[name][1]:.4f} |" for name in ndcg),
        "",
        f"Vectors of the sums differ from the pool's by {measured['difference']['pool']:.1e} at most; one half taken back, from never joined by {measured['difference']['taken_back']:.1e}.",
    ]
    return "\n".join(lines)
