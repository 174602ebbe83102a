"""The item–item source: which items are played by the same people and called the same names.

Ridge regression of each item on all others (EASE; Steck, WWW 2019), with tags and artists as
further rows of the Gram matrix, gives item–item weights that are a low-rank product once the
rows R = [plays; tags; artists], scaled by each item's ridge Λ, are replaced by their first
singular vectors: with R Λ^-½ ≈ U s Vᵀ,

    (RᵀR + Λ)⁻¹ = Λ^-½ (I − V s²/(s²+1) Vᵀ) Λ^-½.

So an item's vector is V √(s²/(s²+1)), its key and query differ by a power of its ridge, and the
diagonal, which EASE forces to zero, never counts because evidence is not a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch

from graph.arrays import Doubles, Floats
from graph.elsewhere.sums import Sums, added
from graph.ml.config import ItemItemConfig
from graph.ml.data import View
from graph.ml.factorize import ALL, Gram, Span, SparseProduct, Stack, eigenvectors
from graph.ml.hands import ALONE, Hands, number


@dataclass(frozen=True, kw_only=True)
class Block:
    """Vectors of one source: key = codes · key_scale, query = codes · query_scale."""

    name: str
    codes: Floats  # [N, d]
    key_scale: Floats  # [N]
    query_scale: Floats  # [N]

    @property
    def keys(self) -> Floats:
        return self.codes * self.key_scale[:, None]

    @property
    def queries(self) -> Floats:
        return self.codes * self.query_scale[:, None]


def fit_item_item(view: View, config: ItemItemConfig, *, seed: int) -> Block:
    """Item vectors whose products are item–item weights, deterministic for a seed."""
    gram, weight = memory_gram(view, config)
    return block_of(gram, ridge_of(weight, config), config, seed=seed)


def memory_gram(view: View, config: ItemItemConfig) -> tuple[Gram, Doubles]:
    """The Gram matrix of all rows, divided by the roots of the ridges on both sides; and its diagonal [N] before that."""
    rows, size = memory_rows(view, config), length_scale(view, config)
    weight = np.sum([part.squares() for part in rows], axis=0)
    if view.elsewhere is not None:
        weight = weight + size * view.elsewhere.diagonal
    scale = 1 / np.sqrt(ridge_of(weight, config).astype(np.float64))
    here: Gram = Stack.of(rows, scale)
    return here if view.elsewhere is None else _Together(here, view.elsewhere, scale, size), weight


class _Together:
    """The Gram matrix of the rows here, and what installations elsewhere added up of theirs."""

    def __init__(self, here: Gram, elsewhere: Sums, column_scale: Doubles, size: float) -> None:
        self._here, self._elsewhere, self._size = here, elsewhere, size
        self._scale = column_scale[:, None]
        self.size = here.size

    def times_(self, values: torch.Tensor) -> torch.Tensor:
        theirs = self._scale * self._elsewhere.times(self._scale * values.numpy())
        return self._here.times_(values).add_(torch.from_numpy(self._size * theirs))


def ridge_of(weight: Doubles, config: ItemItemConfig) -> Floats:
    """Each item's ridge [N], from the diagonal of the Gram matrix of all rows."""
    return np.asarray((config.ridge * (1 + weight) ** config.degree_power).astype(np.float32))


def block_of(
    gram: Gram,
    ridge: Floats,
    config: ItemItemConfig,
    *,
    seed: int,
    hands: Hands = ALONE,
    own: Span = ALL,
) -> Block:
    """Item vectors from the rows' Gram matrix, already divided by the roots of the ridges [N] on both sides.

    Whoever adds up the same Gram matrix, in one process or many, gets the same vectors; one among many has those, and
    the ridges, of its ``own`` items.
    """
    squared, right = eigenvectors(
        gram, min(config.dims, gram.size - 1), rounds=config.rounds, seed=seed, hands=hands, own=own
    )
    if not len(squared):  # one item, or nothing that could be alike
        squared, right = np.zeros(1, dtype=np.float32), np.zeros((len(ridge), 1), dtype=np.float32)
    return Block(
        name="memory",
        codes=right * (squared / (squared + 1)) ** (config.shrink_power / 2),
        key_scale=ridge**-config.key_power,
        query_scale=ridge**config.query_power,
    )


