"""The next item of a radio: the sum read by a source that the bandit chose. Pure functions of arrays.

The same functions serve listeners and the simulator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from discovery.radio.bandit import Posterior, drawn, thompson
from discovery.radio.session import Choice, Outcome, Radio
from discovery.radio.sources import NEAREST, Candidates, Source
from graph.index import Channel, ItemIndex

FEATURES = 5
ARMS = len(Source)
SHRINK = 2.0  # a session's mean reward counts as if this many average ones stood before it
AVERAGE = 0.5  # reward expected of an arm nobody knows anything of
SEED_AMOUNT = 2.0  # of a pick
AMOUNT = {Outcome.LISTENED: 0.75, Outcome.LIKED: 2.0, Outcome.SKIPPED: 1.0, Outcome.REFUSED: 3.0}
POSITIVE = frozenset({Outcome.LISTENED, Outcome.LIKED})

Policy = Callable[
    [Posterior, NDArray[np.float64], NDArray[np.bool_], np.random.Generator], NDArray[np.float64]
]


@dataclass(frozen=True)
class Pick:
    """A row of the index and how likely it was."""

    row: int
    source: Source
    propensity: float
    arm_propensity: float


def features(sources: Sequence[int], rewards: Sequence[float], known: int) -> NDArray[np.float64]:
    """What the bandit sees of a session [A, FEATURES].

    For each arm: a constant, how the arm did in this session beyond the session's mean, that mean, the
    run of refusals at its end, and how much is known of the listener (``known`` entries of evidence).
    """
    reward, source = np.asarray(rewards, dtype=np.float64), np.asarray(sources, dtype=np.int64)
    mean = (reward.sum() + SHRINK * AVERAGE) / (len(reward) + SHRINK)
    count = np.bincount(source, minlength=ARMS)
    own = (np.bincount(source, weights=reward, minlength=ARMS) + SHRINK * mean) / (count + SHRINK)
    streak = len(reward) if not (reward >= AVERAGE).any() else int(np.argmax(reward[::-1] >= AVERAGE))
    found = np.empty((ARMS, FEATURES))
    found[:, 0], found[:, 1], found[:, 2] = 1.0, own - mean, mean - AVERAGE
    found[:, 3], found[:, 4] = min(streak, 5) / 5, min(np.log1p(known) / 5, 1.0)
    return found


def happened(radio: Radio) -> list[tuple[int, float, Channel]]:
    """What was heard as evidence: (item id, amount, channel). Listening lifts, skipping lowers."""
    return [
        (each.item_id, AMOUNT[each.outcome], Channel.PICK if each.outcome in POSITIVE else Channel.NEGATIVE)
        for each in radio.heard
    ]


def open_rows(index: ItemIndex, radio: Radio, known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """What may come next [n]: not the seed, nothing heard, nothing held back, nothing in ``known`` (ids)."""
    spared = [item for item, until in radio.held if until >= radio.version]
    spared += [radio.seed_id] if radio.seed_kind == radio.kind.value else []
    ids = np.array([*(each.item_id for each in radio.heard), *spared], dtype=np.int64)
    found = np.ones(len(index), dtype=bool)
    rows = index.rows(np.concatenate([ids, known]))
    found[rows[rows >= 0]] = False
    return found


def neighbours(index: ItemIndex, item_id: int) -> tuple[int, ...]:
    """Ids of the nearest items to one; empty where the model does not know it."""
    row = int(index.rows(np.array([item_id]))[0])
    if row < 0 or len(index) < 2:
        return ()
    nearest, _ = index.similar(row, NEAREST)
    return tuple(index.ids[nearest].tolist())


def pick(
    offers: dict[Source, Candidates],
    x: NDArray[np.float64],
    posterior: Posterior,
    rng: np.random.Generator,
    policy: Policy = thompson,
) -> Pick:
    """Draw a source and one of its candidates, with the item's probability under all sources together."""
    open_arms = np.array([[source in offers for source in Source]])
    arms = policy(posterior, x[None], open_arms, rng)
    source = Source(int(drawn(arms, rng)[0]))
    candidates = offers[source]
    row = int(candidates.rows[drawn(candidates.probability[None], rng)[0]])
    propensity = sum(
        float(arms[0, other] * offer.probability[offer.rows == row].sum()) for other, offer in offers.items()
    )
    return Pick(row, source, propensity, float(arms[0, source]))


def choice(index: ItemIndex, picked: Pick, x: NDArray[np.float64]) -> Choice:
    """``picked`` as the session remembers it."""
    return Choice(
        item_id=int(index.ids[picked.row]), source=int(picked.source), propensity=picked.propensity,
        arm_propensity=picked.arm_propensity, features=tuple(np.round(x[picked.source], 6).tolist()),
    )  # fmt: skip
