"""How relevant items are to each of some people: of every item, or, where there are very many, of those that come into question.

Evidence of each comes in, rows and relevance go out; whoever asks brings the choice (`fairness`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from discovery.together import fairness
from graph.arrays import Floats, Reals, Rows
from graph.serving import candidates
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex

NOTHING = candidates.NOTHING


def best_for(
    index: ItemIndex, entries: Sequence[Evidence], *, known: Rows = NOTHING, named: Rows = NOTHING
) -> tuple[Rows, Reals] | None:
    """Rows (ascending) that hold each one's best and the best on average, and how relevant they are to each [M, c].

    Without what is ``known``, and with what is ``named`` whatever it is worth. None: take every item. The average is
    asked for by itself: what is good for all is often nobody's best.
    """
    rows = candidates.proposed(index, entries, fairness.POOL, known=known)
    if rows is None:
        return None
    middle = middles(index, entries)
    span = index.scores_batch(entries, rows).max(axis=1) - middle
    queries = [candidates.query(index, [(each, index.strengths(each))], 1.0) for each in entries]
    mean = np.divide(1, span, out=np.zeros_like(span), where=span > 0) @ np.stack(queries)
    both = candidates.proposed_by(index, mean[None], fairness.POOL, known=known, also=rows)
    rows = np.union1d(rows if both is None else both, named)
    return rows, fairness.relevance(index.scores_batch(entries, rows), middle)


def middles(index: ItemIndex, entries: Sequence[Evidence]) -> Floats:
    """What an item in the middle scores for each [M], as far as a sample of them tells."""
    scores = index.scores_batch(entries, candidates.sampled(index))
    middle = (scores.shape[1] - 1) // 2
    return np.asarray(np.partition(scores, middle, axis=1)[:, middle])
