"""The largest terms of the sum as reasons that a person can act on; `discovery.recommend.wording` puts them into words.

A reason never says more than the sum: its contribution is the sum of the entries it cites, and what
no reason cites is the remainder.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from accounts.models import PersonalizationLevel, Purpose
from accounts.policies import Use
from accounts.presentation import Ref
from discovery.recommend import citing
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, KEY_TAG, KEY_WORD, PermittedEvidence
from discovery.recommend.prompt import Word
from discovery.recommend.ranking import Ranking
from graph.arrays import Doubles, Ids, Rows
from graph.models import ItemKind

MINOR = 0.02  # a reason below this share is left to the remainder


class ReasonKind(StrEnum):
    OWN_PLAY = "OWN_PLAY"
    FRIEND = "FRIEND"
    TAG = "TAG"
    POPULARITY = "POPULARITY"
    ONBOARDING = "ONBOARDING"
    WORD = "WORD"
    OCCASION = "OCCASION"


class Manner(StrEnum):
    """What a person did with the things that a reason of their own cites."""

    PLAYED = "PLAYED"
    LIKED = "LIKED"  # and never played
    PICKED = "PICKED"  # to begin from
    HEARD = "HEARD"  # in this session
    MIXED = "MIXED"


class ActionKind(StrEnum):
    """What a person can do about a reason; each is one mutation."""

    EXCLUDE_FROM_TASTE = "EXCLUDE_FROM_TASTE"  # excludeFromTaste(id: target)
    TURN_OFF_FRIEND = "TURN_OFF_FRIEND"  # setConsent(purpose: SOCIAL_IN, granted: false, friendId: target)
    TURN_OFF_PURPOSE = "TURN_OFF_PURPOSE"  # setConsent(purpose: purpose, granted: false)
    SET_LEVEL = "SET_LEVEL"  # setPersonalizationLevel(level: level)
    HIDE_ITEM = "HIDE_ITEM"  # giveFeedback(itemId: target, kind: HIDE)


@dataclass(frozen=True)
class Action:
    """What to do about a reason, before it has words; only what its kind needs is there."""

    kind: ActionKind
    purpose: Purpose | None = None
    target: Ref | None = None
    level: PersonalizationLevel | None = None


@dataclass(frozen=True)
class Cited:
    """What one reason is made of, before it has words."""

    kind: ReasonKind
    contribution: float
    share: float
    evidence: tuple[Ref, ...]
    signals: int  # how many entries of this kind there are, cited or not
    itself: bool = False  # the evidence is a play of the very item
    rows: tuple[int, ...] = ()  # the entries of the ranking's evidence that it cites
    action: Action | None = None
    manner: Manner = Manner.PLAYED
    words: tuple[Word, ...] = ()  # that were said, which are no nodes


@dataclass(frozen=True)
class Explanation:
    """Why one item is shown: Σ contributions of the reasons + remainder = score."""

    item_id: int
    score: float
    reasons: tuple[Cited, ...]
    remainder: float


KINDS = {
    citing.OWN: ReasonKind.OWN_PLAY,
    citing.PICKED: ReasonKind.ONBOARDING,
    citing.TAGGED: ReasonKind.TAG,
    citing.SAID: ReasonKind.WORD,
    citing.OCCASION: ReasonKind.OCCASION,
}
_SPOKEN = (ReasonKind.WORD, ReasonKind.OCCASION)


def explain(ranking: Ranking) -> list[Explanation]:
    """One `Explanation` an item, in the order of the ranking."""
    scores = ranking.scores.tolist()
    explained = []
    for item_id, score, reasons in zip(ranking.ids.tolist(), scores, _reasons(ranking), strict=True):
        reasons.sort(key=lambda cited: -cited.contribution)
        remainder = score - sum(cited.contribution for cited in reasons)
        explained.append(Explanation(item_id, score, tuple(reasons), remainder))
    return explained


def _reasons(ranking: Ranking) -> list[list[Cited]]:
    """Of each item what is worth mentioning: one's own entries, then friends, then popularity."""
    whole = np.abs(ranking.contributions).sum(axis=0) + np.abs(ranking.prior)
    label = citing.labels(ranking.evidence)
    best = citing.strongest(ranking.contributions, label)
    plays = citing.own_items(ranking, label)
    added = citing.added_by_item(ranking, best, label, plays)
    writer = _Writer(ranking, whole, label, plays)
    own = citing.own_citable(label, best, whole)
    writer.write(citing.occasion_whole(own, label, ranking.contributions))
    writer.write(citing.friends_citable(best, added))
    writer.write_popularity()
    return writer.reasons


# Of the entries of one reason [CITED]: which they are (-1 where there are fewer), key kinds and key ids.
_Entries = tuple[list[int], list[int], list[int]]


