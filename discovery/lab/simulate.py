"""Playing stations to simulated listeners (`discovery.lab.listener_model`). The radio's own functions choose.

Everybody meets every station on the same day: the same moods, the same luck. Everything follows from a seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from discovery.lab.listener_model import Ears, Listener, ListenerModel
from discovery.radio.bandit import Posterior, greedy, thompson, uniform
from discovery.radio.choose import (
    AMOUNT,
    ARMS,
    AVERAGE,
    KEPT,
    SEED_AMOUNT,
    Policy,
    channel_of,
    features,
    pick,
    taught,
)
from discovery.radio.log import OWN_WEIGHT
from discovery.radio.session import HELD_FOR, Outcome
from discovery.radio.sources import NEAREST, Candidates, Scores, Source, entries, offers, only
from graph.arrays import Doubles, Floats, Ints, Mask, Rows
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

COHORT = 50  # listeners who are there at the same time
REWARD = {Outcome.LISTENED: 1.0, Outcome.SKIPPED: 0.0}


@dataclass(frozen=True)
class Station:
    """One way to run the radio."""

    name: str
    policy: Policy
    learns: bool = True  # whether what happens enters the sum, and neighbors of a skip are spared
    only: frozenset[Source] = frozenset(Source)


RADIO = Station("radio", thompson)
GREEDY = Station("radio, greedy bandit", greedy)
SUM_ALONE = Station("radio, the sum alone", uniform, only=frozenset({Source.SUM}))
UNLEARNING = Station(
    "radio without learning, the sum alone", uniform, learns=False, only=frozenset({Source.SUM})
)
HITS_ALONE = Station("radio, the most popular alone", uniform, only=frozenset({Source.POPULAR}))
MOST_POPULAR = Station("most popular", uniform, learns=False, only=frozenset({Source.POPULAR}))
STATIONS = (
    RADIO,
    GREEDY,
    SUM_ALONE,
    Station("radio, sources at random", uniform),
    Station("radio without learning", uniform, learns=False),
    UNLEARNING,
    MOST_POPULAR,
)


@dataclass(frozen=True, eq=False)
class Model:
    """The index with what does not change while it is played: what each item adds to each other one."""

    index: ItemIndex
    _lasting: dict[int, tuple[Floats | None, Floats | None]] = field(default_factory=dict)

    @cached_property
    def lifts(self) -> Floats:
        """What a pick of strength 1 adds to every item [n, n]: one product for all sessions."""
        every = np.arange(len(self.index))
        return np.stack([self.lift(int(row)) for row in every])

    def lift(self, row: int) -> Floats:
        return self.index.scores(entries([row], [1.0], [Channel.PICK])) - self.index.prior

    @cached_property
    def sinks(self) -> float:
        """What a skip of strength 1 adds, as a multiple of what a pick does."""
        rules = self.index.rules
        if rules[Channel.NEGATIVE].weights != rules[Channel.PICK].weights:
            raise ValueError("skips and picks read different sources: one product does not do for both")
        return rules[Channel.NEGATIVE].gain / rules[Channel.PICK].gain

    @cached_property
    def nearest(self) -> Rows:
        """The nearest items to each [n, NEAREST]."""
        return np.stack([self.index.similar(row, NEAREST)[0] for row in range(len(self.index))])

    def lasting(self, listener: Listener) -> tuple[Floats | None, Floats | None]:
        """What somebody plays and what their friends play, added up [n]; None where there is nothing."""
        if listener.number not in self._lasting:
            friend = listener.lasting.channel == Channel.FRIEND
            own, friends = (
                self.index.scores(part) - self.index.prior if len(part) else None
                for part in (only(listener.lasting, ~friend), only(listener.lasting, friend))
            )
            self._lasting[listener.number] = own, friends
        return self._lasting[listener.number]


@dataclass(eq=False)
class Session:
    listener: Listener
    ears: Ears
    own: Floats | None
    friends: Floats | None
    seeded: Floats | None  # what the seed adds
    felt: Floats | None = None  # what happened adds, faded
    rows: list[int] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    features: list[Doubles] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)

    @property
    def heard(self) -> list[bool]:
        return [outcome is Outcome.LISTENED for outcome in self.outcomes]

    @property
    def rewards(self) -> list[float]:
        return [REWARD[outcome] for outcome in self.outcomes]

    def scores(self, model: Model, station: Station) -> Scores:
        parts = [part for part in (self.seeded, self.felt) if part is not None]
        refused = [
            row for row, outcome in zip(self.rows, self.outcomes, strict=True) if outcome is Outcome.SKIPPED
        ]
        return Scores(
            rows=np.arange(len(model.index)), prior=model.index.prior, own=self.own, friends=self.friends,
            session=np.sum(parts, axis=0) if parts else None,
            refused=np.array(refused if station.learns else [], dtype=np.int64),
        )  # fmt: skip

    def hear(self, model: Model, station: Station, row: int, source: Source, x: Doubles) -> None:
        heard = self.ears.hears(row, len(self.rows))
        outcome = Outcome.LISTENED if heard else Outcome.SKIPPED
        self.rows.append(row)
        self.sources.append(int(source))
        self.features.append(x[source])
        self.outcomes.append(outcome)
        if not station.learns:
            return
        # As in `choose.happened`: each outcome fades with every item after it.
        sign = 1.0 if channel_of(outcome) is Channel.PICK else model.sinks
        said = np.float32(AMOUNT[outcome] * sign) * model.lifts[row]
        self.felt = said if self.felt is None else np.float32(KEPT) * self.felt + said
        if not heard:
            self.held += [(int(near), len(self.rows) + HELD_FOR) for near in model.nearest[row]]

    def open_rows(self, size: int, station: Station) -> Mask:
        is_open = np.ones(size, dtype=bool)
        is_open[self.listener.known] = False
        is_open[self.rows] = False
        if station.learns:
            is_open[[row for row, until in self.held if until > len(self.rows)]] = False
        return is_open


@dataclass(eq=False)
class Outcomes:
    """What one station did to each listener, and every state in which it chose."""

    length: Doubles  # [L] items until they left
    reward: Doubles  # [L] items heard out
    features: Doubles  # [C, A, d]
    worth: Doubles  # [C, A] true expected reward of each source; NaN where it had nothing to offer
    probability: Doubles  # [C, A] with which it chose
    source: Ints  # [C] chosen
    day: Ints  # [L] which of the models served


State = tuple[Doubles, Doubles, Doubles]


def run(
    days: Sequence[Model],
    listener_model: ListenerModel,
    station: Station,
    seed: int,
    *,
    watched: bool = True,
    turned: ListenerModel | None = None,
) -> Outcomes:
    """Play ``station`` to everybody, a cohort after the other; what it learns it keeps.

    ``days``: the models that serve one after the other, for as many cohorts each; they know the same items.
    ``seed`` says what day it is for everybody and what the station draws. ``watched``: whether every state
    is kept for `discovery.lab.verdict.off_policy`. ``turned``: what the same people like on the last of the days, where
    that is not what they liked before.
    """
    posterior = taught_by([])
    order = np.random.default_rng([seed, 2]).permutation(len(listener_model.listeners))
    states: list[State] = []
    done: list[Session] = []
    day_of: list[int] = []
    for start in range(0, len(order), COHORT):
        day = len(days) * start // len(order)
        model = days[day]
        liking = turned if turned is not None and day == len(days) - 1 else listener_model
        cohort = [
            _session(model, liking, liking.listeners[number], seed)
            for number in order[start : start + COHORT]
        ]
        staying = cohort
        while staying:
            watching = states if watched else None
            served = [
                session for session in staying if step(model, station, session, posterior, watching, seed)
            ]
            staying = [session for session in served if listener_model.stays(session.ears, session.heard)]
        if station.learns:
            posterior = taught_by(done + cohort)
        done += cohort
        day_of += [day] * len(cohort)
    back = np.argsort(order)
    features_, worth, probability = (np.array([state[part] for state in states]) for part in range(3))
    return Outcomes(
        length=np.array([len(session.rows) for session in done], dtype=np.float64)[back],
        reward=np.array([sum(session.rewards) for session in done])[back],
        features=features_, worth=worth, probability=probability,
        source=np.array([source for session in done for source in session.sources], dtype=np.int64),
        day=np.array(day_of, dtype=np.int64)[back],
    )  # fmt: skip


def _session(model: Model, listener_model: ListenerModel, listener: Listener, seed: int) -> Session:
    ears = listener_model.ears(listener, seed)
    own, friends = model.lasting(listener)
    seeded = None
    if ears.seed is not None:
        seeded = np.float32(SEED_AMOUNT) * model.lifts[ears.seed]
    return Session(listener, ears, own, friends, seeded)


def step(
    model: Model,
    station: Station,
    session: Session,
    posterior: Posterior,
    states: list[State] | None,
    seed: int,
) -> bool:
    """One item for one listener; False where nothing is left for them.

    The luck of a choice is the listener's and the place's, and what a policy draws for itself comes from another
    stream: two stations that choose alike play alike, and their difference is what they choose.
    """
    index = model.index
    scores = session.scores(model, station)
    offered = offers(index, scores, session.open_rows(len(index), station), only=station.only)
    if not offered:
        return False
    x = features(session.rewards, len(session.listener.lasting), scores)
    belief = _with_own(posterior, session) if station.learns and session.rows else posterior
    policy = station.policy if states is None else _noting(station, states, x, offered, session)
    luck, deciding = np.random.default_rng([seed, session.listener.number, len(session.rows)]).spawn(2)

    def decided(known: Posterior, at: Doubles, open_arms: Mask, _: np.random.Generator) -> Doubles:
        return policy(known, at, open_arms, deciding)

    picked = pick(offered, x, belief, luck, decided)
    session.hear(model, station, picked.row, picked.source, x)
    return True


def _noting(
    station: Station, states: list[State], x: Doubles, offered: Mapping[Source, Candidates], session: Session
) -> Policy:
    """The station's policy, which also notes what each source would have been worth."""
    chance = session.ears.chance[session.ears.mood[len(session.rows)]]

    def policy(belief: Posterior, at: Doubles, open_arms: Mask, rng: np.random.Generator) -> Doubles:
        probability = station.policy(belief, at, open_arms, rng)
        worth = np.full(ARMS, np.nan)
        for source, offer in offered.items():
            worth[source] = float(offer.probability @ chance[offer.rows])
        states.append((x, worth, probability[0]))
        return probability

    return policy


def taught_by(sessions: Sequence[Session]) -> Posterior:
    """What all radios learn from ``sessions``, the oldest first."""
    return taught(*_choices(sessions))


def _with_own(posterior: Posterior, session: Session) -> Posterior:
    """And what this session says for itself."""
    source, x, reward = _choices([session])
    return posterior.learned(source, x, reward - AVERAGE, OWN_WEIGHT)


def _choices(sessions: Sequence[Session]) -> tuple[Ints, Doubles, Doubles]:
    return (
        np.array([source for session in sessions for source in session.sources], dtype=np.int64),
        np.array([x for session in sessions for x in session.features]),
        np.array([reward for session in sessions for reward in session.rewards]),
    )
