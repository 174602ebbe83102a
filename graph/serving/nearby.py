"""Who is near a viewer: people whom two or three steps over friendships reach, and how they are reached.

Enters a way to ask for the links around some people, cleared by its maker: both ends of each may be found, and
nobody is in it from whom a block keeps the viewer. Leaves a few dozen candidates with features of how they are
reached. Links are held in memory or asked of the database a step at a time (`accounts.held_links`); the answer is the
same to the bit, and what it costs does not grow with the number of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Doubles, Floats, Ids, Rows

REACHED = (
    "resource_allocation",
    "adamic_adar",
    "paths_of_three",
    "paths_of_three_evened",
    "overlap_of_friends",
    "walks_from_home",
    "friends_in_common",
    "share_of_my_friends",
    "share_of_their_friends",
    "share_of_all_friends",
    "degree",
    "my_degree",
)
BRIDGES, ONWARD, POOL = 200, 200, 100  # friends; friends' friends that are asked for theirs; candidates
STEPS, GOING_ON = 5, 0.7  # of the walks: how many, and how much of each goes on
FARTHER = 0.7  # what a path of three counts beside one of two where candidates are chosen

NOBODY: Ids = np.zeros(0, dtype=np.int64)


class Links(Protocol):
    """Friendships that may be known of."""

    def of(self, people: Ids) -> tuple[Ids, Ids]:
        """Each link of these people from their side: (whose, with whom), ascending by both."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Nearby:
    """Candidates for one viewer, and the friends over whom they are reached."""

    people: Ids  # [P] ascending
    features: Floats  # [P, REACHED]
    mutual: Rows  # [P] friends in common
    bridges: Ids  # [B] ascending
    bridge: Rows  # [E] places in ``bridges`` of each friend in common …
    candidate: Rows  # [E] … and in ``people`` of who it is in common with
    weight: Doubles  # [E] one over the friend's degree
    step: Rows  # [L] places in ``bridges`` and, after them, ``people`` of who is a candidate's friend …
    end: Rows  # [L] … and in ``people`` of that candidate
    carried: Doubles  # [L] what paths of two bring to the step, divided by its degree


class _Part:
    """The part of the links that was asked for: people ascending, and the links of those that were asked for theirs."""

    def __init__(self, *links: tuple[Ids, Ids]) -> None:
        self._links = links
        givers, takers = (np.concatenate(ends) for ends in zip(*links, strict=True))
        here = np.zeros(max(givers.max(), takers.max()) + 1, dtype=bool)  # by key: sooner done than sorting
        here[givers] = here[takers] = True
        self.people = np.flatnonzero(here)
        place = np.empty(len(here), dtype=np.int64)  # of each key; what nobody has is never touched
        place[self.people] = np.arange(len(self.people))
        self.giver, self.taker = place[givers], place[takers]
        self.degree = np.bincount(self.giver, minlength=len(self.people))

    def places(self, people: Ids) -> Rows:
        """Where some of them stand."""
        return np.searchsorted(self.people, people)

    def with_more(self, links: tuple[Ids, Ids]) -> _Part:
        """The same with the links of more people."""
        return _Part(*self._links, links)

    def onward(self, at: Doubles) -> Doubles:
        """Where what is at each person [n] arrives one step on, given to each of theirs."""
        return np.asarray(
            np.bincount(self.taker, at[self.giver], minlength=len(self.people)), dtype=np.float64
        )

    def shared(self, at: Doubles) -> Doubles:
        """The same, where each divides it among all of theirs."""
        return self.onward(at / np.maximum(self.degree, 1))


class _Seen:
    """Links without those whom something keeps from the viewer, and the first two steps over them."""

    def __init__(self, viewer: int, links: Links, hidden: Ids) -> None:
        self._links, self._hidden = links, hidden
        bridges = self.around(np.array([viewer]))[1]
        self.bridges = np.sort(_first(bridges, np.zeros(len(bridges)), BRIDGES))
        home = (np.full(len(self.bridges), viewer), self.bridges)
        self.inner = _Part(home, self.around(self.bridges)) if len(self.bridges) else None

    def around(self, people: Ids) -> tuple[Ids, Ids]:
        whose, whom = self._links.of(people)
        if not len(self._hidden):
            return whose, whom
        seen = ~np.isin(whom, self._hidden)
        return whose[seen], whom[seen]


def friends_of_friends(
    viewer: int, links: Links, *, hidden: Ids = NOBODY, linked: Ids = NOBODY, most: int = POOL
) -> Ids:
    """The ``most`` people nearest to ``viewer`` by paths of two steps, ascending; as `nearby`."""
    seen = _Seen(viewer, links, hidden)
    if seen.inner is None:
        return NOBODY
    two = _two_steps(seen.inner, viewer, seen.bridges)
    ends = (two > 0) & ~np.isin(seen.inner.people, np.concatenate([seen.bridges, linked]))
    return np.sort(_first(seen.inner.people[ends], two[ends], most))


