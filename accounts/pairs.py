"""The rules of `policies` asked for many people at once: who hears of whom, sees whom, is linked with whom.

``among`` limits a rule to these people (for a few, as they are asked with an answer, its queries are compiled);
without it, it is asked of everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
from django.db.models import Case, QuerySet, Value, When
from numpy.typing import NDArray

from accounts import hearing, policies
from accounts.compiled_query import KEYS, Among, CompiledQuery, Keys
from accounts.conditions import GUARDED, Answers, granting, within
from accounts.hearing import Sharing, SocialSource
from accounts.models import Block, Consent, Friendship, PersonalizationLevel, Purpose, User
from accounts.policies import discoverable, permitting
from discovery.platform import clock

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]

_ASKED = (Purpose.SELF, Purpose.SOCIAL_IN, Purpose.SOCIAL_OUT, Purpose.NAMED)


class _Rows:
    """Rows of one table whose ``columns`` are all among some people, or all rows."""

    def __init__(self, rows: Callable[[datetime], QuerySet[Any, Any]], *columns: str) -> None:
        self._rows = rows
        self._compiled = CompiledQuery(
            lambda keys, now: rows(now).filter(*(Among(column, keys) for column in columns)), KEYS
        )

    def values(self, among: Keys | None) -> list[Any]:
        """Of a rule that names values."""
        return list(self._rows(clock.now())) if among is None else self._compiled.rows(among)

    def instances(self, among: Keys | None) -> list[Any]:
        """Of a rule that names none."""
        return list(self._rows(clock.now())) if among is None else self._compiled.instances(among)


def _ahead(column: str, now: datetime) -> Case:
    """1 where this moment lies ahead, else 0."""
    return Case(When(**{f"{column}__gt": now}, then=Value(1)), default=Value(0))


_CONSENTS = _Rows(
    lambda _now: Consent.objects.filter(purpose__in=_ASKED).exclude(
        purpose__in=GUARDED, user__is_minor=True, user__guardian=None
    ),
    "user_id",
)
_LEVELS = _Rows(
    lambda now: (
        User.objects.filter(is_active=True)
        .annotate(in_private=_ahead("private_until", now), silent=_ahead("unnamed_silent_until", now))
        .values_list("pk", "level", "in_private", "silent")
    ),
    "pk",
)
_ACCEPTED = _Rows(
    lambda now: (
        Friendship.objects.filter(state=Friendship.State.ACCEPTED)
        .annotate(low_late=_ahead("low_hears_from", now), high_late=_ahead("high_hears_from", now))
        .values_list("low_id", "high_id", "low_late", "high_late")
    ),
    "low_id", "high_id",
)  # fmt: skip
_BLOCKS = _Rows(
    lambda _now: Block.objects.values_list("blocker_id", "blocked_id"), "blocker_id", "blocked_id"
)


def social_pairs(among: Collection[int] | None = None) -> dict[int, list[SocialSource]]:
    """``social_sources`` of everybody (or all ``among`` these) at once, by viewer id; four queries, no empty entries."""
    answers = Answers(_CONSENTS.instances(among))
    people = {pk: tuple(rest) for pk, *rest in _LEVELS.values(among)}
    active, blocked = frozenset(people), blocked_pairs(among)
    listening = {
        pk: bool(silent)
        for pk, (level, in_private, silent) in people.items()
        if level in PersonalizationLevel
        and not in_private
        and policies.cut_down(
            PersonalizationLevel(level),
            [purpose for purpose in (Purpose.SELF, Purpose.SOCIAL_IN) if answers.permit(pk, purpose)],
        ).friends
    }
    sharing: dict[int, list[Sharing]] = defaultdict(list)
    for low, high, low_late, high_late in _ACCEPTED.values(among):
        if not active.issuperset((low, high)) or frozenset((low, high)) in blocked:
            continue
        for viewer_id, friend_id, late in ((low, high, low_late), (high, low, high_late)):
            if viewer_id in listening and answers.permit(friend_id, Purpose.SOCIAL_OUT, viewer_id):
                source = SocialSource(friend_id, answers.permit(friend_id, Purpose.NAMED, viewer_id))
                wanted = answers.permit(viewer_id, Purpose.SOCIAL_IN, friend_id)
                sharing[viewer_id].append(Sharing(source, wanted, bool(late)))
    heard = {
        viewer_id: hearing.heard(friends, silent=listening[viewer_id])
        for viewer_id, friends in sharing.items()
    }
    return {
        viewer_id: sorted(sources, key=lambda source: source.user_id)
        for viewer_id, sources in heard.items()
        if sources
    }


def blocked_pairs(among: Collection[int] | None = None) -> set[frozenset[int]]:
    """Pairs with a block between them, whoever gave it."""
    return {frozenset(ends) for ends in _BLOCKS.values(among)}


def visible_pairs(viewers: Collection[User], people: Collection[int]) -> set[tuple[int, int]]:
    """(viewer key, person key) for each of ``people`` whom each viewer may see; four queries for any number."""
    keys = {viewer.pk for viewer in viewers if viewer.is_active}
    active = dict(User.objects.filter(pk__in=people, is_active=True).values_list("pk", "guardian_id"))
    findable = set(permitting(Purpose.DISCOVERABLE).filter(pk__in=people).values_list("pk", flat=True))
    blocked = blocked_pairs(keys | active.keys())
    ends = Friendship.objects.filter(within(keys, "low") | within(keys, "high")).values_list(
        "low_id", "high_id"
    )
    linked = {frozenset(pair) for pair in ends}
    return {
        (viewer, person)
        for viewer in keys
        for person in active
        if (pair := frozenset((viewer, person))) not in blocked
        and (viewer in {person, active[person]} or person in findable or pair in linked)
    }


def discoverable_pairs() -> list[tuple[int, int]]:
    """Accepted friendships whose both ends can be found: what may count as being near somebody."""
    people = discoverable()
    return list(
        Friendship.objects.filter(
            state=Friendship.State.ACCEPTED, low__in=people, high__in=people
        ).values_list("low_id", "high_id")
    )


class FindableLinks:
    """Who can be found, and the friendships among them, asked around some people at a time.

    The rule of `discoverable_pairs`, without pairs that a block is between; it remembers whom it has asked about,
    so that one of these serves one answer and no more.
    """

    def __init__(self) -> None:
        self._asked = self._found = np.zeros(0, dtype=np.int64)

    def findable(self, people: Ids) -> Mask:
        """Which of these people strangers may find, an array like theirs."""
        unknown = np.setdiff1d(people, self._asked)
        if len(unknown):
            self._asked = np.union1d(self._asked, unknown)
            self._found = np.append(self._found, _flat(_FINDABLE.rows(unknown.tolist())))
        return np.isin(people, self._found)

    def of(self, people: Ids) -> tuple[Ids, Ids]:
        """Each friendship of these people from their side, both of whose ends can be found: (whose, with whom), ascending by both."""
        keys = people.tolist()
        ends = _flat(_FRIENDSHIPS_OF.rows(keys)).reshape(-1, 2)
        if blocked := {*_BLOCKS_OF.rows(keys)}:
            ends = ends[[tuple(pair) not in blocked for pair in ends.tolist()]]
        whose, whom = ends[self.findable(ends).all(axis=1)].T
        order = np.lexsort((whom, whose))
        return whose[order], whom[order]


def _flat(rows: list[tuple[Any, ...]]) -> Ids:
    return np.fromiter(chain.from_iterable(rows), np.int64)


def _both_ways(
    model: type[Friendship | Block], one: str, other: str, keys: Keys, **kept: Any
) -> QuerySet[Any, Any]:
    rows = model._default_manager.filter(**kept)  # noqa: SLF001  # Django's name for it
    there = rows.filter(Among(one, keys)).values_list(one, other)
    return there.union(rows.filter(Among(other, keys)).values_list(other, one), all=True)


_FRIENDSHIPS_OF = CompiledQuery(
    lambda keys, _now: _both_ways(Friendship, "low_id", "high_id", keys, state=Friendship.State.ACCEPTED),
    KEYS,
)
_LINKS_OF = CompiledQuery(lambda keys, _now: _both_ways(Friendship, "low_id", "high_id", keys), KEYS)
_BLOCKS_OF = CompiledQuery(lambda keys, _now: _both_ways(Block, "blocker_id", "blocked_id", keys), KEYS)
_FINDABLE = CompiledQuery(
    lambda keys, now: User.objects.filter(
        Among("pk", keys), granting(Purpose.DISCOVERABLE, now=now), is_active=True
    ).values_list("pk"),
    KEYS,
)
_CONTRIBUTING = CompiledQuery(
    lambda keys, now: User.objects.filter(
        Among("pk", keys), granting(Purpose.CONTRIBUTE, now=now), is_active=True
    ).values_list("pk"),
    KEYS,
)


def contributing(among: Collection[int]) -> set[int]:
    """Of these people, those whose plays may train models, and so be compared with a stranger's."""
    return {person for (person,) in _CONTRIBUTING.rows(among)}


def linked_with_each(among: Collection[int]) -> dict[int, set[int]]:
    """By person: with whom there is a friendship or a request for one."""
    return _by_person(_LINKS_OF.rows(among))


def blocked_with_each(among: Collection[int]) -> dict[int, set[int]]:
    """By person: with whom there is a block, whoever gave it."""
    return _by_person(_BLOCKS_OF.rows(among))


def _by_person(rows: list[Any]) -> dict[int, set[int]]:
    others: dict[int, set[int]] = defaultdict(set)
    for person, other in rows:
        others[person].add(other)
    return others
