"""What weighs in when things are recommended, how much, and how to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import PersonalizationLevel, Purpose, User
from accounts.presentation import Draft, Presented, present, present_nothing
from discovery.recommend import evidence as gathering
from discovery.recommend import ranking
from discovery.recommend.disclosure import ranking_disclosures
from discovery.recommend.occasion import gather_now
from discovery.recommend.serving import index_for, serving_for
from graph.models import ItemKind
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

LOOKED_AT = 20  # recommendations over which a share is averaged


class Signal(StrEnum):
    """Everything that can enter a score."""

    POPULARITY = "POPULARITY"
    OWN_PLAYS = "OWN_PLAYS"
    SKIPS_AND_DISLIKES = "SKIPS_AND_DISLIKES"
    FRIENDS = "FRIENDS"
    PICKS = "PICKS"
    TAGS = "TAGS"
    WORDS = "WORDS"


@dataclass(frozen=True)
class _Fact:
    channel: Channel | None
    level: PersonalizationLevel
    purpose: Purpose | None
    description: Promise
    how_to_change: Promise


_FACTS: Mapping[Signal, _Fact] = {
    Signal.POPULARITY: _Fact(
        None, PersonalizationLevel.OFF, None,
        _("How many listeners here play it. The same for everyone."),
        _("It is always there; at the level Off, nothing else is."),
    ),
    Signal.OWN_PLAYS: _Fact(
        Channel.OWN, PersonalizationLevel.OWN, Purpose.SELF,
        _("What you played and liked."),
        _("Turn off “My plays shape what I see”, lower your level, or leave out single tracks, artists or playlists."),
    ),
    Signal.SKIPS_AND_DISLIKES: _Fact(
        Channel.NEGATIVE, PersonalizationLevel.OWN, Purpose.SELF,
        _("What you skipped, disliked or hid; it counts against what is like it."),
        _("Turn off “My plays shape what I see”, lower your level, or leave out single tracks, artists or playlists."),
    ),
    Signal.FRIENDS: _Fact(
        Channel.FRIEND, PersonalizationLevel.SOCIAL, Purpose.SOCIAL_IN,
        _("What friends play who share it with you."),
        _("Turn off “Friends shape what I see”, leave out single friends, or lower your level."),
    ),
    Signal.PICKS: _Fact(
        Channel.PICK, PersonalizationLevel.BASIC, None,
        _("What you picked in this session."),
        _("Set your level to “Off”, or pick something else."),
    ),
    Signal.TAGS: _Fact(
        Channel.PROMPT_TAG, PersonalizationLevel.BASIC, None,
        _("The word that a radio of yours begins from."),
        _("Set your level to “Off”, or begin from something else."),
    ),
    Signal.WORDS: _Fact(
        Channel.WORD, PersonalizationLevel.BASIC, None,
        _("The words that you ask for, each by itself; they are kept nowhere but with a playlist that you make of them."),
        _("Strike a word out, or set your level to “Off”."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One signal: ``weight`` by the active model, ``average_share`` of the viewer's scores now."""

    signal: Signal
    description: str
    how_to_change: str
    level: PersonalizationLevel
    purpose: Purpose | None
    weight: float | None
    average_share: float | None


def recommender_parameters(viewer: User | None, kind: ItemKind) -> Presented[list[Parameter]]:
    """Every signal, in a fixed order; weights and shares are None where there is no model to ask.

    ``average_share`` is the mean over the first ``LOOKED_AT`` items that ``viewer`` (or, signed out,
    everybody) is shown now of |contributions of the signal| / Σ |all contributions|.
    """
    index = (index_for(kind) if viewer is None else serving_for(viewer, kind)).index
    if index is None:
        return present_nothing(viewer, _parameters(None, {}))
    evidence = gathering.nothing(kind) if viewer is None else gather_now(viewer, kind)
    ranked = ranking.rank(index, evidence, count=LOOKED_AT)
    parameters = _parameters(index, _shares(ranked))
    return present(viewer, Draft((), lambda _nodes: parameters, ranking_disclosures(ranked, ())))


def _parameters(index: ItemIndex | None, shares: Mapping[Channel | None, float]) -> list[Parameter]:
    return [
        Parameter(
            signal=signal, description=str(fact.description), how_to_change=str(fact.how_to_change),
            level=fact.level, purpose=fact.purpose,
            weight=_weight(index, fact.channel) if index else None,
            average_share=shares.get(fact.channel),
        )
        for signal, fact in _FACTS.items()
    ]  # fmt: skip


def _weight(index: ItemIndex, channel: Channel | None) -> float:
    """What one ordinary piece of evidence is multiplied by; popularity enters as it is."""
    return 1.0 if channel is None else index.rules[channel].gain


def _shares(ranked: ranking.Ranking) -> dict[Channel | None, float]:
    terms, prior = np.abs(ranked.contributions), np.abs(ranked.prior)
    whole = terms.sum(axis=0) + prior
    if not (whole > 0).any():
        return {}
    whole = np.where(whole > 0, whole, 1)
    shares: dict[Channel | None, float] = {None: float((prior / whole).mean())}
    for channel in Channel:
        shares[channel] = float((terms[ranked.evidence.channel == channel].sum(axis=0) / whole).mean())
    return shares
