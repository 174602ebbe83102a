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
from graph.serving.places import ascending

NOTHING = candidates.NOTHING
AVERAGE = 96  # lists looked into for what is good on average
# Of each one's best, and of the best on average, what comes into question where not every item does: of 500, as where every
# item is scored (`fairness.POOL`), the least-served gets within noise the same of a list, and all pay a sixth more.
PROPOSED = 256


def best_for(
    index: ItemIndex, entries: Sequence[Evidence], *, known: Rows = NOTHING, named: Rows = NOTHING
) -> tuple[Rows, Reals] | None:
    """Rows (ascending) that hold each one's best and the best on average, and how relevant they are to each [M, c].

    Without what is ``known``, and with what is ``named`` whatever it is worth. None: take every item. The average is
    asked for by itself: what is good for all is often nobody's best.
    """
    rows = candidates.proposed(index, entries, PROPOSED, known=known)
    if rows is None:
        return None
    middle = middles(index, entries)
    scores = index.scores_batch(entries, rows)
    span = scores.max(axis=1) - middle
    queries = np.stack([candidates.query(index, each) for each in entries])
    mean = np.divide(1, span, out=np.zeros_like(span), where=span > 0) @ queries
    both = candidates.proposed_by(index, mean[None], PROPOSED, known=known, probes=AVERAGE)
    more = candidates.without(ascending(np.concatenate([named, NOTHING if both is None else both])), rows)
    scores = np.concatenate([scores, index.scores_batch(entries, more)], axis=1)
    rows = np.concatenate([rows, more])
    order = np.argsort(rows)
    return rows[order], fairness.relevance(scores[:, order], middle)


def middles(index: ItemIndex, entries: Sequence[Evidence]) -> Floats:
    """What an item in the middle scores for each [M], as far as a sample of them tells."""
    vectors = candidates.sampled_vectors(index)
    scores = index.scores_batch(entries, candidates.sampled(index), vectors=vectors)
    middle = (scores.shape[1] - 1) // 2
    return np.asarray(np.partition(scores, middle, axis=1)[:, middle])
