"""Where the next item may come from: readings of the one sum, each with a few candidates.

The sum falls into parts: the prior, what the listener plays, what friends play, and the session (its seed
and what happened since). A source weighs the parts, says how far to trust the minute against the years, and
how deep it may reach. It never sees evidence that the whole sum does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np

from discovery.recommend.ranking import relevance_of, top_rows, traded
from graph.arrays import Doubles, Floats, Mask, Rows
from graph.serving import candidates
from graph.serving.channels import Channel, Evidence
from graph.serving.index import ItemIndex
from graph.serving.places import positions

NEAREST = 5  # neighbors of a refused item that are held back with it
WIDER = 10  # times as many candidates are looked at where variety is asked for
SHARPNESS = 6.0  # how much likelier a source's first candidate is than its last, in e-folds


class Source(IntEnum):
    """An arm of the bandit. The order is the log's: add at the end."""

    SUM = 0  # the best by everything permitted
    FAR = 1  # further down the same ranking
    SESSION = 2  # by the seed and what happened since alone
    FRIENDS = 3  # by friends' plays, and the session
    POPULAR = 4  # the prior alone
    MINUTE = 5  # everything permitted, the session above all


@dataclass(frozen=True)
class Reading:
    """How a source weighs the parts of the sum, and how many candidates it has."""

    prior: float
    own: float
    friends: float
    session: float
    depth: int
    flat: bool = False  # every candidate equally likely


EACH = 48  # lists looked into by each reading: there are several, and their lists are mostly the same
READINGS = {
    Source.SUM: Reading(prior=1, own=1, friends=1, session=1, depth=4),
    Source.FAR: Reading(prior=1, own=1, friends=1, session=1, depth=20, flat=True),
    Source.SESSION: Reading(prior=0, own=0, friends=0, session=1, depth=4),
    Source.FRIENDS: Reading(prior=0, own=0, friends=1, session=1, depth=8),
    Source.POPULAR: Reading(prior=1, own=0, friends=0, session=0, depth=8),
    Source.MINUTE: Reading(prior=1, own=1, friends=1, session=4, depth=4),
}


# How many of the best any source looks at, or a queue shows.
DEEP = WIDER * max(reading.depth for reading in READINGS.values())
Part = tuple[Evidence, Floats]


@dataclass(frozen=True)
class Candidates:
    """What a source offers: rows [c] and their probabilities [c], which add up to 1."""

    rows: Rows
    probability: Doubles

    def first_alone(self) -> Candidates:
        """The same rows, of which the first is certain."""
        certain = np.zeros(len(self.rows))
        certain[:1] = 1.0
        return Candidates(self.rows, certain)


@dataclass(frozen=True, eq=False)
class Scores:
    """One listener's sum in parts, of some rows [c] each; None where a part has no evidence."""

    rows: Rows  # ascending: every row of the index, or those that were proposed
    prior: Floats
    own: Floats | None
    friends: Floats | None
    session: Floats | None
    refused: Rows  # of the session, the last one last

    @cached_property
    def whole(self) -> Floats:
        """The sum [c], with what was refused beneath everything else."""
        return beneath(self.by(READINGS[Source.SUM]), positions(self.rows, self.refused))

    def by(self, reading: Reading) -> Floats:
        """The parts as ``reading`` weighs them [c]."""
        total = reading.prior * self.prior
        parts = ((reading.own, self.own), (reading.friends, self.friends), (reading.session, self.session))
        for weight, part in parts:
            if weight and part is not None:
                total = total + weight * part
        return np.asarray(total, dtype=np.float32)

    def has(self, source: Source) -> bool:
        """Whether ``source`` has a say of its own."""
        match source:
            case Source.SESSION:
                return self.session is not None
            case Source.FRIENDS:
                return self.friends is not None
            case Source.POPULAR:
                return bool(self.prior.any())
            case Source.MINUTE:  # without a past or without a session it is the sum
                return self.session is not None and not (self.own is None and self.friends is None)
            case _:
                return True


@dataclass(frozen=True, eq=False)
class Parts:
    """One listener's evidence by what it speaks of, each with how strongly its entries count; None where there is none."""

    own: Part | None
    friends: Part | None
    session: Part | None

    def asked(self, index: ItemIndex) -> Floats:
        """What the sources ask of lists, each once [B, …] (`candidates.query`): each weighs the same four parts."""
        parts = [
            candidates.query(index, None, 0.0)
            if part is None
            else candidates.query(index, part[0], 0.0, part[1])
            for part in (self.own, self.friends, self.session)
        ]
        table = np.stack([candidates.query(index, None, 1.0), *parts])
        weights = [[each.prior, each.own, each.friends, each.session] for each in READINGS.values()]
        return np.unique(np.array(weights, dtype=np.float32) @ table, axis=0)


def parts_of(index: ItemIndex, lasting: Evidence, session: Evidence) -> Parts:
    """What stays of a listener, apart from friends, and what is of this session."""
    friend = lasting.channel == Channel.FRIEND
    own, friends, said = (
        (part, index.strengths(part) * scale) if len(part) else None
        for part, scale in (
            (only(lasting, ~friend), np.float32(1)),
            (only(lasting, friend), np.float32(1)),
            (session, undiluted(index, session)),
        )
    )
    return Parts(own, friends, said)


