"""The largest terms of the sum, as reasons a person can read and act on.

A reason never says more than the sum: its contribution is the sum of the entries it cites, and what
no reason cites is the remainder. Sentences are templates that can be translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum

import numpy as np
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from accounts.models import PersonalizationLevel, Purpose
from accounts.policies import Use
from accounts.presentation import Ref
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, KEY_TAG, PermittedEvidence
from discovery.recommend.ranking import Ranking
from graph.models import ItemKind
from graph.serving.index import Channel

CITED = 3  # entries a reason names at most
MINOR = 0.02  # a reason below this share is left to the remainder
BECAUSE = 0.5  # "because you played X" only from this share on


class ReasonKind(StrEnum):
    OWN_PLAY = "OWN_PLAY"
    FRIEND = "FRIEND"
    TAG = "TAG"
    POPULARITY = "POPULARITY"
    ONBOARDING = "ONBOARDING"
    OCCASION = "OCCASION"


class ActionKind(StrEnum):
    """What a person can do about a reason; each is one mutation."""

    EXCLUDE_FROM_TASTE = "EXCLUDE_FROM_TASTE"  # excludeFromTaste(id: target)
    TURN_OFF_FRIEND = "TURN_OFF_FRIEND"  # setConsent(purpose: SOCIAL_IN, granted: false, friendId: target)
    TURN_OFF_PURPOSE = "TURN_OFF_PURPOSE"  # setConsent(purpose: purpose, granted: false)
    SET_LEVEL = "SET_LEVEL"  # setPersonalizationLevel(level: level)
    HIDE_ITEM = "HIDE_ITEM"  # giveFeedback(itemId: target, kind: HIDE)


class NodeKind(Enum):
    TRACK = "TRACK"
    ARTIST = "ARTIST"
    LISTENER = "LISTENER"
    TAG = "TAG"


@dataclass(frozen=True)
class NodeRef:
    """A thing a reason cites, by database id."""

    kind: NodeKind
    id: int

    @property
    def ref(self) -> Ref:
        """The same for `accounts.presentation`."""
        return Ref(self.kind.value.title(), self.id)


@dataclass(frozen=True)
class Action:
    """What to do about a reason, before it has words; only what its kind needs is there."""

    kind: ActionKind
    purpose: Purpose | None = None
    target: NodeRef | None = None
    level: PersonalizationLevel | None = None


@dataclass(frozen=True)
class Cited:
    """What one reason is made of, before it has words."""

    kind: ReasonKind
    contribution: float
    share: float
    evidence: tuple[NodeRef, ...]
    signals: int  # how many entries of this kind there are, cited or not
    itself: bool = False  # the evidence is a play of the very item
    rows: tuple[int, ...] = ()  # the entries of the ranking's evidence that it cites
    action: Action | None = None


@dataclass(frozen=True)
class Explanation:
    """Why one item is shown: Σ contributions of the reasons + remainder = score."""

    item_id: int
    score: float
    reasons: tuple[Cited, ...]
    remainder: float


_OWN_KINDS = {
    Channel.OWN: ReasonKind.OWN_PLAY,
    Channel.PICK: ReasonKind.ONBOARDING,
    Channel.PROMPT_TAG: ReasonKind.TAG,
}


def explain(ranking: Ranking) -> list[Explanation]:
    """One `Explanation` an item, in the order of the ranking."""
    return [_explain_one(ranking, column) for column in range(len(ranking.ids))]


def _explain_one(ranking: Ranking, column: int) -> Explanation:
    terms, prior = ranking.contributions[:, column], float(ranking.prior[column])
    item_id, score = int(ranking.ids[column]), float(prior + terms.sum())
    whole = float(np.abs(terms).sum() + abs(prior))
    found: list[Cited] = []
    if whole > 0:
        own = _cite_own(ranking.evidence, terms, whole)
        found = [*own, *_cite_friends(ranking.evidence, terms, whole, item_id)]
        if prior > 0:
            found.append(Cited(ReasonKind.POPULARITY, prior, prior / whole, (), 1))
    item = NodeRef(_own_kind(ranking.evidence), item_id)
    reasons = sorted(
        (replace(c, action=_action(c, item, ranking.evidence.use)) for c in found if c.share >= MINOR),
        key=lambda c: -c.contribution,
    )
    remainder = score - sum(c.contribution for c in reasons)
    return Explanation(item_id, score, tuple(reasons), remainder)


def _cite_own(evidence: PermittedEvidence, terms: NDArray[np.float64], whole: float) -> Iterable[Cited]:
    for channel, kind in _OWN_KINDS.items():
        rows = np.flatnonzero((evidence.channel == channel) & (terms > 0))
        if len(rows) == 0:
            continue
        top = rows[np.argsort(-terms[rows], kind="stable")[:CITED]]
        if terms[top[0]] >= BECAUSE * whole:
            top = top[:1]
        contribution = float(terms[top].sum())
        signals = int((evidence.channel == channel).sum())
        yield Cited(
            kind, contribution, contribution / whole, _items(evidence, top), signals, rows=tuple(top.tolist())
        )


def _cite_friends(
    evidence: PermittedEvidence, terms: NDArray[np.float64], whole: float, item_id: int
) -> Iterable[Cited]:
    """One reason for each friend who may be named, and one for all the others together."""
    named = {friend_id for friend_id, source in evidence.friends.items() if source.named}
    social = evidence.channel == Channel.FRIEND
    who = np.where(np.isin(evidence.friend, sorted(named)), evidence.friend, 0)
    found = []
    for friend_id in np.unique(who[social]).tolist():
        rows = np.flatnonzero(social & (who == friend_id) & (terms > 0))
        if len(rows) == 0:
            continue
        itself = (evidence.key_kind[rows] == KEY_ITEM) & (evidence.key_id[rows] == item_id)
        top = rows[np.argsort(-terms[rows], kind="stable")[:CITED]]
        if itself.any():  # the friend plays this very item: nothing else need be said
            top = rows[itself]
        contribution = float(terms[top].sum())
        cites: tuple[NodeRef, ...] = (NodeRef(NodeKind.LISTENER, friend_id),) if friend_id else ()
        cites += () if itself.any() else _items(evidence, top)
        found.append(
            Cited(
                ReasonKind.FRIEND, contribution, contribution / whole, cites, len(rows), bool(itself.any()),
                rows=tuple(top.tolist()),
            )
        )  # fmt: skip
    return sorted(found, key=lambda cited: (not cited.itself, -cited.contribution))[:CITED]


def _items(evidence: PermittedEvidence, rows: NDArray[np.int64]) -> tuple[NodeRef, ...]:
    kinds = {KEY_ITEM: _own_kind(evidence), KEY_ARTIST: NodeKind.ARTIST, KEY_TAG: NodeKind.TAG}
    refs = [NodeRef(kinds[int(evidence.key_kind[row])], int(evidence.key_id[row])) for row in rows]
    return tuple(dict.fromkeys(refs))


def _own_kind(evidence: PermittedEvidence) -> NodeKind:
    return NodeKind.TRACK if evidence.kind is ItemKind.TRACK else NodeKind.ARTIST


def _action(cited: Cited, item: NodeRef, use: Use) -> Action | None:  # noqa: PLR0911 one line a case
    """The smallest step that makes this reason weigh less; None where nothing personal could be used less."""
    match cited.kind:
        case ReasonKind.OWN_PLAY:
            return Action(ActionKind.EXCLUDE_FROM_TASTE, target=cited.evidence[0])
        case ReasonKind.FRIEND:
            friend = next((ref for ref in cited.evidence if ref.kind is NodeKind.LISTENER), None)
            if friend is None:
                return Action(ActionKind.TURN_OFF_PURPOSE, purpose=Purpose.SOCIAL_IN)
            return Action(ActionKind.TURN_OFF_FRIEND, purpose=Purpose.SOCIAL_IN, target=friend)
        case ReasonKind.POPULARITY if use.own:
            return Action(ActionKind.HIDE_ITEM, target=item)
        case ReasonKind.POPULARITY if use.not_used:  # the level is there already, the permission is not
            return None
        case ReasonKind.POPULARITY:
            return Action(ActionKind.SET_LEVEL, level=PersonalizationLevel.OWN)
        case ReasonKind.OCCASION:
            return Action(ActionKind.SET_LEVEL, level=PersonalizationLevel.SOCIAL)
        case _:
            return Action(ActionKind.SET_LEVEL, level=PersonalizationLevel.OFF)


def action_label(cited: Cited, names: Mapping[NodeRef, str]) -> str:  # noqa: PLR0911 one sentence a case
    """What the action of a reason does, in words."""
    action = cited.action
    named = names.get(action.target) if action and action.target else None
    match action and action.kind:
        case ActionKind.EXCLUDE_FROM_TASTE:
            return _("Do not count %(thing)s for what I am shown") % {"thing": named}
        case ActionKind.TURN_OFF_FRIEND:
            return _("Leave %(friend)s out of what I am shown") % {"friend": named}
        case ActionKind.TURN_OFF_PURPOSE:
            return _("Stop using my friends' plays for my recommendations")
        case ActionKind.HIDE_ITEM:
            return _("Do not show me this again")
        case ActionKind.SET_LEVEL if cited.kind is ReasonKind.POPULARITY:
            return _("Let what I play count")
        case ActionKind.SET_LEVEL if cited.kind is ReasonKind.OCCASION:
            return _("Leave the occasion out")
        case _:
            return _("Show me what is popular instead")


def wording(cited: Cited, names: Mapping[NodeRef, str]) -> str:  # noqa: PLR0911 one sentence a case
    """The sentence for a reason; ``names`` holds a name for every node it cites."""
    friend = next((names[ref] for ref in cited.evidence if ref.kind is NodeKind.LISTENER), None)
    things = [names[ref] for ref in cited.evidence if ref.kind is not NodeKind.LISTENER]
    listed = get_text_list(things, _("and"))
    match cited.kind:
        case ReasonKind.OWN_PLAY if len(things) == 1 and cited.share >= BECAUSE:
            return _("Because you played %(things)s") % {"things": listed}
        case ReasonKind.OWN_PLAY:
            return ngettext(
                "Your one signal: %(things)s (%(part)s of the score)",
                "Strongest of your %(count)d signals: %(things)s (%(part)s of the score)",
                cited.signals,
            ) % {"count": cited.signals, "things": listed, "part": fraction(cited.share)}
        case ReasonKind.ONBOARDING:
            return _("Because you picked %(things)s") % {"things": listed}
        case ReasonKind.FRIEND if friend and cited.itself:
            return _("Your friend %(friend)s plays this") % {"friend": friend}
        case ReasonKind.FRIEND if friend:
            return _("Your friend %(friend)s plays %(things)s") % {"friend": friend, "things": listed}
        case ReasonKind.FRIEND if cited.itself:
            return _("Friends of yours play this")
        case ReasonKind.FRIEND:
            return _("Friends of yours play %(things)s") % {"things": listed}
        case ReasonKind.POPULARITY:
            return _("Popular with listeners here (not personal)")
        case _:
            return _("Matches %(things)s") % {"things": listed}


def fraction(share: float) -> str:
    """A share in plain words: 0.19 is "about a fifth"."""
    steps = (
        (0.075, _("a small part")), (0.14, _("about a tenth")), (0.225, _("about a fifth")),
        (0.29, _("about a quarter")), (0.42, _("about a third")), (0.58, _("about half")),
        (0.71, _("about two thirds")), (0.85, _("about three quarters")),
    )  # fmt: skip
    return next((words for limit, words in steps if share < limit), _("nearly all"))
