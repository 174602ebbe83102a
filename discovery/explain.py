"""The largest terms of the sum, as reasons a person can read and act on.

A reason never says more than the sum: its contribution is the sum of the entries it cites, and what
no reason cites is the remainder. Sentences are templates that can be translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

import numpy as np
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from accounts.models import Purpose
from discovery.evidence import KEY_ITEM, PermittedEvidence
from discovery.ranking import Ranking
from graph.index import Channel
from graph.models import ItemKind

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


class NodeKind(Enum):
    TRACK = "TRACK"
    ARTIST = "ARTIST"
    LISTENER = "LISTENER"


@dataclass(frozen=True)
class NodeRef:
    """A thing a reason cites, by database id."""

    kind: NodeKind
    id: int


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


@dataclass(frozen=True)
class Explanation:
    """Why one item is shown: Σ contributions of the reasons + remainder = score."""

    item_id: int
    score: float
    reasons: tuple[Cited, ...]
    remainder: float


# What a person can turn off, reason by reason.
TURN_OFF = {ReasonKind.OWN_PLAY: Purpose.SELF, ReasonKind.FRIEND: Purpose.SOCIAL_IN}


def action_label(kind: ReasonKind) -> str | None:
    """What turning a reason off means, in words; None where there is nothing to turn off."""
    match TURN_OFF.get(kind):
        case Purpose.SELF:
            return _("Stop using my plays for my recommendations")
        case Purpose.SOCIAL_IN:
            return _("Stop using my friends' plays for my recommendations")
        case _:
            return None


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
    reasons = sorted((c for c in found if c.share >= MINOR), key=lambda c: -c.contribution)
    remainder = score - sum(c.contribution for c in reasons)
    return Explanation(item_id, score, tuple(reasons), remainder)


def _cite_own(evidence: PermittedEvidence, terms: NDArray[np.float64], whole: float) -> Iterable[Cited]:
    for channel, kind in ((Channel.OWN, ReasonKind.OWN_PLAY), (Channel.PICK, ReasonKind.ONBOARDING)):
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
    own_kind = NodeKind.TRACK if evidence.kind is ItemKind.TRACK else NodeKind.ARTIST
    refs = [
        NodeRef(
            own_kind if evidence.key_kind[row] == KEY_ITEM else NodeKind.ARTIST, int(evidence.key_id[row])
        )
        for row in rows
    ]
    return tuple(dict.fromkeys(refs))


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
