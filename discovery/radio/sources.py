"""Where the next item may come from: five readings of the one sum, each with a few candidates.

A source is a part of the sum (all of it, what happened in this session, friends' plays, the prior) and
how far down it may reach. It never sees evidence that the whole sum does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from discovery.ranking import top_rows
from graph.index import Channel, Evidence, ItemIndex

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

NEAREST = 5  # neighbours of a refused item that are held back with it
SHARPNESS = 6.0  # how much likelier a source's first candidate is than its last, in e-folds


class Source(IntEnum):
    """An arm of the bandit. The order is the log's: add at the end."""

    SUM = 0  # the best by everything permitted
    FAR = 1  # further down the same ranking
    SESSION = 2  # by the seed and what happened since alone
    FRIENDS = 3  # by friends' plays alone
    POPULAR = 4  # the prior alone


DEPTH = {Source.SUM: 4, Source.FAR: 40, Source.SESSION: 4, Source.FRIENDS: 8, Source.POPULAR: 8}
FLAT = frozenset({Source.FAR})  # every candidate of it is equally likely


@dataclass(frozen=True)
class Candidates:
    """What a source offers: rows [c] and their probabilities [c], which add up to 1."""

    rows: Rows
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """One listener's scores [n] by the whole sum, its session part and its friends' part; None where empty."""

    whole: Floats
    session: Floats | None
    friends: Floats | None

    def of(self, source: Source, prior: Floats) -> Floats | None:
        match source:
            case Source.SESSION:
                return self.session
            case Source.FRIENDS:
                return self.friends
            case Source.POPULAR:
                return prior
            case _:
                return self.whole


def score(index: ItemIndex, lasting: Evidence, session: Evidence) -> Scores:
    """Read one listener's sum three ways in one pass over the item vectors."""
    return score_many(index, [lasting], [session])[0]


def score_many(index: ItemIndex, lasting: Sequence[Evidence], session: Sequence[Evidence]) -> list[Scores]:
    """`score` of each listener, in their order; one pass over the item vectors for all."""
    friends = [only(each, each.channel == Channel.FRIEND) for each in lasting]
    wholes = [joined(one, other) for one, other in zip(lasting, session, strict=True)]
    scores = index.scores_batch([*wholes, *session, *friends])
    size = len(wholes)
    return [
        Scores(
            whole=scores[number],
            session=scores[size + number] - index.prior if len(session[number]) else None,
            friends=scores[2 * size + number] - index.prior if len(friends[number]) else None,
        )
        for number in range(size)
    ]


def offers(
    index: ItemIndex,
    scores: Scores,
    open_rows: NDArray[np.bool_],
    *,
    variety: float = 0.0,
    recent: Rows | None = None,
) -> dict[Source, Candidates]:
    """Candidates by source, of the rows that are open [n]; sources with nothing to say are left out.

    ``variety`` (0 to 1) makes those less likely that resemble the ``recent`` rows.
    """
    found = {}
    rows = np.flatnonzero(open_rows)
    for source in Source:
        values = scores.of(source, index.prior)
        if values is None or len(rows) == 0:
            continue
        best = top_rows(values, rows, DEPTH[source])
        if variety > 0:
            best = varied(index, values, rows, best, variety, recent)
        found[source] = Candidates(best, _probability(len(best), flat=source in FLAT))
    return found


def varied(
    index: ItemIndex, values: Floats, rows: Rows, best: Rows, variety: float, recent: Rows | None
) -> Rows:
    """As many rows as ``best``, from ten times as many, trading score for distance from what was heard."""
    if recent is None or len(recent) == 0:
        return best
    pool = top_rows(values, rows, 10 * len(best))
    relevance = values[pool].astype(np.float64)
    span = np.ptp(relevance)
    relevance = (relevance - relevance.min()) / span if span > 0 else np.ones(len(pool))
    nearness = index.similarity(np.concatenate([pool, recent]))[: len(pool), len(pool) :].max(axis=1)
    return pool[np.argsort(-((1 - variety) * relevance - variety * nearness), kind="stable")[: len(best)]]


def joined(one: Evidence, other: Evidence) -> Evidence:
    """Both lists as one."""
    return Evidence(
        key_row=np.concatenate([one.key_row, other.key_row]),
        amount=np.concatenate([one.amount, other.amount]),
        channel=np.concatenate([one.channel, other.channel]),
    )


def only(evidence: Evidence, mask: NDArray[np.bool_]) -> Evidence:
    """The entries of ``mask`` [E]."""
    return Evidence(
        key_row=evidence.key_row[mask], amount=evidence.amount[mask], channel=evidence.channel[mask]
    )


def entries(rows: Sequence[int], amounts: Sequence[float], channels: Sequence[Channel]) -> Evidence:
    """Evidence from three lists of one length."""
    return Evidence(
        key_row=np.array(rows, dtype=np.int64),
        amount=np.array(amounts, dtype=np.float32),
        channel=np.array(channels, dtype=np.int8),
    )


def _probability(size: int, *, flat: bool) -> NDArray[np.float64]:
    weight = np.zeros(size) if flat else -SHARPNESS * np.arange(size) / max(size, 1)
    weight = np.exp(weight)
    found: NDArray[np.float64] = weight / weight.sum()
    return found
