"""What the people in a room said and what it played: everything about a queue that is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.models import User
from discovery.models import Room, RoomPlay, RoomWord

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
    words = RoomWord.objects.filter(room=room, user__in=people).values_list("user_id", "item_id", "kind")
    for user_id, item_id, kind in words:
        if kind == RoomWord.Kind.VOTE:
            votes[item_id].add(user_id)
        else:
            vetoed.add(item_id)
    plays = RoomPlay.objects.filter(room=room).order_by("-step").values_list("item_id", "outcome")
    latest = list(plays[:REMEMBERED])
    heard = [item for item, outcome in latest if outcome == RoomPlay.Outcome.PLAYED]
    return Said(
        votes={item: frozenset(who) for item, who in votes.items()},
        vetoed=frozenset(vetoed),
        played=frozenset(item for item, _ in latest),
        skipped=frozenset(item for item, outcome in latest if outcome == RoomPlay.Outcome.SKIPPED),
        lately=tuple(heard[:LATELY]),
    )
