"""Whether words find the music that people call so, also where nobody's text holds them any more: beside BM25, in one run.

Tag names are drawn and taken out of everything: their taggings, and every other tag or name that contains them. What is left is
learned from as ever. Then each drawn word is asked for, and who was called so before is what should come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import bm25s
import numpy as np
import scipy.sparse as sp
from sklearn.metrics import roc_auc_score

from graph.arrays import Floats, Mask, Reals, Rows
from graph.ml.config import RecommenderConfig
from graph.ml.data import artist_view
from graph.ml.train import fit
from graph.ml.words import moods
from graph.packed_names import PackedNames
from graph.phrases import normal, words_of
from graph.serving.channels import Channel, Evidence
from graph.serving.index import ItemIndex
from graph.snapshot import GraphSnapshot, Taggings
from graph.words.sense import Phrase, sense_of

K = 20
LEAST_ITEMS, LEAST_PEOPLE = 20, 5  # of a tag whose name is asked for

# (what should stand higher, what lower) on each axis, in the order of `graph.ml.words.moods`.
PAIRS: Mapping[str, Sequence[tuple[str, str]]] = {
    "valence": (
        ("happy", "sad"), ("happy", "melancholic"), ("fun", "depressive"), ("summer", "dark"), ("cute", "gothic"),
        ("party", "melancholy"),
    ),
    "energy": (
        ("energetic", "calm"), ("party", "mellow"), ("aggressive", "relaxing"), ("dance", "sad"), ("hardcore", "relax"),
        ("upbeat", "melancholy"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class WordQuality:
    """NDCG@20 over the drawn words; relevant is who is called so, whoever says it."""

    words: int
    present: float  # asked by this product while the names are there
    hidden: float  # asked while they are nowhere
    bm25_present: float
    bm25_hidden: float

    @property
    def kept(self) -> float:
        """How much of it is left without the names."""
        return self.hidden / self.present


def word_quality(
    snapshot: GraphSnapshot, *, seed: int, number: int, config: RecommenderConfig | None = None
) -> WordQuality:
    """Draws ``number`` tags by ``seed`` and asks for them, with and without their names. Trains twice."""
    names = list(snapshot.tag_names)
    drawn = _drawn(snapshot, seed, number)
    relevant = _called(snapshot)[drawn].toarray() > 0
    asked = [names[row] for row in drawn]
    without = hidden(snapshot, asked)
    return WordQuality(
        words=len(drawn),
        present=_asking(_index(snapshot, config), asked, relevant),
        hidden=_asking(_index(without, config), asked, relevant),
        bm25_present=_bm25(snapshot, asked, relevant),
        bm25_hidden=_bm25(without, asked, relevant),
    )


def mood_quality(
    snapshot: GraphSnapshot, *, config: RecommenderConfig | None = None
) -> dict[str, dict[str, float]]:
    """By axis and pair: how often somebody who is called the one stands above somebody who is called the other (AUC).

    Trains once, without any word of any pair; each pair's words are hidden from what its moods are made of.
    """
    names = [normal(name) for name in snapshot.tag_names]
    everything = {word for pairs in PAIRS.values() for pair in pairs for word in pair}
    vectors = _index(hidden(snapshot, everything), config).queries
    called = _called(snapshot)
    told: dict[str, dict[str, float]] = {}
    for place, (axis, pairs) in enumerate(PAIRS.items()):
        told[axis] = {}
        for pair in pairs:
            if set(pair) <= set(names):
                felt = moods(artist_view(hidden(snapshot, pair)).tags, names, vectors)[:, place]
                above, below = (called[names.index(word)].toarray().ravel() > 0 for word in pair)
                told[axis]["/".join(pair)] = _auc(felt, above & ~below, below & ~above)
    return told


def hidden(snapshot: GraphSnapshot, words: Iterable[str]) -> GraphSnapshot:
    """The same graph, in which no tag and no name holds any of these words: taggings are gone, names are cut."""
    told = {words_of(word) for word in words}
    gone = np.array([bool(_places(words_of(name), told)) for name in snapshot.tag_names], dtype=bool)
    return replace(
        snapshot,
        artist_tags=_kept(snapshot.artist_tags, gone),
        track_tags=_kept(snapshot.track_tags, gone),
        artist_names=_cut(snapshot.artist_names, told),
        track_titles=_cut(snapshot.track_titles, told),
    )


def _kept(said: Taggings, gone: Mask) -> Taggings:
    there = ~gone[said.tag]
    return Taggings(user=said.user[there], item=said.item[there], tag=said.tag[there])


def _cut(names: PackedNames, told: Collection[tuple[str, ...]]) -> PackedNames:
    return PackedNames.of(
        " ".join(word for place, word in enumerate(words) if place not in _places(words, told))
        for words in map(words_of, names)
    )


def _places(words: tuple[str, ...], told: Collection[tuple[str, ...]]) -> set[int]:
    """Where a name holds one of the words."""
    return {
        inside
        for start in range(len(words))
        for stop in range(start + 1, len(words) + 1)
        if words[start:stop] in told
        for inside in range(start, stop)
    }


def _drawn(snapshot: GraphSnapshot, seed: int, number: int) -> Rows:
    said = snapshot.artist_tags
    items, people = (
        np.bincount(np.unique(np.stack([said.tag, other]), axis=1)[0], minlength=len(snapshot.tags))
        for other in (said.item, said.user)
    )
    asked = np.flatnonzero((items >= LEAST_ITEMS) & (people >= LEAST_PEOPLE))
    return np.sort(np.random.default_rng(seed).choice(asked, min(number, len(asked)), replace=False))


def _called(snapshot: GraphSnapshot) -> sp.csr_matrix:
    """How often each tag is used for each artist [G, A], by however few."""
    said = snapshot.artist_tags
    shape = (len(snapshot.tags), len(snapshot.artists))
    return sp.csr_matrix((np.ones(len(said.tag), np.float32), (said.tag, said.item)), shape=shape)


def _index(snapshot: GraphSnapshot, config: RecommenderConfig | None) -> ItemIndex:
    index = fit(snapshot, config or RecommenderConfig(), blends={}).artifact().index("ARTIST")
    if index is None:
        raise ValueError("there are no artists")
    return index


def _asking(index: ItemIndex, asked: Sequence[str], relevant: Mask) -> float:
    """What this product answers somebody of whom nothing is known."""

    def answer(word: str) -> Floats:
        said = sense_of(index).spoken([Phrase(word)])
        return index.scores(
            Evidence(
                key_row=np.array([index.key_count]), amount=np.ones(1, np.float32),
                channel=np.array([Channel.WORD], np.int8), said=said,
            )
        )  # fmt: skip

    return _ndcg(answer, asked, relevant)


def _bm25(snapshot: GraphSnapshot, asked: Sequence[str], relevant: Mask) -> float:
    """What BM25 answers over each artist's name and tags, a tag as often as it was said."""
    texts = [list(words_of(name)) for name in snapshot.artist_names]
    names = [words_of(name) for name in snapshot.tag_names]
    for tag, item in zip(snapshot.artist_tags.tag.tolist(), snapshot.artist_tags.item.tolist(), strict=True):
        texts[item].extend(names[tag])
    peer = bm25s.BM25(method="lucene")
    peer.index(texts, show_progress=False)
    return _ndcg(lambda word: peer.get_scores(list(words_of(word))), asked, relevant)


def _ndcg(answer: Callable[[str], Reals], asked: Sequence[str], relevant: Mask) -> float:
    """Mean NDCG@20; equal scores in random order, and what scores nothing is not found."""
    rng = np.random.default_rng(0)
    discount = 1 / np.log2(np.arange(K) + 2)
    values: list[float] = []
    for word, wanted in zip(asked, relevant, strict=True):
        scores = answer(word)
        best = np.lexsort((rng.random(len(scores)), -scores))[:K]
        found = wanted[best] & (scores[best] != 0)
        values.append(
            float((found * discount[: len(best)]).sum() / discount[: min(K, int(wanted.sum()))].sum())
        )
    return float(np.mean(values))


def _auc(value: Floats, above: Mask, below: Mask) -> float:
    asked = above | below
    return float(roc_auc_score(above[asked], value[asked]))