def memory_rows(view: View, config: ItemItemConfig) -> list[SparseProduct]:
    """Listeners, tags, artists and circles of friends, each a row over items.

    Where plays teach nothing, what items are called and who made them is all there is, and speaks alone.
    """
    plays = play_rows(view, config)
    size = length_scale(view, config)
    plays.data *= np.sqrt(size)
    parts = [SparseProduct((plays,))]
    energy = number(view.hands, (plays.data**2).sum())
    tags = view.tags
    if view.elsewhere is not None:
        energy += size * view.elsewhere.energy
        tags = added(tags, view.elsewhere.tags)
    for incidence in (tags, view.artists):
        rows = feature_rows(incidence, config, view.hands)
        length = number(view.hands, (rows.data**2).sum())
        if length:
            parts.append(SparseProduct((rows * (config.tag_weight * np.sqrt((energy or length) / length)),)))
    degree = np.maximum(np.diff(view.friends.indptr), 1)
    circles = sp.diags(config.friend_weight * degree**-config.friend_power) @ view.friends
    return [*parts, SparseProduct((circles.tocsr(), plays))]


def play_rows(view: View, config: ItemItemConfig) -> sp.csr_matrix:
    """Listeners' plays [U, N] as rows whose lengths know nothing of other listeners': see `length_scale`."""
    plays = view.taught.copy()
    plays.data = np.log1p(plays.data) ** config.play_power
    return _weighed(_balanced(plays, config), view.distinct)


def length_scale(view: View, config: ItemItemConfig) -> float:
    """What products of `play_rows` count: a row's length is measured by the mean length of all, whoever holds them."""
    length = np.diff(view.taught.indptr)
    people, entries = number(view.hands, (length > 0).sum()), number(view.hands, view.taught.nnz)
    if view.elsewhere is not None:
        people, entries = people + view.elsewhere.listeners, entries + view.elsewhere.plays
    return float((entries / people) ** (2 * config.row_power)) if people else 1.0


def feature_rows(incidence: sp.csr_matrix, config: ItemItemConfig, hands: Hands = ALONE) -> sp.csr_matrix:
    """Tags or artists as rows [., N], the frequent ones damped."""
    kept = incidence[hands.total(np.diff(incidence.indptr)) >= config.tag_min_items].astype(np.float64)
    kept.data = kept.data**config.tag_count_power
    length = np.sqrt(hands.total(np.asarray(kept.multiply(kept).sum(axis=1)).ravel()))
    return (sp.diags(length**-config.tag_power) @ kept).tocsr()


def _balanced(plays: sp.csr_matrix, config: ItemItemConfig) -> sp.csr_matrix:
    """Each listener's strengths divided by their mean: heavy players do not speak louder, and no item of theirs shouts.

    Of two listeners with longer and shorter histories the longer one says less with each item.
    """
    count = np.diff(plays.indptr)
    mean = np.asarray(plays.sum(axis=1)).ravel() / np.maximum(count, 1)
    balanced = (sp.diags(1 / np.where(mean > 0, mean, 1)) @ plays).tocsr()
    balanced.data = np.minimum(balanced.data, config.loudest)
    return (sp.diags(np.maximum(count, 1) ** -config.row_power) @ balanced).tocsr()


def _weighed(plays: sp.csr_matrix, weight: Floats) -> sp.csr_matrix:
    """Rows that count ``weight`` [U] times in the Gram matrix."""
    return (sp.diags(np.sqrt(weight.astype(np.float64))) @ plays).tocsr()
