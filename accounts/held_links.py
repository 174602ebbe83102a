"""Who can be found, and the friendships among them, held in memory by each process and brought up to date for each answer.

Held is what the database says of everybody: no plays, no tastes, no answer. Every answer first asks whose links changed
(`link_log`, one query), then the database about these people, and only then looks at what is held: a withdrawal, a block,
the end of a friendship or of an account counts with the next request of any process, and a consent that ends by the
clock ends by it. Where the changes cannot be told one by one, or nothing may be held, `pairs.FindableLinks` answers
instead, a step at a time; it is also what the held is compared with in tests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from django.db import connections, router
from numpy.typing import NDArray

from accounts.compiled_query import KEYS, Among, CompiledQuery
from accounts.conditions import in_force
from accounts.link_log import Moment, log_read
from accounts.models import Block, Consent, Friendship, Purpose, User
from accounts.pairs import FindableLinks, Ids, Mask
from accounts.policies import discoverable
from discovery.platform import clock

SELDOM = 20  # times as long as it takes, at least, passes between two readings of everything
_WIDTH = 32
_LOW = (1 << _WIDTH) - 1
MOST_KEY = (1 << _WIDTH - 1) - 1  # of a person, so that two of them fit into one number


class Links(Protocol):
    """Friendships among people who can be found, as the database has them now."""

    def of(self, people: Ids) -> tuple[Ids, Ids]:
        """Each of these people's (ascending) from their side: (whose, with whom), ascending by both."""

    def findable(self, people: Ids) -> Mask:
        """Which of these people strangers may find."""


@dataclass(frozen=True, eq=False, slots=True)
class HeldLinks:
    """Links in memory; nothing in it ever changes, what is newer is another one."""

    ends: Ids  # each link from both its sides, ascending: whose << 32 | with whom
    people: Ids  # who can be found, ascending
    until: NDArray[np.float64]  # and until when
    soonest: float  # of these

    def of(self, people: Ids) -> tuple[Ids, Ids]:
        starts = np.searchsorted(self.ends, people << _WIDTH)
        sizes = np.searchsorted(self.ends, (people + 1) << _WIDTH) - starts
        place = np.arange(sizes.sum()) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
        return np.repeat(people, sizes), self.ends[place] & _LOW

    def findable(self, people: Ids) -> Mask:
        return _isin(people, self.people)

    def over(self, now: float) -> Ids:
        """Who can be found no more because their time is over."""
        return self.people[self.until <= now] if self.soonest <= now else self.people[:0]

    def anew(self, changed: Ids, asked: Links, until: dict[int, float]) -> HeldLinks:
        """The same with what is ``asked`` about those who ``changed`` in the place of what was held about them."""
        whose, whom = self.of(changed)
        gone = np.searchsorted(self.ends, np.unique(_both(whose, whom)))
        come = np.unique(_both(*asked.of(changed)))
        ends = np.delete(self.ends, gone)
        ends = np.insert(ends, np.searchsorted(ends, come), come)
        stay = ~np.isin(self.people, changed)
        found = changed[asked.findable(changed)]
        people, times = self.people[stay], self.until[stay]
        place = np.searchsorted(people, found)
        return _held(ends, np.insert(people, place, found), np.insert(times, place, _times(found, until)))


@dataclass(frozen=True, eq=False, slots=True)
class _Known:
    links: HeldLinks
    moment: Moment


_known: _Known | None = None
_reading = threading.Lock()
_next_reading = 0.0  # by the monotonic clock


def links_now() -> Links:
    """What may be known of links at this moment, good for one answer."""
    global _known  # noqa: PLW0603  # what this process holds
    known = _known
    # What a transaction did is nobody else's yet, and may never be: then nothing is kept for other answers.
    within = connections[router.db_for_read(User)].in_atomic_block
    if known is None:
        return FindableLinks() if within else _read() or FindableLinks()
    news = log_read(known.moment)
    if news.moment is None or news.changed is None:
        return FindableLinks() if within else _read() or FindableLinks()
    links, now = known.links, clock.now().timestamp()
    changed = np.union1d(np.fromiter(news.changed, np.int64), links.over(now))
    if not len(changed):
        if news.moment != known.moment and not within:
            _known = _Known(links, news.moment)
        return links
    if changed[-1] > MOST_KEY:
        return FindableLinks()
    links = links.anew(changed, FindableLinks(), _ends(_ENDING.values(changed.tolist())))
    if not within:
        _known = _Known(links, news.moment)
    return links


