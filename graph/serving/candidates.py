"""Who may be among the best, so that not every item has to be scored: the one way to candidates, for every surface.

Up to `EXACT_ITEMS` items all of them are: None is answered, and whoever selects scores every item. Beyond, lists
propose (`graph.serving.ann`), and whoever selects scores what was proposed by the exact sum (`ItemIndex.scores_of`):
nothing approximate reaches a score or a reason. What a request costs grows with the evidence and with the square
root of items.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.conf import settings

from graph.arrays import Floats, Rows
from graph.serving import spoken
from graph.serving.ann import FELT, nearest_items
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex
from graph.serving.places import ascending, found, top_places

SPARE = 64  # proposed beyond twice what is asked for: what rounding to a byte may misplace
BY_PRIOR = (
    5_000  # the most popular, held in their order: no list is needed where nothing but the prior counts
)
SAMPLED = 4_096  # items by which is judged what an item in the middle scores
CLOSE = 64  # lists looked into for what is near one item: fewer, since that lies together
CALLED = 20_000  # candidates that words are in the names of; of more, every item is scored
NOTHING: Rows = np.zeros(0, dtype=np.int64)


def proposes(index: ItemIndex) -> bool:
    """Whether so many items are known that candidates are proposed."""
    return bool(len(index) > settings.EXACT_ITEMS)


def proposed(
    index: ItemIndex,
    evidences: Sequence[Evidence],
    limit: int,
    *,
    known: Rows = NOTHING,
    also: Rows = NOTHING,
    with_prior: bool = True,
    wait: bool = False,
) -> Rows | None:
    """Rows (ascending) among which the best ``limit`` by each of ``evidences`` are to be found by their exact scores.

    Of what is open to everybody, is in the evidence itself, or stands in ``also``; nothing that is ``known``. None where
    every item is to be scored: there are few, the lists are being made (unless ``wait``), or too little comes up.
    """
    if not proposes(index):
        return None
    queries = [query(index, evidence, with_prior) for evidence in evidences]
    also = np.concatenate([also, *(own_rows(index, evidence) for evidence in evidences)])
    return proposed_by(index, np.stack(queries), limit, known=known, also=also, wait=wait)


def proposed_by(
    index: ItemIndex,
    queries: Floats,
    limit: int,
    *,
    known: Rows = NOTHING,
    also: Rows = NOTHING,
    wait: bool = False,
    probes: int | None = None,
) -> Rows | None:
    """The same by weights of the columns that lists are over [B, dim + 1 + FELT], as `query` makes them.

    ``probes``: how many lists each looks into, where that is said.
    """
    if len(also) > CALLED or not proposes(index):
        return None
    asked = 2 * limit + SPARE + len(known)
    personal = (queries[:, : index.dim] != 0).any(axis=1) | (queries[:, index.dim + 1 :] != 0).any(axis=1)
    parts = [also]
    if personal.any():
        lists = nearest_items(index, wait=wait)
        if lists is None:
            return None
        parts.append(lists.nearest(queries[personal], asked, probes))
    if not personal.all():
        parts.append(by_prior(index)[:asked])
    rows = without(ascending(np.concatenate(parts)), known)
    return rows if len(rows) >= limit else None


def query(
    index: ItemIndex, evidence: Evidence | None, prior: float = 1.0, strength: Floats | None = None
) -> Floats:
    """What evidence asks of each column of the lists [dim + 1 + FELT].

    ``strength`` [E]: how strongly it counts, where that is not as ever.
    """
    asked = np.zeros(index.dim + 1 + FELT, dtype=np.float32)
    asked[index.dim] = float(prior) * index.prior_gain
    if evidence is None:
        return asked
    asked[: index.dim] = index.folding(evidence) if strength is None else index.folded(evidence, strength)
    if evidence.said is not None:
        strength = index.strengths(evidence) if strength is None else strength
        words = spoken.strengths(evidence, strength, index.key_count)
        asked[index.dim + 1 :] = spoken.felt(evidence.said, words)
    return asked


def own_rows(index: ItemIndex, evidence: Evidence) -> Rows:
    """Candidates of which the lists do not know what this evidence makes of them (ascending).

    Its own items, where it lifts or sinks them or they are not everybody's; and what is called by its words.
    """
    items = evidence.key_row[evidence.key_row < len(index)]
    parts = [items[~index.open[items]], index.own_rows(evidence)]
    if evidence.said is not None:
        named = spoken.named(evidence.said)
        parts.append(named[index.open[named]])
    return ascending(np.concatenate(parts))


def without(rows: Rows, others: Rows) -> Rows:
    """Ascending ``rows`` that are not among ``others``; costs nothing in proportion to the larger of the two."""
    left = np.ones(len(rows), dtype=bool)
    left[found(rows, others)] = False
    return rows[left]


def by_prior(index: ItemIndex) -> Rows:
    """The open items of greatest prior, the greatest first; equal ones by row."""
    if "by_prior" not in index.memo:
        rows = np.flatnonzero(index.open)
        index.memo["by_prior"] = rows[top_places(index.prior[rows], BY_PRIOR)]
    rows_by_prior: Rows = index.memo["by_prior"]
    return rows_by_prior


def sampled(index: ItemIndex) -> Rows:
    """Some open items (ascending), the same for everybody: what scores in the middle of these does so among all."""
    if "sampled" not in index.memo:
        rows = np.flatnonzero(index.open)
        index.memo["sampled"] = np.sort(np.random.default_rng(0).permutation(rows)[:SAMPLED])
    rows_sampled: Rows = index.memo["sampled"]
    return rows_sampled


def sampled_vectors(index: ItemIndex) -> Floats:
    """Their vectors [SAMPLED, dim], held by the process."""
    if "sampled_vectors" not in index.memo:
        index.memo["sampled_vectors"] = index.query_rows(sampled(index))
    vectors: Floats = index.memo["sampled_vectors"]
    return vectors


def similar(index: ItemIndex, row: int, k: int) -> Rows:
    """The ``k`` candidates that a play of ``row`` lifts most, itself excluded; as `ItemIndex.similar`."""
    asked = np.zeros((1, index.dim + 1 + FELT), dtype=np.float32)
    asked[0, : index.dim] = play = index.play_of(row)
    rows = proposed_by(index, asked, k, known=np.array([row]), probes=CLOSE)
    if rows is None:
        return index.similar(row, k)[0]
    return rows[top_places(index.query_rows(rows) @ play, k)]
