"""What the people in a room said and what it played: everything about a queue that is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.compiled_query import KEYS, OTHER_KEYS, Among, CompiledQuery
from accounts.models import User
from discovery.models import Room, RoomPlay, RoomVote

REMEMBERED = 500  # plays that are not repeated
LATELY = 6  # of these, what counts for whose turn it is


@dataclass(frozen=True)
class Said:
    """``votes``: who voted, by item; ``vetoed``, ``played`` and ``skipped``: items; ``lately``: what was heard last."""

    votes: Mapping[int, frozenset[int]]
    vetoed: frozenset[int]
    played: frozenset[int]
    skipped: frozenset[int]
    lately: tuple[int, ...]


def said_in(room: Room, people: Sequence[User]) -> Said:
    """What counts in ``room`` now: the words of who is there, and everything it played. Two queries."""
    votes: dict[int, set[int]] = defaultdict(set)
    vetoed = set()
    for user_id, item_id, kind in _WORDS.rows((room.pk,), [person.pk for person in people]):
        if kind == RoomVote.Kind.VOTE:
            votes[item_id].add(user_id)
        else:
            vetoed.add(item_id)
    latest = _PLAYS.rows((room.pk,))
    heard = [item for item, outcome in latest if outcome == RoomPlay.Outcome.PLAYED]
    return Said(
        votes={item: frozenset(who) for item, who in votes.items()},
        vetoed=frozenset(vetoed),
        played=frozenset(item for item, _ in latest),
        skipped=frozenset(item for item, outcome in latest if outcome == RoomPlay.Outcome.SKIPPED),
        lately=tuple(heard[:LATELY]),
    )


_WORDS = CompiledQuery(
    lambda room, people, _now: RoomVote.objects.filter(
        Among("room_id", room), Among("user_id", people)
    ).values_list("user_id", "item_id", "kind"),
    KEYS, OTHER_KEYS,
)  # fmt: skip
_PLAYS = CompiledQuery(
    lambda room, _now: (
        RoomPlay.objects.filter(Among("room_id", room))
        .order_by("-step")
        .values_list("item_id", "outcome")[:REMEMBERED]
    ),
    KEYS,
)
