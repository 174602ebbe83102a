"""Who gets what: a person's arm, and the teams of one list (Radlinski, Kurup and Joachims 2008).

Everything is drawn by a keyed hash of the experiment and the person, so that the same question is answered the same and
pages join: the first items of a longer draft are those of a shorter one. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.conf import settings

A, B, BOTH = 0, 1, -1


def arm_of(salt: str, person: int) -> int:
    """The arm a person is in, for as long as the experiment runs."""
    return _bits(salt, person, "arm")(0)


def coins(salt: str, person: int, day: str, kind: str) -> Coins:
    """Who chooses first in each round of a list of this day."""
    return Coins(_bits(salt, person, f"{day} {kind}"))


class Coins:
    """Fair coins, the same whenever they are looked at."""

    def __init__(self, bit: _Bits) -> None:
        self._bit = bit

    def __getitem__(self, number: int) -> int:
        return self._bit(number)


class _Bits:
    """A stream of bits that a key decides."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._block, self._bytes = -1, b""

    def __call__(self, number: int) -> int:
        block, place = divmod(number, 256)
        if block != self._block:
            made = hashlib.blake2b(self._key + block.to_bytes(4), digest_size=32, person=b"experiment bits")
            self._block, self._bytes = block, made.digest()
        return self._bytes[place // 8] >> place % 8 & 1


def _bits(salt: str, person: int, what: str) -> _Bits:
    secret = hashlib.blake2b(settings.SIGNING_KEY.encode(), digest_size=32, person=b"experiment").digest()
    told = f"{salt} {person} {what}".encode()
    return _Bits(hashlib.blake2b(told, key=secret, digest_size=32).digest())


def team_draft(
    first: Sequence[int], second: Sequence[int], coin: Coins, length: int
) -> list[tuple[int, int]]:
    """At most ``length`` items, each with its team: in each round both choose their best that is left, by the coin's turn.

    Where one has nothing left the other's items follow, of `BOTH` teams: to them nobody was an alternative.
    """
    lists, places = (first, second), [0, 0]
    taken: set[int] = set()
    drafted: list[tuple[int, int]] = []
    number = 0
    while len(drafted) < length:
        turn = coin[number]
        number += 1
        chosen: list[tuple[int, int]] = []
        for team in (turn, 1 - turn):
            while places[team] < len(lists[team]) and lists[team][places[team]] in taken:
                places[team] += 1
            if places[team] < len(lists[team]):
                item = lists[team][places[team]]
                taken.add(item)
                chosen.append((item, team))
        if not chosen:
            break
        drafted += chosen if len(chosen) == 2 else [(item, BOTH) for item, _team in chosen]
    return drafted[:length]
