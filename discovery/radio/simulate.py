"""Simulated listeners who go on or leave by what they hear: how well a radio holds them.

A listener's true taste is what was held out of the model: some artists, and what resembles them by the
words listeners use for them, which the listener's own words of those artists had no part in training.
An item is heard to its end with a probability that grows with that affinity, and skipped otherwise; after
a skip people leave more often, after several even more. Everything follows from one seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from discovery.radio.bandit import Posterior, greedy, thompson, uniform
from discovery.radio.choose import (
    AMOUNT,
    ARMS,
    AVERAGE,
    FEATURES,
    SEED_AMOUNT,
    Policy,
    features,
    pick,
)  # fmt: skip
from discovery.radio.log import OWN_WEIGHT
from discovery.radio.session import HELD_FOR, Outcome
from discovery.radio.sources import NEAREST, Scores, Source, entries, offers, score_many
from graph.index import Channel, Evidence, ItemIndex

Floats = NDArray[np.float64]

COHORT = 50  # listeners who are there at the same time
LONGEST = 60  # items of a session at most
HEAR_ANYWAY, HEAR_TASTE, HEAR_LIKE = (
    0.08,
    0.85,
    0.75,
)  # chance to hear an item out: any, a true one, a like one
LEAVE, LEAVE_SKIPPED, LEAVE_MORE = (
    0.03,
    0.15,
    0.08,
)  # chance to leave: heard, skipped, for each skip before it
REWARD = {Outcome.LISTENED: 1.0, Outcome.SKIPPED: 0.0}


@dataclass(frozen=True, eq=False)
class Listener:
    """Somebody to simulate; rows are the index's."""

    taste: NDArray[np.int64]  # held out of the model
    lasting: Evidence  # what the radio may know beforehand
    seed: int | None  # the item they start from
    known: NDArray[np.int64]  # what they have heard before


@dataclass(frozen=True)
class Station:
    """One way to run the radio."""

    name: str
    policy: Policy
    learns: bool = True  # whether what happens enters the sum, and neighbours of a skip are spared
    only: frozenset[Source] = frozenset(Source)


STATIONS = (
    Station("radio", thompson),
    Station("radio, greedy bandit", greedy),
    Station("radio, sources at random", uniform),
    Station("radio without learning", uniform, learns=False),
    Station("most popular", uniform, learns=False, only=frozenset({Source.POPULAR})),
)


@dataclass(eq=False)
class _Session:
    listener: Listener
    chance: NDArray[np.float32]  # [n] of hearing each item out
    rows: list[int] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    features: list[Floats] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)

    @property
    def rewards(self) -> list[float]:
        return [REWARD[outcome] for outcome in self.outcomes]


@dataclass(eq=False)
class Outcomes:
    """What one station did to each listener, and every state in which it chose."""

    length: Floats  # [L] items until they left
    reward: Floats  # [L] items heard out
    features: Floats  # [C, A, d]
    worth: Floats  # [C, A] true expected reward of each source; NaN where it had nothing to offer
    probability: Floats  # [C, A] with which it chose


def affinities(words: sp.csr_matrix, listeners: Sequence[Listener]) -> NDArray[np.float32]:
    """How much each item [L, n] resembles a listener's taste: cosine of tag weights ``words`` [n, T]."""
    rows = np.concatenate([each.taste for each in listeners])
    owner = np.repeat(np.arange(len(listeners)), [len(each.taste) for each in listeners])
    taste = sp.csr_matrix((np.ones(len(rows)), (owner, rows)), shape=(len(listeners), words.shape[0]))
    found = _unit(taste @ words) @ words.T
    return np.asarray(found.todense(), dtype=np.float32)


def run(
    index: ItemIndex, words: sp.csr_matrix, listeners: Sequence[Listener], station: Station, seed: int
) -> Outcomes:
    """Play ``station`` to everybody, a cohort after the other; what it learns it keeps.

    ``words`` [n, T] are unit rows. The same seed gives the same answer.
    """
    rng, posterior = np.random.default_rng(seed), Posterior.prior(ARMS, FEATURES)
    states: list[tuple[Floats, Floats, Floats]] = []
    done: list[_Session] = []
    for start in range(0, len(listeners), COHORT):
        people = listeners[start : start + COHORT]
        near = affinities(words, people)
        cohort = [_Session(each, _chances(each, near[place])) for place, each in enumerate(people)]
        staying = cohort
        while staying:
            staying = _step(index, station, staying, posterior, states, rng)
        posterior = _taught(posterior, cohort) if station.learns else posterior
        done += cohort
    features_, worth, probability = (np.array([each[part] for each in states]) for part in range(3))
    return Outcomes(
        length=np.array([len(each.rows) for each in done], dtype=np.float64),
        reward=np.array([sum(each.rewards) for each in done]),
        features=features_, worth=worth, probability=probability,
    )  # fmt: skip


