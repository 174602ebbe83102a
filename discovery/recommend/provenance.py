"""Whether a choice that was made from people's data may stand: it may while all of them still let their data count.

A radio and a room keep what they play. Beside it they keep a mark for everybody whose data was permitted when it was
chosen; a mark is keyed, so that it names nobody, and what is kept of a person who is gone says nothing of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from django.conf import settings

from discovery.recommend.evidence import PermittedEvidence

ONESELF = 0  # stands for the viewer's own data


def marks_of(people: Iterable[int]) -> tuple[str, ...]:
    """One mark for each of these people (by key)."""
    secret = settings.SIGNING_KEY.encode()[:64]
    return tuple(
        hashlib.blake2b(str(person).encode(), key=secret, digest_size=8).hexdigest()
        for person in sorted(people)
    )


def sources_of(permitted: PermittedEvidence) -> frozenset[int]:
    """Whose data is permitted in an answer: friends by key, and `ONESELF`."""
    own = {ONESELF} if permitted.use.own else set()
    return frozenset({*permitted.friends, *own})


def stands(marks: Collection[str], people: Iterable[int]) -> bool:
    """Whether everybody who had a mark is still among ``people``."""
    return set(marks) <= set(marks_of(people))
