"""The next item of a radio: the sum read by a source that the bandit chose. Pure functions of arrays.

The same functions serve listeners and the simulator.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from discovery.radio.bandit import Posterior, drawn, recency, thompson
from discovery.radio.change import changed_at
from discovery.radio.session import Choice, Outcome, Radio
from discovery.radio.sources import NEAREST, Candidates, Scores, Source
from graph.arrays import Doubles, Mask, Rows
from graph.serving.candidates import similar
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

FEATURES = 6
ARMS = len(Source)
SHRINK = 2.0  # a session's mean reward counts as if this many average ones stood before it
AVERAGE = 0.5  # reward expected of an arm nobody knows anything of
TOLD = 3.0  # this much that was heard out tells a minute well
SEED_AMOUNT = 2.0  # of a pick
AMOUNT = {Outcome.LISTENED: 1.5, Outcome.LIKED: 2.0, Outcome.SKIPPED: 0.75, Outcome.REFUSED: 3.0}
# Beyond what any source earns, before anything is seen: a part of the sum is expected to do worse than the whole.
EXPECTED = {Source.FAR: -0.05, Source.SESSION: -0.05, Source.FRIENDS: -0.05, Source.POPULAR: -0.15}
LATEST = 20_000  # choices of all radios that are learned from
KEPT = 0.85  # of what an outcome says, with each item after it: a taste of minutes ago fades
POSITIVE = frozenset({Outcome.LISTENED, Outcome.LIKED})
REFUSALS = frozenset({Outcome.SKIPPED, Outcome.REFUSED})

Policy = Callable[[Posterior, Doubles, Mask, np.random.Generator], Doubles]


@dataclass(frozen=True)
class Pick:
    """A row of the index and how likely it was."""

    row: int
    source: Source
    propensity: float
    arm_propensity: float


def features(rewards: Sequence[float], known: int, scores: Scores) -> Doubles:
    """What the bandit sees of a session [A, FEATURES], the same for every arm.

    A constant, the session's mean reward, how much is known of the listener (``known`` entries of
    evidence), how much the last items told of this minute, and whether the session and friends say
    anything: without these two, what a source earns only where they do would pass for its own merit.
    """
    reward = np.asarray(rewards, dtype=np.float64)
    mean = (reward.sum() + SHRINK * AVERAGE) / (len(reward) + SHRINK)
    told = float(reward @ faded(len(reward)))
    speaks = [float(part is not None) for part in (scores.session, scores.friends)]
    seen = [1.0, mean - AVERAGE, min(np.log1p(known) / 5, 1.0), min(told / TOLD, 1.0), *speaks]
    return np.tile(seen, (ARMS, 1))


def prior_belief() -> Posterior:
    """What is believed before anybody heard anything: the whole sum before its parts."""
    constant = np.zeros((ARMS, FEATURES))
    constant[:, 0] = [EXPECTED.get(source, 0.0) for source in Source]
    return Posterior.prior(constant)


def taught(arm: Rows, x: Doubles, reward: Doubles) -> Posterior:
    """What is believed after choices [N], the oldest first: of the latest, and of an older one less.

    Where rewards stopped being what the arms and features say, everything before says nothing any more: what is
    believed is the prior and what came since, and exploring begins again.
    """
    kept = slice(-LATEST, None)
    arm, x, reward = arm[kept], x[kept].reshape(-1, FEATURES), reward[kept] - AVERAGE
    while True:
        posterior = prior_belief().learned(arm, x, reward, recency(len(arm)))
        change = changed_at(reward - posterior.foretold(arm, x))
        if not change:
            return posterior
        arm, x, reward = arm[change:], x[change:], reward[change:]


def faded(count: int) -> Doubles:
    """How much each of ``count`` outcomes still says, the oldest first [count]."""
    return np.asarray(KEPT ** np.arange(count - 1, -1, -1), dtype=np.float64)


def happened(radio: Radio) -> list[tuple[int, float, Channel]]:
    """What was heard as evidence: (item id, amount, channel). Listening lifts, skipping lowers, both fade."""
    return [
        (heard.item_id, AMOUNT[heard.outcome] * left, channel_of(heard.outcome))
        for heard, left in zip(radio.heard, faded(len(radio.heard)).tolist(), strict=True)
    ]


def channel_of(outcome: Outcome) -> Channel:
    """Through which channel of the sum an outcome speaks."""
    return Channel.PICK if outcome in POSITIVE else Channel.NEGATIVE


def spared(index: ItemIndex, radio: Radio, known: Collection[int]) -> Rows:
    """Rows of what does not come: the seed, what was heard or is held back, and what is ``known`` (ids)."""
    ids = [item for item, until in radio.held if until >= radio.version]
    ids += [radio.seed_id] if radio.seed_kind == radio.kind.value else []
    return index.known_rows([*ids, *(heard.item_id for heard in radio.heard), *known])


def refused(index: ItemIndex, radio: Radio) -> Rows:
    """Rows of what was refused in this radio, the last one last."""
    ids = [heard.item_id for heard in radio.heard if heard.outcome in REFUSALS]
    return index.known_rows(ids)


def neighbors(index: ItemIndex, item_id: int) -> tuple[int, ...]:
    """Ids of the nearest items to one; empty where the model does not know it."""
    row = int(index.rows(np.array([item_id]))[0])
    if row < 0 or len(index) < 2:
        return ()
    return tuple(index.ids[similar(index, row, NEAREST)].tolist())


def pick(
    offers: dict[Source, Candidates],
    x: Doubles,
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


def choice(index: ItemIndex, picked: Pick, x: Doubles) -> Choice:
    """``picked`` as the session remembers it."""
    return Choice(
        item_id=int(index.ids[picked.row]), source=int(picked.source), propensity=picked.propensity,
        arm_propensity=picked.arm_propensity, features=tuple(np.round(x[picked.source], 6).tolist()),
    )  # fmt: skip
