"""One radio: its seed, what was heard and what came of it. Pure data; it never names a friend.

It is small enough to travel: the client gets it back as a sealed word with every answer and can hand it
in again, so that a radio outlives the server's memory without anything being kept of the listener.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from django.conf import settings
from django.utils.translation import gettext as _

from discovery.platform import clock
from discovery.platform.errors import InvalidInput, NotFound
from discovery.platform.secrets import sealed, unsealed
from graph.models import ItemKind

LIFETIME = 12 * 60 * 60  # seconds without a sign of life
LONGEST = 200  # items remembered; a radio of a day has more, and its beginning no longer matters
HELD_FOR = 3  # items for which the neighbors of a refused one are held back
HEARD_MS = 30_000  # what counts as having listened
_ID, _STATE = "radio id", "radio state"  # what a sealed word is for


class SeedKind(StrEnum):
    NOTHING = "NOTHING"
    TRACK = "TRACK"
    ARTIST = "ARTIST"
    FRIEND = "FRIEND"
    TAG = "TAG"


class Outcome(StrEnum):
    """What became of an item."""

    LISTENED = "LISTENED"
    LIKED = "LIKED"
    SKIPPED = "SKIPPED"
    REFUSED = "REFUSED"  # disliked or hidden


@dataclass(frozen=True)
class Choice:
    """An item and how it came to be chosen: ``propensity`` of the item, ``arm_propensity`` of its source."""

    item_id: int
    source: int
    propensity: float
    arm_propensity: float
    features: tuple[float, ...]
    marks: tuple[str, ...] = ()  # of those whose plays were permitted then (recommend.provenance)


@dataclass(frozen=True)
class Heard:
    """A choice and what came of it; ``reward`` is 0 to 1."""

    item_id: int
    source: int
    outcome: Outcome
    reward: float
    features: tuple[float, ...]


@dataclass(frozen=True)
class Radio:
    """The whole state. ``version`` counts the advances, so that no step is taken twice."""

    id: str
    user_id: int
    kind: ItemKind
    seed_kind: SeedKind
    seed_id: int
    variety: float
    version: int = 0
    heard: tuple[Heard, ...] = ()
    held: tuple[tuple[int, int], ...] = ()  # (item id, version until which it is held back)
    now: Choice | None = None
    private: str = ""  # the private session that any of it happened in: when that began

    def advanced(self, outcome: Outcome, reward: float, held: tuple[int, ...]) -> Radio:
        """After what is playing now has ended with ``outcome``; ``held`` are the neighbors to spare."""
        heard, kept = self.heard, self.held
        if self.now is not None:
            heard += (Heard(self.now.item_id, self.now.source, outcome, reward, self.now.features),)
        version = self.version + 1
        kept = tuple((item, until) for item, until in kept if until >= version)
        kept += tuple((item, version + HELD_FOR - 1) for item in held)
        return replace(self, version=version, heard=heard[-LONGEST:], held=kept, now=None)

    def forgotten(self) -> Radio:
        """Its seed and its step alone: it goes on as if nothing had been heard."""
        return replace(self, heard=(), held=(), now=None, private="")

    def to_json(self) -> dict[str, Any]:
        heard, now = [vars(item) for item in self.heard], self.now and vars(self.now)
        return {**vars(self), "heard": heard, "now": now}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        now = values["now"]
        return cls(
            **{
                **values,
                "kind": ItemKind(values["kind"]),
                "seed_kind": SeedKind(values["seed_kind"]),
                "heard": tuple(_heard(item) for item in values["heard"]),
                "held": tuple((int(item), int(until)) for item, until in values["held"]),
                "now": _choice(now) if now else None,
            }
        )


def reward_of(outcome: Outcome, ms_played: int | None) -> float:
    """What an outcome is worth to the bandit: 1 for listening, up to a half for a late skip."""
    match outcome:
        case Outcome.LISTENED | Outcome.LIKED:
            return 1.0
        case Outcome.SKIPPED:
            return 0.5 * min((ms_played or 0) / HEARD_MS, 1.0)
        case _:
            return 0.0


def public_id(radio: Radio) -> str:
    """The radio's id: its seed, sealed. With it alone a radio can begin again where everything else is lost."""
    begun = replace(radio.forgotten(), version=0)
    return sealed(begun.to_json(), purpose=_ID, key=settings.SECRET_KEY)


def resume_word(radio: Radio) -> str:
    """The whole of ``radio`` as a word that only we can have written, and only we can read."""
    stamped = {"at": int(clock.now().timestamp()), "radio": radio.to_json()}
    return sealed(stamped, purpose=_STATE, key=settings.SECRET_KEY)


def from_id(word: str, *, user_id: int) -> Radio:
    """The radio of an id, as it began. Raises NotFound when it is not ours or another listener's."""
    try:
        radio = Radio.from_json(unsealed(word, purpose=_ID, key=settings.SECRET_KEY))
    except ValueError as error:
        raise _no_radio() from error
    if radio.user_id != user_id:
        raise _no_radio()
    return radio


def _no_state() -> InvalidInput:
    return InvalidInput(_("This is no state of this radio, or it is too old."), field="resume")


def resumed(word: str, *, begun: Radio, forgotten_at: datetime | None = None) -> Radio:
    """The state behind a ``resume`` word of this radio; without what was heard, where the word was written before
    its listener deleted something. Raises InvalidInput where it is of none or too old.
    """
    try:
        stamped = unsealed(word, purpose=_STATE, key=settings.SECRET_KEY)
    except ValueError as error:
        raise _no_state() from error
    radio = Radio.from_json(stamped["radio"])
    if clock.now().timestamp() - stamped["at"] > LIFETIME or (radio.id, radio.user_id) != (
        begun.id,
        begun.user_id,
    ):
        raise _no_state()
    # Words are stamped with whole seconds.
    return (
        radio.forgotten() if forgotten_at is not None and stamped["at"] <= forgotten_at.timestamp() else radio
    )


def _no_radio() -> NotFound:
    return NotFound(_("There is no such radio."), field="radioId")


def _choice(values: Mapping[str, Any]) -> Choice:
    return Choice(
        **{**values, "features": tuple(values["features"]), "marks": tuple(values.get("marks", ()))}
    )


def _heard(values: Mapping[str, Any]) -> Heard:
    return Heard(**{**values, "outcome": Outcome(values["outcome"]), "features": tuple(values["features"])})
