"""How much each feature of a pair says about friendship, learned listwise from hidden friendships.

Friendships are hidden a fold at a time; each hidden friend is to be found among strangers by a
softmax, so that what is learned is an order and not a probability. Vectors that know of
friendships are fitted again without the hidden ones: else taste would seem to say more than it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from graph.arrays import Floats, Mask, Rows
from graph.serving.friend_index import FEATURES, Pairs, PairScore, pair_features, symmetric

Taste = Callable[[sp.csr_matrix], Floats]  # friendships [P, P] -> unit rows of taste [P, d]

FOLDS = 5
NEGATIVES = 100  # strangers beside each hidden friend
AT_MOST = 20_000  # hidden friends learned from
CELLS = 4_000_000  # of a feature's table held at once
LEAST_STEPS = 400  # however few there are to learn from
HIDDEN, EPOCHS, BATCH, RATE, DECAY = 16, 12, 256, 5e-3, 1e-4


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Hidden friends, each in the first column, beside strangers."""

    features: Floats  # [n, 1 + NEGATIVES, FEATURES]
    barred: Mask  # [n, 1 + NEGATIVES] drawn as a stranger, but is none
    weight: Floats  # [n] one over the viewer's hidden friends: every viewer counts alike


def learn_pair_score(
    friendships: Rows, size: int, taste: Taste, signatures: sp.csr_matrix, *, seed: int
) -> PairScore:
    """From friendships [F, 2] as rows of ``size`` people."""
    rng = np.random.default_rng(seed)
    folds = [
        _choices(inner, hidden, taste(inner), signatures, rng)
        for inner, hidden in _folds(friendships, size, rng)
    ]
    return _fitted(
        Choices(
            features=np.concatenate([fold.features for fold in folds]),
            barred=np.concatenate([fold.barred for fold in folds]),
            weight=np.concatenate([fold.weight for fold in folds]),
        ),
        seed,
    )


def _folds(
    friendships: Rows, size: int, rng: np.random.Generator
) -> Iterator[tuple[sp.csr_matrix, sp.csr_matrix]]:
    """(what is known, what is hidden), each [P, P], each friendship hidden once."""
    fold = rng.integers(FOLDS, size=len(friendships))
    for number in range(FOLDS):
        hidden = fold == number
        if hidden.any() and not hidden.all():
            yield (
                symmetric(friendships[~hidden, 0], friendships[~hidden, 1], size),
                symmetric(friendships[hidden, 0], friendships[hidden, 1], size),
            )


def _choices(
    known: sp.csr_matrix,
    hidden: sp.csr_matrix,
    taste: Floats,
    signatures: sp.csr_matrix,
    rng: np.random.Generator,
) -> Choices:
    size = len(taste)
    viewers = np.flatnonzero(np.diff(hidden.indptr))
    viewers = np.sort(rng.permutation(viewers)[: max(32, CELLS // size)])
    asking = Pairs(near=known[viewers], taste=taste[viewers], signed=signatures[viewers].toarray())
    table = pair_features(asking, known, taste, signatures)
    row, friend = hidden[viewers].nonzero()
    if len(row) > AT_MOST // FOLDS:
        kept = np.sort(rng.permutation(len(row))[: AT_MOST // FOLDS])
        row, friend = row[kept], friend[kept]
    strangers = rng.integers(size, size=(len(row), NEGATIVES))
    linked = np.asarray((known + hidden)[np.repeat(viewers[row], NEGATIVES), strangers.ravel()]).ravel() > 0
    barred = linked.reshape(strangers.shape) | (strangers == viewers[row][:, None])
    columns = np.concatenate([friend[:, None], strangers], axis=1)
    return Choices(
        features=np.stack([table[name][row[:, None], columns] for name in FEATURES], axis=2),
        barred=np.concatenate([np.zeros((len(row), 1), dtype=bool), barred], axis=1),
        weight=(1 / np.bincount(row, minlength=len(viewers))[row]).astype(np.float32),
    )


class _Score(nn.Module):
    """Linear, plus a hidden layer that starts silent."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(len(FEATURES), 1, bias=False)
        self.into = nn.Linear(len(FEATURES), HIDDEN)
        self.out = nn.Linear(HIDDEN, 1, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, features: Tensor) -> Tensor:
        total: Tensor = self.linear(features) + self.out(torch.tanh(self.into(features)))
        return total[..., 0]


def _fitted(choices: Choices, seed: int) -> PairScore:
    """Softmax over each friend and their strangers, features in units of their spread."""
    torch.manual_seed(seed)
    flat = choices.features.reshape(-1, len(FEATURES))
    mean, spread = flat.mean(axis=0), flat.std(axis=0)
    spread = np.where(spread > 1e-6, spread, 1).astype(np.float32)
    features = torch.from_numpy((choices.features - mean) / spread)
    barred, weight = torch.from_numpy(choices.barred), torch.from_numpy(choices.weight)
    model = _Score()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=DECAY)
    batches = -(-len(features) // BATCH)
    epochs = max(EPOCHS, -(-LEAST_STEPS // batches))
    steps = epochs * batches
    fading = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, steps)
    for _ in range(epochs):
        for part in torch.split(torch.randperm(len(features)), BATCH):
            optimizer.zero_grad()
            scores = model(features[part]).masked_fill(barred[part], -1e9)
            missed = torch.logsumexp(scores, dim=1) - scores[:, 0]
            loss = (weight[part] * missed).sum() / weight[part].sum()
            loss.backward()
            optimizer.step()
            fading.step()
    return _in_plain_units(model, mean, spread)


def _in_plain_units(model: _Score, mean: Floats, spread: Floats) -> PairScore:
    """The same score of features as they come, apart from a constant."""
    with torch.no_grad():
        linear = model.linear.weight[0].numpy() / spread
        into = (model.into.weight.numpy() / spread).T
        return PairScore(
            weights={name: float(weight) for name, weight in zip(FEATURES, linear, strict=True)},
            into=np.ascontiguousarray(into, dtype=np.float32),
            bias=np.asarray(model.into.bias.numpy() - mean @ into, dtype=np.float32),
            out=model.out.weight[0].numpy().copy(),
        )
