"""What would my recommendations lose if I took this signal out? Answered by ranking twice, before doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from accounts.models import User
from discovery.platform.errors import InvalidInput
from discovery.recommend import evidence as gathering
from discovery.recommend import feed, ranking
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, PermittedEvidence
from graph import selectors
from graph.models import Artist, ItemKind, Playlist, PlaylistEntry, Track
from graph.serving.index import ItemIndex

Removable = Track | Artist | Playlist | User


@dataclass(frozen=True)
class Preview:
    """The viewer's first items now and without the signal, best first."""

    signals: int  # entries of evidence that would be gone
    before: Sequence[Track | Artist]
    after: Sequence[Track | Artist]

    @property
    def lost(self) -> list[Track | Artist]:
        return [item for item in self.before if item not in self.after]

    @property
    def gained(self) -> list[Track | Artist]:
        return [item for item in self.after if item not in self.before]


def preview_removal(viewer: User, thing: Removable, kind: ItemKind, *, count: int) -> Preview:
    """``discover`` as it is and as it would be without ``thing``: an item excluded, or a friend's plays off.

    Raises InvalidInput where the question has no exact answer: a list of artists without one track.
    """
    permitted = gathering.gather(viewer, kind)
    gone, proposed_no_more = _without(permitted, thing)
    without = replace(
        permitted.where(~gone),
        known=permitted.known | (proposed_no_more if permitted.use.own else frozenset()),
    )
    model, _degraded = feed.served_model()
    index = model.artifact.index(kind.value) if model else None
    if index is None:
        return Preview(int(gone.sum()), (), ())
    before, after = (_first(index, each, kind, count) for each in (permitted, without))
    return Preview(int(gone.sum()), before, after)


def _without(evidence: PermittedEvidence, thing: Removable) -> tuple[NDArray[np.bool_], frozenset[int]]:
    """Which entries go with ``thing`` [E], and which items are then not proposed any more."""
    if isinstance(thing, User):
        source = evidence.friends.get(thing.pk)
        told = (
            source is not None and source.named
        )  # else as for somebody who brings nothing: it would tell what
        return (evidence.friend == thing.pk) & told, frozenset()
    own = evidence.friend == 0
    if evidence.kind is ItemKind.ARTIST:
        if not isinstance(thing, Artist):
            raise InvalidInput(_("Ask for this with kind TRACK."), field="kind")
        return own & (evidence.key_id == thing.pk), frozenset({thing.pk})
    items = _tracks(thing)
    gone = (evidence.key_kind == KEY_ITEM) & np.isin(evidence.key_id, sorted(items))
    if isinstance(thing, Artist):
        gone |= (evidence.key_kind == KEY_ARTIST) & (evidence.key_id == thing.pk)
    return own & gone, items


def _tracks(thing: Track | Artist | Playlist) -> frozenset[int]:
    match thing:
        case Track():
            return frozenset({thing.pk})
        case Artist():
            return frozenset(Track.objects.filter(artist=thing).values_list("pk", flat=True))
        case _:
            entries = PlaylistEntry.objects.filter(playlist=thing)
            return frozenset(entries.values_list("track_id", flat=True))


def _first(index: ItemIndex, evidence: PermittedEvidence, kind: ItemKind, count: int) -> list[Track | Artist]:
    ids = ranking.rank(index, evidence, count=count).ids.tolist()
    rows = selectors.tracks_get(ids) if kind is ItemKind.TRACK else selectors.artists_get(ids)
    found: dict[int, Track | Artist] = {row.pk: row for row in rows}
    return [found[item] for item in ids if item in found]
