"""How much each feature of a pair says about friendship, learned listwise from hidden friendships.

Friendships are hidden a fold at a time; each hidden friend among a viewer's candidates (`nearby`, over the others)
is to come before the candidates who are no friends, so that what is learned is an order and not a probability. In
one more fold some people lose most of theirs: who has just come has few. Only candidates who are reached are scored,
of at most so many viewers: what learning costs does not grow with the pairs of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from accounts.held_links import held
from graph.arrays import Floats, Mask, Rows
from graph.serving.friend_index import FEATURES, PairScore, Tastes, pair_features, symmetric
from graph.serving.nearby import POOL, Links, Nearby, nearby

FOLDS = 5
NEWCOMERS, LOST = 0.1, 0.7  # how many people lose how much of their friendships in the last fold
AT_MOST = 600  # viewers learned from in a fold: with more, nothing was gained
LEAST_FRIENDS = 3  # fewer friends of a viewer have no taste in common that is nobody's own
VOTES = 3
HIDDEN, EPOCHS, BATCH, RATE, DECAY = 16, 30, 64, 5e-3, 1e-4


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Viewers' candidates, and which of them are hidden friends."""

    features: Floats  # [n, POOL, FEATURES]
    wanted: Mask  # [n, POOL]
    absent: Mask  # [n, POOL] no candidate


def learn_pair_score(friendships: Rows, taste: Floats, *, seed: int) -> PairScore | None:
    """From friendships [F, 2] as rows of ``taste`` [P, d]; None where no hidden friend was ever a candidate."""
    rng = np.random.default_rng(seed)
    lists = [
        chosen
        for known, hidden in _folds(friendships, len(taste), rng)
        for chosen in _lists(known, hidden, taste, rng)
    ]
    if not lists:
        return None
    choices = _choices(lists)
    return _together([_fitted(choices, seed + vote) for vote in range(VOTES)])


def candidates(viewer: int, links: Links, taste: Floats) -> tuple[Nearby, Floats] | None:
    """Who would be suggested to ``viewer``, all people's rows being their keys, with their features."""
    near = nearby(viewer, links)
    if near is None:
        return None
    bridges = taste[near.bridges] if len(near.bridges) >= LEAST_FRIENDS else None
    tastes = None if bridges is None else Tastes(bridges=bridges, people=taste[near.people])
    return near, pair_features(near, tastes)


def _folds(friendships: Rows, size: int, rng: np.random.Generator) -> Iterator[tuple[Rows, sp.csr_matrix]]:
    """(what is known [F, 2], what is hidden [P, P]); each friendship hidden once, and some again with a newcomer."""
    fold = rng.integers(FOLDS, size=len(friendships))
    newcomer = rng.random(size) < NEWCOMERS
    lost = newcomer[friendships].any(axis=1) & (rng.random(len(friendships)) < LOST)
    for hidden in [*(fold == number for number in range(FOLDS)), lost]:
        if hidden.any() and not hidden.all():
            out = friendships[hidden]
            yield friendships[~hidden], symmetric(out[:, 0], out[:, 1], size)


def _lists(
    known: Rows, hidden: sp.csr_matrix, taste: Floats, rng: np.random.Generator
) -> Iterator[tuple[Floats, Mask]]:
    """Features and wanted of each viewer's candidates, where some are wanted and some are not."""
    links = held(np.arange(len(taste)), *known.T)
    viewers = np.flatnonzero(np.diff(hidden.indptr))
    for viewer in rng.permutation(viewers)[:AT_MOST].tolist():
        found = candidates(viewer, links, taste)
        if found is None:
            continue
        near, features = found
        wanted = np.isin(near.people, hidden.indices[hidden.indptr[viewer] : hidden.indptr[viewer + 1]])
        if wanted.any() and not wanted.all():
            yield features, wanted


def _choices(lists: list[tuple[Floats, Mask]]) -> Choices:
    features = np.zeros((len(lists), POOL, len(FEATURES)), dtype=np.float32)
    wanted, absent = np.zeros((len(lists), POOL), dtype=bool), np.ones((len(lists), POOL), dtype=bool)
    for row, (described, chosen) in enumerate(lists):
        features[row, : len(chosen)], wanted[row, : len(chosen)] = described, chosen
        absent[row, : len(chosen)] = False
    return Choices(features=features, wanted=wanted, absent=absent)


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
    """Each hidden friend against the candidates who are none; every viewer counts alike, features by their spread."""
    torch.manual_seed(seed)
    present = choices.features[~choices.absent]
    mean, spread = present.mean(axis=0), present.std(axis=0)
    spread = np.where(spread > 1e-6, spread, 1).astype(np.float32)
    features = torch.from_numpy((choices.features - mean) / spread)
    wanted, absent = torch.from_numpy(choices.wanted), torch.from_numpy(choices.absent)
    model = _Score()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=DECAY)
    fading = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, EPOCHS * -(-len(features) // BATCH))
    for _ in range(EPOCHS):
        for part in torch.split(torch.randperm(len(features)), BATCH):
            optimizer.zero_grad()
            scores, hits = model(features[part]), wanted[part]
            others = torch.logsumexp(scores.masked_fill(absent[part] | hits, -1e9), dim=1, keepdim=True)
            missed = nn.functional.softplus(others - scores) * hits
            loss = (missed.sum(dim=1) / hits.sum(dim=1)).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            fading.step()
    return _in_plain_units(model, mean, spread)


def _together(votes: list[PairScore]) -> PairScore:
    """The mean of several scores, as one: of the same choices, each learned something of its own by chance."""
    return PairScore(
        weights={name: float(np.mean([vote.weights[name] for vote in votes])) for name in FEATURES},
        into=np.concatenate([vote.into for vote in votes if vote.into is not None], axis=1),
        bias=np.concatenate([vote.bias for vote in votes if vote.bias is not None]),
        out=np.concatenate([vote.out for vote in votes if vote.out is not None]) * np.float32(1 / VOTES),
    )


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