def _step(
    index: ItemIndex,
    station: Station,
    staying: list[_Session],
    posterior: Posterior,
    states: list[tuple[Floats, Floats, Floats]],
    rng: np.random.Generator,
) -> list[_Session]:
    """Everybody hears one item; those who stay."""
    scores = _scores(index, station, staying)
    for session, theirs in zip(staying, scores, strict=True):
        open_ = np.ones(len(index), dtype=bool)
        open_[session.listener.known] = False
        open_[session.rows] = False
        if station.learns:
            open_[[row for row, until in session.held if until > len(session.rows)]] = False
        offered = {s: offer for s, offer in offers(index, theirs, open_).items() if s in station.only}
        x = features(session.sources, session.rewards, len(session.listener.lasting))
        picked = pick(
            offered, x, _own(posterior, session), rng, _noting(station, states, x, offered, session)
        )
        heard = bool(rng.random() < session.chance[picked.row])
        session.rows.append(picked.row)
        session.sources.append(int(picked.source))
        session.features.append(x[picked.source])
        session.outcomes.append(Outcome.LISTENED if heard else Outcome.SKIPPED)
        if not heard and station.learns:
            nearest, _ = index.similar(picked.row, NEAREST)
            session.held += [(int(row), len(session.rows) + HELD_FOR) for row in nearest]
    return [session for session in staying if _stays(session, rng)]


def _noting(
    station: Station,
    states: list[tuple[Floats, Floats, Floats]],
    x: Floats,
    offered: Mapping[Source, Any],
    session: _Session,
) -> Policy:
    """The station's policy, which also notes what each source would have been worth."""

    def policy(
        belief: Posterior, at: Floats, open_arms: NDArray[np.bool_], rng: np.random.Generator
    ) -> Floats:
        found = station.policy(belief, at, open_arms, rng)
        worth = np.full(ARMS, np.nan)
        for source, offer in offered.items():
            worth[source] = float(offer.probability @ session.chance[offer.rows])
        states.append((x, worth, found[0]))
        return found

    return policy


def _scores(index: ItemIndex, station: Station, staying: list[_Session]) -> list[Scores]:
    return score_many(
        index, [each.listener.lasting for each in staying], [_happened(station, each) for each in staying]
    )


def _happened(station: Station, session: _Session) -> Evidence:
    rows, amounts, channels = [], [], []
    if session.listener.seed is not None:
        rows, amounts, channels = [session.listener.seed], [SEED_AMOUNT], [Channel.PICK]
    if station.learns:
        rows = rows + session.rows
        amounts = amounts + [AMOUNT[outcome] for outcome in session.outcomes]
        channels = channels + [
            Channel.PICK if outcome is Outcome.LISTENED else Channel.NEGATIVE for outcome in session.outcomes
        ]
    return entries(rows, amounts, channels)


def _own(posterior: Posterior, session: _Session) -> Posterior:
    return _learned(posterior, [session], OWN_WEIGHT) if session.rows else posterior


def _taught(posterior: Posterior, cohort: Sequence[_Session]) -> Posterior:
    return _learned(posterior, cohort, 1.0)


def _learned(posterior: Posterior, sessions: Sequence[_Session], weight: float) -> Posterior:
    return posterior.learned(
        np.array([source for each in sessions for source in each.sources], dtype=np.int64),
        np.array([x for each in sessions for x in each.features]),
        np.array([reward for each in sessions for reward in each.rewards]) - AVERAGE,
        weight,
    )


def _chances(listener: Listener, near: NDArray[np.float32]) -> NDArray[np.float32]:
    chance: NDArray[np.float32] = np.minimum(HEAR_ANYWAY + HEAR_LIKE * near, HEAR_ANYWAY + HEAR_TASTE)
    chance[listener.taste] = HEAR_ANYWAY + HEAR_TASTE
    return chance


def _stays(session: _Session, rng: np.random.Generator) -> bool:
    if len(session.rows) >= LONGEST:
        return False
    streak = 0
    for outcome in reversed(session.outcomes):
        if outcome is Outcome.LISTENED:
            break
        streak += 1
    leave = LEAVE if streak == 0 else LEAVE_SKIPPED + LEAVE_MORE * (streak - 1)
    return bool(rng.random() >= leave)


def _unit(matrix: sp.csr_matrix) -> sp.csr_matrix:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags(1 / np.where(length > 0, length, 1)) @ matrix)
