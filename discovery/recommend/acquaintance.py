"""Who is near a viewer, and what those people listen to: gathered for one answer, or held for an export of all.

Enters the viewer, or everybody. Leaves candidates in the order of a learned score (`graph.serving.friend_index`),
over friendships whose ends and bridges all can be found. Of plays it reads those of the best few dozen, as far as they
contribute, and of bridges, as far as these let their plays shape the viewer's answers. The viewer's own are not read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from django.conf import settings

from accounts import hearing, pairs
from accounts.held_links import everything, links_now
from accounts.models import User
from graph.arrays import Floats, Ids, Rows
from graph.histories import amounts
from graph.models import ItemKind
from graph.serving.artifact import Artifact
from graph.serving.friend_index import UNTAUGHT, Tastes, pair_features
from graph.serving.index import ItemIndex
from graph.serving.nearby import NOBODY, Links, Nearby, mixed, nearby

AT_ONCE = 2_000  # people whose plays an export reads at a time


@dataclass(frozen=True, eq=False)
class Acquaintances:
    """Candidates, the likeliest first. ``heard``: whose plays, of the viewer's friends', went into the order."""

    people: Ids
    mutual: Rows  # friends in common with each
    heard: Collection[int] = ()


NONE = Acquaintances(NOBODY, NOBODY)


class Surroundings(Protocol):
    """What is asked of the database about a viewer's surroundings."""

    links: Links

    def hidden(self, viewer: int) -> Ids:
        """Whom a block keeps from the viewer."""

    def linked(self, viewer: int) -> Ids:
        """With whom the viewer has a friendship or a request for one."""

    def sources(self, viewer: User) -> Collection[int]:
        """Friends whose plays may shape the viewer's answers."""

    def tastes(self, people: Ids) -> Floats:
        """Their tastes as unit rows [n, d]; zero where strangers may not be compared with them."""


def acquaintances(viewer: User, around: Surroundings, artifact: Artifact | None) -> Acquaintances:
    """People whom two or three steps lead to, in the order of how likely they are friends."""
    near = nearby(viewer.pk, around.links, hidden=around.hidden(viewer.pk), linked=around.linked(viewer.pk))
    if near is None:
        return NONE
    heard = _circle(near, around.sources(viewer))
    tastes = None
    if heard.any():
        together = around.tastes(np.concatenate([near.bridges[heard], near.people]))
        bridges = np.zeros((len(near.bridges), together.shape[1]), dtype=np.float32)
        bridges[heard] = together[: heard.sum()]
        tastes = Tastes(bridges=bridges, people=together[heard.sum() :])
    score = (artifact.pair_score if artifact else None) or UNTAUGHT
    order = np.lexsort((mixed(near.people, key_of(viewer)), -score(pair_features(near, tastes))))
    return Acquaintances(near.people[order], near.mutual[order], near.bridges[heard].tolist())


def _circle(near: Nearby, sources: Collection[int]) -> np.ndarray:
    """Which bridges are heard [B]: none where there are too few for a taste that is no single one's."""
    heard = np.isin(near.bridges, np.fromiter(sources, np.int64, len(sources)))
    return heard if heard.sum() >= hearing.SMALLEST_FRIEND_COUNT else np.zeros_like(heard)


def key_of(viewer: User) -> int:
    """Of this installation and viewer: puts what is equal in an order that nobody outside can work out."""
    digest = hashlib.blake2b(str(viewer.pk).encode(), digest_size=8, key=settings.SIGNING_KEY.encode()[:64])
    return int.from_bytes(digest.digest())


class Asked:
    """Surroundings as they are now, of one answer."""

    def __init__(self, artifact: Artifact | None) -> None:
        self._links = links_now()
        self.links: Links = self._links
        self._taste = taste_index(artifact)
        self._hidden: dict[int, Ids] = {}
        self._linked: dict[int, Ids] = {}

    def hidden(self, viewer: int) -> Ids:
        if viewer not in self._hidden:
            self._hidden[viewer] = _ids(pairs.blocked_with_each([viewer]).get(viewer, ()))
        return self._hidden[viewer]

    def linked(self, viewer: int) -> Ids:
        if viewer not in self._linked:
            self._linked[viewer] = _ids(pairs.linked_with_each([viewer]).get(viewer, ()))
        return self._linked[viewer]

    def sources(self, viewer: User) -> Collection[int]:
        return _keys(hearing.social_sources(viewer))

    def findable(self, people: Ids) -> Ids:
        """Of these people, those whom strangers may find."""
        return people[self._links.findable(people)]

    def tastes(self, people: Ids) -> Floats:
        return _tastes(self._taste, people, pairs.contributing(people.tolist()))


class Held:
    """Everybody's surroundings, read in a few queries, for an export."""

    def __init__(self, artifact: Artifact) -> None:
        found = everything()
        self.links: Links = found
        self._people = found.people
        everybody = self._people.tolist()
        self._hidden, self._linked = pairs.blocked_with_each(everybody), pairs.linked_with_each(everybody)
        self._sources = {viewer: _keys(sharing) for viewer, sharing in pairs.social_pairs().items()}
        contributing = pairs.contributing(everybody)
        index = taste_index(artifact)
        parts = [
            _tastes(index, self._people[first : first + AT_ONCE], contributing)
            for first in range(0, len(everybody), AT_ONCE)
        ]
        self._tastes = np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)

    def hidden(self, viewer: int) -> Ids:
        return _ids(self._hidden.get(viewer, ()))

    def linked(self, viewer: int) -> Ids:
        return _ids(self._linked.get(viewer, ()))

    def sources(self, viewer: User) -> Collection[int]:
        return self._sources.get(viewer.pk, ())

    def tastes(self, people: Ids) -> Floats:
        return self._tastes[np.searchsorted(self._people, people)]


def taste_index(artifact: Artifact | None) -> tuple[ItemKind, ItemIndex] | None:
    """What people are compared by: artists where the model knows any, else tracks."""
    for kind in (ItemKind.ARTIST, ItemKind.TRACK):
        index = artifact.index(kind.value) if artifact else None
        if index is not None and len(index):
            return kind, index
    return None


def _tastes(by: tuple[ItemKind, ItemIndex] | None, people: Ids, contributing: Collection[int]) -> Floats:
    """[n, d], by the plays of those who contribute."""
    if by is None:
        return np.zeros((len(people), 1), dtype=np.float32)
    kind, index = by
    read = [person for person in people.tolist() if person in contributing]
    who, what, plays = amounts(read, kind)
    row = index.rows(what)
    counts = (row >= 0) & (plays > 0)
    order = np.argsort(people, kind="stable")
    whose = order[np.searchsorted(people[order], who[counts])]
    counted = plays[counts].astype(np.float32)
    return index.tastes(sp.csr_matrix((counted, (whose, row[counts])), shape=(len(people), len(index))))


def _ids(keys: Iterable[int]) -> Ids:
    return np.array(sorted(keys), dtype=np.int64)


def _keys(sources: Sequence[hearing.SocialSource]) -> frozenset[int]:
    return frozenset(source.user_id for source in sources)