def score(index: ItemIndex, parts: Parts, refused: Rows, rows: Rows | None = None) -> Scores:
    """One listener's sum in parts, of every item or of some (ascending ``rows``)."""
    vectors = index.queries if rows is None else index.query_rows(rows)
    own, friends, said = (
        None if part is None else index.terms(*part, rows, vectors=vectors)
        for part in (parts.own, parts.friends, parts.session)
    )
    every = np.arange(len(index)) if rows is None else rows
    prior = index.prior if rows is None else index.prior[rows]
    return Scores(rows=every, prior=prior, own=own, friends=friends, session=said, refused=refused)


def proposed(index: ItemIndex, parts: Parts, *, known: Rows, also: Rows) -> Rows | None:
    """Rows (ascending) that hold what any source would offer of all; None where every item is to be scored."""
    if not candidates.proposes(index):
        return None
    speaking = [part[0] for part in (parts.own, parts.friends, parts.session) if part is not None]
    also = np.concatenate([also, *(candidates.own_rows(index, evidence) for evidence in speaking)])
    return candidates.proposed_by(index, parts.asked(index), DEEP, known=known, also=also, probes=EACH)


def beneath(scores: Floats, refused: Rows) -> Floats:
    """``scores`` [c] with each of the ``refused`` places beneath everything else, the last refused the lowest; -1 is none.

    A refusal's term on its own item is as large as that takes: whatever the model knows of the item, and
    whatever else a refusal moves, no place but the last is left to it.
    """
    if len(refused := refused[refused >= 0]):
        lowered = scores.copy()
        lowest = lowered.min()
        for place in refused:
            lowered[place] = lowest = np.nextafter(lowest, np.float32(-np.inf))
        return lowered
    return scores


def undiluted(index: ItemIndex, session: Evidence) -> Floats:
    """What takes back from each entry [E] that the index scales a channel by its number of entries.

    A session does not lose its voice by going on: it forgets by age instead (`discovery.radio.choose`).
    """
    count = np.bincount(session.channel, minlength=len(Channel))
    power = np.array([index.rules[channel].count_power for channel in Channel])
    return np.asarray((np.maximum(count, 1) ** power)[session.channel], dtype=np.float32)


def offers(
    index: ItemIndex,
    scores: Scores,
    open_rows: Mask,
    *,
    variety: float = 0.0,
    recent: Rows | None = None,
    only: frozenset[Source] = frozenset(Source),
) -> dict[Source, Candidates]:
    """Candidates by source, of the scored rows that are open [c]; sources with nothing to say are left out.

    ``variety`` (0 to 1) makes those less likely that resemble the ``recent`` rows. What stands last in the
    whole sum is offered only where nothing else is left: a refusal could not sink it.
    """
    offered = {}
    places = np.flatnonzero(open_rows)
    if len(places) > 1 and len(scores.rows) == len(index):  # of what was proposed, nothing stands last
        places = places[places != scores.whole.argmin()]
    for source, reading in READINGS.items():
        if source not in only or not scores.has(source) or len(places) == 0:
            continue
        values = scores.by(reading)
        best = top_rows(values, places, reading.depth)
        if variety > 0:
            best = varied(index, scores.rows, values, places, best, variety, recent)
        offered[source] = Candidates(scores.rows[best], _probability(len(best), flat=reading.flat))
    return offered


def varied(
    index: ItemIndex,
    rows: Rows,
    values: Floats,
    places: Rows,
    best: Rows,
    variety: float,
    recent: Rows | None,
) -> Rows:
    """As many of ``places`` in ``rows`` as ``best``, from ten times as many, trading score for distance from what was heard."""
    if recent is None or len(recent) == 0:
        return best
    pool = top_rows(values, places, WIDER * len(best))
    nearness = index.similarity(np.concatenate([rows[pool], recent]))[: len(pool), len(pool) :].max(axis=1)
    left = traded(relevance_of(values[pool]), nearness, variety)
    return pool[np.argsort(-left, kind="stable")[: len(best)]]


def only(evidence: Evidence, mask: Mask) -> Evidence:
    """The entries of ``mask`` [E]."""
    return replace(
        evidence,
        key_row=evidence.key_row[mask], amount=evidence.amount[mask], channel=evidence.channel[mask],
    )  # fmt: skip


def entries(rows: Sequence[int], amounts: Sequence[float], channels: Sequence[Channel]) -> Evidence:
    """Evidence from three lists of one length."""
    return Evidence(
        key_row=np.array(rows, dtype=np.int64),
        amount=np.array(amounts, dtype=np.float32),
        channel=np.array(channels, dtype=np.int8),
    )


def _probability(size: int, *, flat: bool) -> Doubles:
    weight = np.zeros(size) if flat else -SHARPNESS * np.arange(size) / max(size, 1)
    weight = np.exp(weight)
    probability: Doubles = weight / weight.sum()
    return probability
