"""People the viewer may know: close through friends who can be found, and by taste.

Only people who grant DISCOVERABLE now are suggested or serve as a bridge, and only a viewer who
grants it too is shown who is near through friends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import pairs, policies
from accounts.models import User
from accounts.presentation import NOBODYS, Draft, Presented, Ref, present, present_nothing
from discovery.recommend import evidence as gathering
from discovery.recommend.batch import AT_ONCE
from discovery.recommend.ranking import DEEPEST, top_rows
from discovery.recommend.serving import DegradedReason, served_model
from graph.arrays import Floats, Ids
from graph.models import ItemKind
from graph.serving.artifact import Artifact
from graph.serving.friend_index import PeopleIndex, Viewers
from graph.serving.index import Channel


@dataclass(frozen=True)
class Suggestion:
    person: User
    score: float
    mutual_friends: int

    @property
    def text(self) -> str:
        """Why this person, in words."""
        if self.mutual_friends:
            return ngettext(
                "%(count)d friend in common", "%(count)d friends in common", self.mutual_friends
            ) % {"count": self.mutual_friends}
        return _("Similar taste in music")


@dataclass(frozen=True)
class Suggestions:
    """A slice of one ranking of people. ``start`` is the place of its first in the whole."""

    people: Sequence[Suggestion]
    start: int
    has_next: bool
    degraded: DegradedReason | None


def suggest(viewer: User, *, start: int = 0, count: int = 20) -> Presented[Suggestions]:
    """People whom ``viewer`` is not linked with in any way, most likely friends first."""
    model, degraded = served_model()
    if model is None or model.artifact.people is None:
        missing = degraded or DegradedReason.NO_MODEL
        return present_nothing(viewer, Suggestions((), start, has_next=False, degraded=missing))
    people = model.artifact.people
    allowed = np.array(sorted(policies.suggestible_to(viewer).values_list("pk", flat=True)), dtype=np.int64)
    adjacency = people.adjacency(_pairs())
    bridges = np.array(sorted(policies.bridges_for(viewer).values_list("pk", flat=True)), dtype=np.int64)
    hidden = np.setdiff1d(people.ids, allowed)
    vector = taste_vectors(model.artifact, people, [viewer])[0]
    ids, scores = people.suggest(vector, bridges, adjacency, min(start + count + 1, DEEPEST), exclude=hidden)
    mutual = _mutual(people, bridges, adjacency, ids)
    ranked = list(zip(ids.tolist(), scores.tolist(), mutual.tolist(), strict=True))
    listed, has_next = ranked[start : start + count], len(ranked) > start + count

    def shown(nodes: Mapping[Ref, User]) -> Suggestions:
        suggestions = [
            Suggestion(nodes[ref], score, friends)
            for person, score, friends in listed
            if (ref := Ref("Listener", person)) in nodes
        ]
        return Suggestions(suggestions, start, has_next, degraded)

    # By the structure of friendships that can be found, and by a model: no one person's plays shape it.
    return present(viewer, Draft([Ref("Listener", person) for person, *_ in listed], shown, NOBODYS))


def suggest_all(
    artifact: Artifact, viewers: Sequence[User], *, top: int
) -> Iterator[tuple[User, list[tuple[int, float]]]]:
    """Each viewer who can be found, with their ``top`` (person id, score), best first.

    The rules of `suggest`, asked of everybody in a few queries.
    """
    people = artifact.people
    if people is None:
        return
    discoverable = set(policies.discoverable().values_list("pk", flat=True))
    viewers = [viewer for viewer in viewers if viewer.pk in discoverable]
    gone = np.array([person not in discoverable for person in people.ids.tolist()])
    adjacency, linked = people.adjacency(_pairs()), people.adjacency(_linked())
    vectors = taste_vectors(artifact, people, viewers)
    for first in range(0, len(viewers), AT_ONCE):
        chunk = viewers[first : first + AT_ONCE]
        rows = people.rows(np.array([viewer.pk for viewer in chunk], dtype=np.int64))
        known = rows >= 0
        near = _rows_of(adjacency, rows)
        scores = people.scores(Viewers(vectors=vectors[first : first + AT_ONCE], neighbors=near), adjacency)
        scores[:, gone] = -np.inf
        scores[_rows_of(linked, rows).nonzero()] = -np.inf
        scores[np.flatnonzero(known), rows[known]] = -np.inf
        for viewer, row in zip(chunk, scores, strict=True):
            best = top_rows(row, np.flatnonzero(np.isfinite(row)), top)
            yield viewer, list(zip(people.ids[best].tolist(), row[best].tolist(), strict=True))


def _rows_of(matrix: sp.csr_matrix, rows: Ids) -> sp.csr_matrix:
    """The given rows; an empty one where the row is -1."""
    picked = matrix[np.maximum(rows, 0)]
    return sp.diags((rows >= 0).astype(np.float32)) @ picked


def _linked() -> Ids:
    """Pairs between whom nothing is to be suggested: friends, open requests, blocks."""
    return np.array(pairs.linked_pairs(), dtype=np.int64).reshape(-1, 2)


def _pairs() -> Ids:
    return np.array(pairs.discoverable_pairs(), dtype=np.int64).reshape(-1, 2)


def taste_vectors(artifact: Artifact, people: PeopleIndex, viewers: Sequence[User]) -> Floats:
    """Each viewer's own permitted plays, folded in for this call [B, .]; see ItemIndex.portrait."""
    kind = ItemKind.ARTIST if artifact.index(ItemKind.ARTIST.value) else ItemKind.TRACK
    index = artifact.index(kind.value)
    if index is None:
        return np.zeros((len(viewers), people.dim), dtype=np.float32)
    permitted = gathering.gather_many(viewers, kind)
    own = [evidence.where(evidence.channel == Channel.OWN) for evidence in permitted]
    return index.portrait([evidence.in_index(index)[1] for evidence in own])


def _mutual(people: PeopleIndex, bridges: Ids, adjacency: sp.csr_matrix, ids: Ids) -> Ids:
    shared = (people.neighbors(bridges) @ adjacency).toarray()[0]
    return np.asarray(shared[people.rows(ids)], dtype=np.int64)