def _read() -> HeldLinks | None:
    """Everything, read anew and held from now on; None where it was read just now or another thread is at it."""
    global _known, _next_reading  # noqa: PLW0603  # what this process holds
    if time.monotonic() < _next_reading or not _reading.acquire(blocking=False):
        return None
    begin = time.monotonic()
    try:
        _known = None
        moment = log_read(None).moment  # first: what changes from now on is news
        links = everything() if moment else None
        if moment and links:
            _known = _Known(links, moment)
    except OverflowError:
        return None
    else:
        return links
    finally:
        _next_reading = time.monotonic() + SELDOM * (time.monotonic() - begin)
        _reading.release()


def everything() -> HeldLinks:
    """All links as they are in the database now. Raises OverflowError where somebody's key is too great."""
    people = np.array(sorted(discoverable().values_list("pk", flat=True)), dtype=np.int64)
    if people.max(initial=0) > MOST_KEY:
        raise OverflowError(f"Nobody's key may be greater than {MOST_KEY} where links are held in memory.")
    low, high = _pairs(_ACCEPTED.rows())
    kept = _isin(low, people) & _isin(high, people)
    ends = np.setdiff1d(_both(low[kept], high[kept]), _both(*_pairs(_BLOCKS.rows())))
    return _held(ends, people, _times(people, _ends(_ALL_ENDING.values())))


def held(people: Ids, low: Ids, high: Ids) -> HeldLinks:
    """Links between ``low`` and ``high``, of ``people`` who can all be found, for good."""
    return _held(np.unique(_both(low, high)), people, _times(people, {}))


def _held(ends: Ids, people: Ids, until: NDArray[np.float64]) -> HeldLinks:
    return HeldLinks(ends, people, until, float(until.min(initial=np.inf)))


def _pairs(rows: list[tuple[Any, ...]]) -> tuple[Ids, Ids]:
    low, high = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    return low, high


def _both(one: Ids, other: Ids) -> Ids:
    """Links from both their sides."""
    return np.concatenate([one << _WIDTH | other, other << _WIDTH | one])


def _isin(some: Ids, people: Ids) -> Mask:
    """Which of ``some`` are among ``people``, who ascend."""
    if not len(people):
        return np.zeros(some.shape, dtype=bool)
    place = np.minimum(np.searchsorted(people, some), len(people) - 1)
    return np.asarray(people[place] == some)


def _ends(rows: Collection[list[Any]]) -> dict[int, float]:
    ends: dict[int, datetime] = dict(rows)
    return {person: end.timestamp() for person, end in ends.items()}


def _times(people: Ids, until: dict[int, float]) -> NDArray[np.float64]:
    if not until:
        return np.full(len(people), np.inf)
    return np.array([until.get(person, np.inf) for person in people.tolist()])


_ACCEPTED = CompiledQuery(
    lambda _now: Friendship.objects.filter(state=Friendship.State.ACCEPTED).values_list("low_id", "high_id")
)
_BLOCKS = CompiledQuery(lambda _now: Block.objects.values_list("blocker_id", "blocked_id"))


def _dated(now: datetime, *among: Among) -> Any:
    consents = Consent.objects.filter(in_force(now), *among, purpose=Purpose.DISCOVERABLE, friend=None)
    return consents.exclude(valid_until=None).values_list("user_id", "valid_until")


_ALL_ENDING = CompiledQuery(_dated)
_ENDING = CompiledQuery(lambda keys, now: _dated(now, Among("user_id", keys)), KEYS)