class _Writer:
    """Turns what may be cited into reasons, those that are not minor; every node is made once."""

    def __init__(self, ranking: Ranking, whole: Doubles, label: Ids, plays: tuple[Rows, Rows]) -> None:
        self.reasons: list[list[Cited]] = [[] for _ in ranking.ids]
        self._ranking, self._whole = ranking, np.where(whole > 0, whole, 1.0)
        self._use = ranking.evidence.use
        self._item_kind = _own_kind(ranking.evidence)
        self._key_kinds = {KEY_ITEM: self._item_kind, KEY_ARTIST: "Artist", KEY_TAG: "Tag"}
        self._nodes: dict[tuple[str, int], Ref] = {}
        self._plays: dict[tuple[int, int], list[int]] = {}  # of the very item, by group and column
        for entry, column in zip(*(part.tolist() for part in plays), strict=True):
            self._plays.setdefault((int(label[entry]), column), []).append(entry)

    def write(self, citable: citing.Citable) -> None:
        """The reasons of all items that these groups make."""
        share = citable.contribution / self._whole
        groups, columns = np.nonzero((citable.contribution > 0) & (share >= MINOR))
        entries = citable.entries[:, groups, columns].T
        evidence = self._ranking.evidence
        things = zip(
            entries.tolist(),
            evidence.key_kind[entries].tolist(),
            evidence.key_id[entries].tolist(),
            strict=True,
        )
        values = (citable.label, citable.contribution, share, citable.signals)
        chosen = [value[groups, columns].tolist() for value in values]
        for column, thing, *value in zip(columns.tolist(), things, *chosen, strict=True):
            self.reasons[column].append(self._cited(column, thing, *value))

    def write_popularity(self) -> None:
        """Popularity as the last reason of the items that it lifts."""
        share = self._ranking.prior / self._whole
        for column in np.flatnonzero(share >= MINOR).tolist():
            prior = float(self._ranking.prior[column])
            item = self._node(self._item_kind, int(self._ranking.ids[column]))
            action = _popularity_action(item, self._use)
            self.reasons[column].append(
                Cited(ReasonKind.POPULARITY, prior, float(share[column]), (), 1, action=action)
            )

    def _cited(
        self, column: int, cited: _Entries, label: int, contribution: float, share: float, signals: int
    ) -> Cited:
        """One reason."""
        rows, things = self._cited_entries(*cited)
        itself = (label, column) in self._plays
        if itself:
            rows, things = tuple(self._plays[label, column]), ()
        if label < citing.UNNAMED:
            kind = KINDS[label]
            if kind in _SPOKEN:
                evidence = self._ranking.evidence
                said = tuple(evidence.words[int(evidence.key_id[row])] for row in rows)
                return Cited(
                    kind, contribution, share, (), signals, rows=rows, action=_spoken_action(kind), words=said
                )
            return Cited(
                kind, contribution, share, things, signals, rows=rows, action=_own_action(kind, things),
                manner=self._manner(kind, rows),
            )  # fmt: skip
        people = (self._node("Listener", label),) if label != citing.UNNAMED else ()
        return Cited(
            ReasonKind.FRIEND, contribution, share, people + things, signals, itself, rows,
            action=_friend_action(people),
        )  # fmt: skip

    def _manner(self, kind: ReasonKind, rows: tuple[int, ...]) -> Manner:
        """What was done with what these entries are of."""
        evidence = self._ranking.evidence
        keys = {(int(evidence.key_kind[row]), int(evidence.key_id[row])) for row in rows}
        if kind is ReasonKind.OWN_PLAY:
            liked = {(KEY_ITEM, item) for item in evidence.liked}
            liked |= {(KEY_ARTIST, artist) for artist in evidence.liked_artists}
            return _manner_of(keys, liked, Manner.LIKED, Manner.PLAYED)
        return _manner_of(keys, evidence.picked, Manner.PICKED, Manner.HEARD)

    def _cited_entries(
        self, entries: list[int], key_kinds: list[int], key_ids: list[int]
    ) -> tuple[tuple[int, ...], tuple[Ref, ...]]:
        """The entries there are, and what they are plays (picks, words) of, each once."""
        count = entries.index(-1) if entries[-1] < 0 else len(entries)
        keys = dict.fromkeys(zip(key_kinds[:count], key_ids, strict=False))
        things = tuple(
            [
                self._node(self._key_kinds[key_kind], key_id)
                for key_kind, key_id in keys
                if key_kind < KEY_WORD
            ]
        )
        return tuple(entries[:count]), things

    def _node(self, kind: str, key: int) -> Ref:
        if (node := self._nodes.get((kind, key))) is None:
            node = self._nodes[kind, key] = Ref(kind, key)
        return node


def _manner_of(
    keys: Collection[tuple[int, int]], special: Collection[tuple[int, int]], those: Manner, others: Manner
) -> Manner:
    number = sum(key in special for key in keys)
    return those if number == len(keys) else others if not number else Manner.MIXED


def _own_kind(evidence: PermittedEvidence) -> str:
    return "Track" if evidence.kind is ItemKind.TRACK else "Artist"


# The smallest step that makes a reason weigh less; None where nothing personal could be used less.


def _own_action(kind: ReasonKind, things: tuple[Ref, ...]) -> Action:
    if kind is ReasonKind.OWN_PLAY:
        return Action(ActionKind.EXCLUDE_FROM_TASTE, target=things[0])
    return Action(ActionKind.SET_LEVEL, level=PersonalizationLevel.OFF)


def _spoken_action(kind: ReasonKind) -> Action | None:
    """Words of a request are struck out where they were said; an occasion is left out by the level below."""
    if kind is ReasonKind.OCCASION:
        return Action(ActionKind.SET_LEVEL, level=PersonalizationLevel.SOCIAL)
    return None


def _friend_action(people: tuple[Ref, ...]) -> Action:
    if not people:
        return Action(ActionKind.TURN_OFF_PURPOSE, purpose=Purpose.SOCIAL_IN)
    return Action(ActionKind.TURN_OFF_FRIEND, purpose=Purpose.SOCIAL_IN, target=people[0])


def _popularity_action(item: Ref, use: Use) -> Action | None:
    if use.own:
        return Action(ActionKind.HIDE_ITEM, target=item)
    if use.not_used:  # the level is there already, the permission is not
        return None
    return Action(ActionKind.SET_LEVEL, level=PersonalizationLevel.OWN)
