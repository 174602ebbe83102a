"""What would my recommendations lose if I took this signal out? Answered by ranking twice, before doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from accounts.models import User
from accounts.presentation import Disclosure, Draft, Presented, Ref, present
from discovery.platform.errors import InvalidInput
from discovery.recommend import held
from discovery.recommend.disclosure import ranking_disclosures
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, PermittedEvidence
from discovery.recommend.occasion import gather_now
from discovery.recommend.ranking import Ranking
from discovery.recommend.serving import index_for, serving_for
from discovery.recommend.variants import variant_for
from discovery.segments.services import defaults_for
from graph.models import Artist, ItemKind, Playlist, PlaylistEntry, Track
from graph.selectors import item_ref

Removable = Track | Artist | Playlist | User


@dataclass(frozen=True)
class PreviewView:
    """The viewer's first items now and without the signal, best first."""

    signals: int  # entries of evidence that would be gone
    before: Sequence[Track | Artist] = ()
    after: Sequence[Track | Artist] = ()

    @property
    def lost(self) -> list[Track | Artist]:
        return [item for item in self.before if item not in self.after]

    @property
    def gained(self) -> list[Track | Artist]:
        return [item for item in self.after if item not in self.before]


def preview_removal(viewer: User, thing: Removable, kind: ItemKind, *, count: int) -> Presented[PreviewView]:
    """``discover`` as it is and as it would be without ``thing``: an item excluded, or a friend's plays off.

    Raises InvalidInput where the question has no exact answer: a list of artists without one track.
    """
    permitted = gather_now(viewer, kind)
    gone, proposed_no_more = _without(permitted, thing)
    without = replace(
        permitted.where(~gone),
        known=permitted.known | (proposed_no_more if permitted.use.own else frozenset()),
    )
    variant = variant_for(viewer, kind, permitted)
    serving = index_for(kind) if variant is not None else serving_for(viewer, kind, permitted.use.level)
    index = serving.index
    nameless = [key for key, source in permitted.friends.items() if not source.named]
    signals = gone & ~np.isin(permitted.friend, nameless)  # how many of these play it is not told
    told = {Disclosure(int(friend), named=True) for friend in np.unique(permitted.friend[signals]) if friend}
    if index is None:
        return present(viewer, Draft((), lambda _nodes: PreviewView(int(signals.sum())), told))
    usual = defaults_for(viewer).variety

    def ranked_by(evidence: PermittedEvidence) -> Ranking:
        if variant is not None:
            return variant.select(index, evidence, shown=(), count=count, variety=None, usual=usual)
        return held.rank_with_held(index, evidence, count=count, variety=usual, spoken_of=True)

    rankings = [ranked_by(evidence) for evidence in (permitted, without)]
    before, after = ([item_ref(kind, item) for item in ranked.ids.tolist()] for ranked in rankings)

    def shown(nodes: Mapping[Ref, Any]) -> PreviewView:
        return PreviewView(
            int(signals.sum()), *([nodes[ref] for ref in refs if ref in nodes] for refs in (before, after))
        )

    if count:  # else nothing of the rankings is shown
        told |= {disclosure for ranked in rankings for disclosure in ranking_disclosures(ranked, ())}
    return present(viewer, Draft({*before, *after}, shown, told))


def _without(evidence: PermittedEvidence, thing: Removable) -> tuple[NDArray[np.bool_], frozenset[int]]:
    """Which entries go with ``thing`` [E], whoever played it, and which items are then not proposed any more."""
    if isinstance(thing, User):
        source = evidence.friends.get(thing.pk)
        told = (
            source is not None and source.named
        )  # else as for somebody who brings nothing: it would tell what
        return (evidence.friend == thing.pk) & told, frozenset()
    if evidence.kind is ItemKind.ARTIST:
        if not isinstance(thing, Artist):
            raise InvalidInput(_("Ask for this with kind TRACK."), field="kind")
        return evidence.key_id == thing.pk, frozenset({thing.pk})
    items = _tracks(thing)
    gone = (evidence.key_kind == KEY_ITEM) & np.isin(evidence.key_id, sorted(items))
    if isinstance(thing, Artist):
        gone |= (evidence.key_kind == KEY_ARTIST) & (evidence.key_id == thing.pk)
    return gone, items


def _tracks(thing: Track | Artist | Playlist) -> frozenset[int]:
    match thing:
        case Track():
            return frozenset({thing.pk})
        case Artist():
            return frozenset(Track.objects.filter(artist=thing).values_list("pk", flat=True))
        case _:
            entries = PlaylistEntry.objects.filter(playlist=thing)
            return frozenset(entries.values_list("track_id", flat=True))
