"""What may be added up: entries of evidence, the channels they come by, and how strongly each counts.

Amounts go in (play counts, picks, words), signed strengths come out. Knows nothing of items' vectors.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Codes, Doubles, Floats, Reals, Rows

Made = TypeVar("Made")

LOUDEST = 4.0  # no entry weighs more than four ordinary ones
# What a word weighs: what was asked for goes before what somebody usually plays, which orders what is left.
WORD_GAIN = 5.0


class Channel(enum.IntEnum):
    """Where a piece of evidence comes from; its weights are learned per channel."""

    OWN = 0  # the viewer's plays; amount is a play count
    FRIEND = 1  # a sharing friend's plays; amount is a play count
    PICK = 2  # an onboarding pick, like or session seed; amount is a strength, 1 is one pick
    PROMPT_TAG = 3  # a tag of a prompt or occasion; amount is a strength
    NEGATIVE = 4  # a skip or dislike; amount is a strength, given as a positive number
    WORD = 5  # a word of a prompt or an occasion; amount is a strength, below zero for what is not wanted


@dataclass(frozen=True, kw_only=True, eq=False)
class Spoken:
    """What the words of one request mean for the candidates; made for the request by `graph.words.sense`."""

    keys: Floats  # [w, dim] their vectors, in the candidates' space
    axis: Floats  # [w, 2] how much each asks for valence and for energy
    text: sp.csr_matrix  # [w, n] how well what a candidate is called fits each; at most 1

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a request may use about one viewer. Several entries may share a key. Raises ValueError for no key's row."""

    key_row: Rows  # [E] rows into the key table; negative rows are refused
    amount: Floats  # [E] > 0 but for words, raw strength in the channel's unit
    channel: Codes  # [E] Channel
    said: Spoken | None = None  # words: a row behind all keys each
    # What an index made of it for this request, by what that is; a part of it or a copy makes its own.
    _made: dict[tuple[str, object], Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.key_row) and self.key_row.min() < 0:
            raise ValueError("evidence of something that has no key")

    def __len__(self) -> int:
        return len(self.key_row)

    def once(self, what: str, by: object, make: Callable[[], Made]) -> Made:
        """``what`` something makes of this evidence, made the first time it is asked for; nobody changes it."""
        key = what, by
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made


@dataclass(frozen=True, kw_only=True)
class ChannelRule:
    """How one channel's amounts become strengths.

    strength = gain · min((log1p(amount) / unit)^power if logarithmic else amount, LOUDEST) · n^-count_power,
    where n counts the channel's entries: a scalar that no single entry can bend far.
    """

    gain: float
    logarithmic: bool
    unit: float
    count_power: float
    identity: float  # extra score for the evidence's own item, per unit of strength
    weights: tuple[float, ...]  # one a source, in the order of Source.start
    power: float = 1.0  # of the logarithm

    def strength(self, amount: Floats, count: NDArray[np.integer[Any]] | int) -> Floats:
        """Signed strength of entries of this channel, given how many entries their viewer has."""
        return np.asarray(self._strength(amount, count, np.float32), dtype=np.float32)

    def exact_strength(self, amount: Floats, count: int) -> Doubles:
        """The same in doubles."""
        return np.asarray(self._strength(amount.astype(np.float64), count, np.float64), dtype=np.float64)

    def _strength(self, amount: Reals, count: NDArray[np.integer[Any]] | int, kind: type[Any]) -> Any:
        raised = (np.log1p(amount) / self.unit) ** self.power if self.logarithmic else amount
        raised = np.asarray(np.clip(raised, -LOUDEST, LOUDEST), dtype=kind)
        scale = np.maximum(count, 1) ** -self.count_power
        return self.gain * raised * scale


def word_rule(sources: int) -> ChannelRule:
    """Words count alike in every model, and each as if it stood alone: one that is struck out takes its own term along."""
    return ChannelRule(
        gain=WORD_GAIN, logarithmic=False, unit=1.0, count_power=0.0, identity=0.0, weights=(1.0,) * sources
    )


@dataclass(frozen=True, kw_only=True)
class Source:
    """One block of columns: a way of knowing that two items belong together."""

    name: str
    start: int
    stop: int
