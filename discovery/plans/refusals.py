"""What is not wanted: which readings a word that refuses reaches, in front of it or behind.

"ohne A, B und C", "spare me A", "A can stay at home", "A and B: no thanks", "keep A out", "nothing I know". Enters: the
readings in the order of the text. Leaves: the numbers of those that are refused, and of those that say nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from discovery.plans import lists
from discovery.plans.readings import Reading
from discovery.plans.tokens import Token

# What stands between a word that refuses and what it refuses, and changes nothing.
PASSED = frozenset(
    {"filler", "noun", "by", "very", "somewhat", "too", "adverb", "plain", "hold", "size", "begin", "end", "change",
     "particle", "closer", "relative", "music"}
)  # fmt: skip
# What may stand between something and a word behind it that refuses it.
_CROSSED = PASSED | {"join", "but", "friend", "with", "unknown", "not"}
_CUES = frozenset({"without", "not"})
_GROUPS = {"artist": "name", "tag": "name", "unknown": "name"}
_REFUSABLE = frozenset(
    {"artist", "tag", "mood", "era", "friend", "unknown", "familiar", "unheard", "varied", "alike"}
)
_BACK = frozenset({"artist", "tag", "mood", "familiar"})


class Refusals(NamedTuple):
    """``refused``: what is not wanted; ``muted``: what only tells which of something is not ("no sad folk")."""

    refused: frozenset[int]
    muted: frozenset[int]


def refusals(readings: Sequence[Reading], tokens: Sequence[Token]) -> Refusals:
    """Which of the readings are refused."""
    said = _Said(readings, tokens)
    for at, reading in enumerate(readings):
        if reading.kind == "not" and said.ends(at) and said.behind(at, far=False):
            continue
        if reading.kind in _CUES and not said.ahead(at) and (reading.kind == "not" or said.of_those(at)):
            if said.closed(at):
                said.behind(at, far=said.of_those(at))
        elif reading.kind == "away":
            said.behind(at, far=said.alone(at))
        elif reading.kind == "particle" and said.held(at):
            said.behind(at, far=False)
    return Refusals(frozenset(said.refused), frozenset(said.muted))


def at_relative(said: _Said, at: int) -> bool:
    """Whether a clause begins there: "…, was ich kenne"."""
    return said.kind(at) in {"familiar", "unheard"} or (
        at < len(said.readings) and said.key(at).split()[0] in lists.phrases_of("relative")
    )


class _Said:
    def __init__(self, readings: Sequence[Reading], tokens: Sequence[Token]) -> None:
        self.readings, self.tokens = readings, tokens
        self.refused: set[int] = set()
        self.muted: set[int] = set()

    def kind(self, at: int) -> str:
        return self.readings[at].kind if 0 <= at < len(self.readings) else ""

    def key(self, at: int) -> str:
        return " ".join(self.tokens[place].key for place in self.readings[at].places)

    def breath(self, at: int) -> bool:
        """Whether somebody took a breath before it; at the end of the text, too."""
        return not 0 <= at < len(self.readings) or self.tokens[self.readings[at].places[0]].breath

    def ends(self, cue: int) -> bool:
        """Whether a breath ends a refusal; "nothing, that …" goes on behind it."""
        goes_on = self.key(cue) in lists.phrases_of("not what") and at_relative(self, cue + 1)
        return self.breath(cue + 1) and not goes_on

    # --- behind a word that refuses ----------------------------------------------------------

    def ahead(self, cue: int) -> bool:
        """Refuse what follows: the first thing that can be, and more of its kind in the same list."""
        taken: list[int] = []
        joined = passed = nor = False
        for at in range(cue + 1, len(self.readings)):
            kind, breath = self.kind(at), self.breath(at)
            if kind == "join":
                joined, nor = True, nor or self.key(at) in {"noch", "nor"}
            elif kind in PASSED or (kind == "unknown" and not self._name_like(at, cue)):
                if breath and (taken or passed):
                    break
                passed = True
            elif kind == "friend" and not taken and not self._sent_away(cue, at):
                passed = True
            elif kind not in _REFUSABLE or not self._goes_on(
                taken, at, joined=joined, passed=passed, nor=nor
            ):
                break
            else:
                if taken and self._describes(taken[-1], at):
                    self.muted.add(taken.pop())
                taken.append(at)
                joined = False
        self.refused.update(taken)
        return bool(taken)

    def _name_like(self, at: int, cue: int) -> bool:
        """A word in no list is the name of something where it is written as one."""
        (place,) = self.readings[at].places
        return self.tokens[place].text[:1].isupper() and at > cue

    def _sent_away(self, cue: int, at: int) -> bool:
        """Whether a friend is who should stay away: "without Ben", but not "nothing that Ben hates"."""
        return self.key(cue) in lists.phrases_of("sends away") and all(
            self.kind(between) in {"with", "filler", "adverb"} for between in range(cue + 1, at)
        )

    def _goes_on(self, taken: list[int], at: int, *, joined: bool, passed: bool, nor: bool) -> bool:
        breath = self.breath(at)
        if not taken:
            return not (breath and passed) or (
                at_relative(self, at) and self.kind(at) in {"familiar", "unheard"}
            )
        last, kind = self.kind(taken[-1]), self.kind(at)
        if self._describes(taken[-1], at):
            return True
        if _GROUPS.get(kind, kind) != _GROUPS.get(last, last):
            return nor and joined and kind in {"artist", "tag", "mood", "era"}
        if kind == last == "mood" and taken[-1] == at - 1 and not breath:
            return True
        return joined or (breath and (kind == last == "artist" or self._listed(at)))

    def _describes(self, mood: int, at: int) -> bool:
        """Whether a mood stands right before what it is the mood of: "no sad folk"."""
        return (
            self.kind(mood) == "mood"
            and mood == at - 1
            and self.kind(at) in {"tag", "artist"}
            and not self.breath(at)
        )

    def _listed(self, at: int) -> bool:
        """Whether an "and" or "or" comes before the last of a list that goes on from here."""
        while True:
            at += 1
            if self.kind(at) == "join":
                return not self.breath(at)
            if self.kind(at) not in {"artist", "tag"} or not self.breath(at):
                return False

    # --- in front of it ----------------------------------------------------------------------

    def closed(self, cue: int) -> bool:
        """Whether nothing stands behind a cue in its breath but words that end a sentence: "please", "at all", "hören"."""
        at = cue + 1
        while not self.breath(at):
            if not (
                self.kind(at) in {"adverb", "closer"}
                or self.key(at) in lists.phrases_of("closer")
                or self.key(at) in lists.phrases_of("those")
            ):
                return False
            at += 1
        return True

    def of_those(self, cue: int) -> bool:
        """Whether it refuses what was named before: "skip them"."""
        at, found = cue + 1, False
        while not self.breath(at):
            found |= self.key(at) in lists.phrases_of("those")
            at += 1
        return found

    def alone(self, cue: int) -> bool:
        """Whether a breath stands on each side of a cue, or one of "them" with it: "…, can't stand them"."""
        return any(word in lists.phrases_of("those") for word in self.key(cue).split())

    def behind(self, cue: int, *, far: bool) -> bool:
        """Refuse what stands before: the last thing that can be, and more of a list that it ends."""
        run: list[int] = []
        crossed = joined = False
        for at in range(cue - 1, -1, -1):
            kind = self.kind(at)
            if kind in _BACK:
                if run and not self._same_list(at, run[-1], joined=joined):
                    break
                run.append(at)
            elif kind == "join" and run:
                joined = True
            elif not (self._between(at) if run else far or kind in _CROSSED):
                break
            if self.breath(at) and not run and not far:
                if crossed:
                    break
                crossed = True
        self.refused.update(run)
        return bool(run)

    def _between(self, at: int) -> bool:
        """Whether it may stand between two of a list: an article and the like."""
        return self.kind(at) in {"filler", "by", "adverb"} and self.key(at) in lists.phrases_of("article")

    def _same_list(self, at: int, behind: int, *, joined: bool) -> bool:
        """Whether two belong to one list with an "and"; over a breath only where both are artists, or both tags."""
        one, other = self.kind(at), self.kind(behind)
        if any(self.breath(between) for between in range(at + 1, behind + 1)):
            return joined and one == other
        return joined and _GROUPS.get(one, one) == _GROUPS.get(other, other)

    def held(self, particle: int) -> bool:
        """Whether "out" or "weg" belongs to a "keep" or "lass" before names, or stands alone behind them."""
        at, named = particle - 1, False
        while at >= 0:
            kind = self.kind(at)
            if kind == "hold":
                return named and self.kind(at) == "hold"
            if kind in {"artist", "tag"}:
                named = True
            elif kind not in {"join", "by", "adverb", "filler", "closer"}:
                return False
            if self.breath(at):
                return named and self.key(particle) in lists.phrases_of("banishes")
            at -= 1
        return named and self.key(particle) in lists.phrases_of("banishes")