def nearby(
    viewer: int, links: Links, *, hidden: Ids = NOBODY, linked: Ids = NOBODY, most: int = POOL
) -> Nearby | None:
    """The ``most`` people nearest to ``viewer`` by paths of two and three steps; None where no path leads anywhere.

    Who is ``hidden`` from the viewer is neither end nor step; who is ``linked`` already is no end.
    """
    seen = _Seen(viewer, links, hidden)
    bridges, inner = seen.bridges, seen.inner
    if inner is None:
        return None
    two = _two_steps(inner, viewer, bridges)
    beyond = two > 0
    beyond[inner.places(bridges)] = False
    onward = np.sort(_first(inner.people[beyond], two[beyond], ONWARD))
    outer = inner.with_more(seen.around(onward))
    two = _two_steps(outer, viewer, bridges)
    three = outer.shared(two)
    ends = (two > 0) | (three > 0)
    ends[outer.places(np.concatenate([[viewer], bridges]))] = False
    ends &= ~np.isin(outer.people, linked)
    people = np.sort(_first(outer.people[ends], (two + FARTHER * three)[ends], most))
    if not len(people):
        return None
    unasked = people[outer.degree[outer.places(people)] == 0]
    whole = outer.with_more(seen.around(unasked))
    return _described(
        whole, viewer, bridges, people, two=two[outer.places(people)], three=three[outer.places(people)]
    )


def _two_steps(part: _Part, viewer: int, bridges: Ids) -> Doubles:
    """What each gets where every friend of the viewer shares one among all of theirs; the viewer nothing."""
    at = np.zeros(len(part.people))
    at[part.places(bridges)] = 1
    got = part.shared(at)
    got[part.places(np.array([viewer]))] = 0
    return got


def _described(
    part: _Part, viewer: int, bridges: Ids, people: Ids, *, two: Doubles, three: Doubles
) -> Nearby:
    size = len(part.people)
    ends, friends = part.places(people), part.places(bridges)
    home = int(part.places(np.array([viewer]))[0])
    mine, theirs = len(bridges), part.degree[ends]
    place = np.full(size, -1)  # in bridges and, after them, people
    place[friends], place[ends] = np.arange(mine), np.arange(mine, mine + len(ends))
    inside = (place[part.giver] >= 0) & (place[part.taker] >= mine)
    giver = part.giver[inside]
    step, end = place[giver], place[part.taker[inside]] - mine
    common = step < mine
    bridge, candidate = step[common], end[common]
    mutual = np.bincount(candidate, minlength=len(people))
    reached = _two_steps(part, viewer, bridges)
    root = np.sqrt(np.maximum(part.degree, 1))
    at = np.zeros(size)
    at[friends] = 1 / root[friends]
    at = part.onward(at)
    overlap = at[ends] / np.sqrt(theirs * mine)
    at[home] = 0
    evened = part.shared(at)[ends] / np.sqrt(theirs * mine)
    features = {
        "resource_allocation": np.log1p(20 * two),
        "adamic_adar": np.log1p(np.bincount(candidate, _rarity(part.degree[giver[common]]), len(people))),
        "paths_of_three": np.log1p(100 * three),
        "paths_of_three_evened": np.log1p(10 * evened),
        "overlap_of_friends": overlap,
        "walks_from_home": np.log1p(300 * _walks(part, friends)[ends]),
        "friends_in_common": np.log1p(mutual),
        "share_of_my_friends": mutual / mine,
        "share_of_their_friends": mutual / theirs,
        "share_of_all_friends": mutual / np.maximum(mine + theirs - mutual, 1),
        "degree": np.log1p(theirs),
        "my_degree": np.full(len(people), np.log1p(mine)),
    }
    return Nearby(
        people=people,
        features=np.stack([features[name] for name in REACHED], axis=1).astype(np.float32),
        mutual=mutual,
        bridges=bridges,
        bridge=bridge,
        candidate=candidate,
        weight=1 / part.degree[giver[common]],
        step=step,
        end=end,
        carried=reached[giver] / part.degree[giver],
    )


def _rarity(degree: Rows) -> Doubles:
    return np.asarray(1 / np.log(np.maximum(degree, 2)))


def _walks(part: _Part, friends: Rows) -> Doubles:
    """Where walks that start at the viewer's friends, and may stop at each step, are found [n]."""
    at = np.zeros(len(part.people))
    at[friends] = 1 / len(friends)
    seen = at.copy()
    for number in range(1, STEPS + 1):
        at = part.shared(at)
        seen += GOING_ON**number * at
    return np.asarray((1 - GOING_ON) * seen)


def _first(people: Ids, weight: Doubles, most: int) -> Ids:
    """Those that weigh most; equal ones in an order that has nothing to do with when somebody joined."""
    if len(people) <= most:
        return people
    return people[np.lexsort((mixed(people), -weight))[:most]]


def mixed(ids: Ids, key: int = 0) -> NDArray[np.uint64]:
    """Numbers that stand for ids in an order that looks like chance, another one for each key (SplitMix64)."""
    with np.errstate(over="ignore"):
        value = ids.astype(np.uint64) + np.uint64(key) + np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(value ^ (value >> np.uint64(31)))
