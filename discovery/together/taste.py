"""How alike two people's tastes are, and who among those that can be found listens like the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import User
from discovery.platform.errors import NotFound
from discovery.recommend import explain, feed
from discovery.recommend.suggestions import taste_vectors
from discovery.together import company
from graph.arrays import Doubles
from graph.models import Artist, ItemKind, Track
from graph.serving.index import Evidence, ItemIndex

SHARED, DIFFERENT = 20, 10  # how many items are listed
FURTHEST = 200  # listeners that may be paged through


@dataclass(frozen=True)
class SharedItem:
    """Something both play; the parts of each one's listening that it makes up."""

    item: Artist | Track
    yours: float
    theirs: float


@dataclass(frozen=True)
class TasteMatch:
    """``likeness`` 0 to 1: how alike what the two would be recommended is; see `likeness`.

    Without a model, the overlap of what they play (see `overlap`), and ``degraded`` says so.
    """

    listener: User
    likeness: float
    shared: tuple[SharedItem, ...]
    only_you: tuple[Artist | Track, ...]
    only_them: tuple[Artist | Track, ...]
    degraded: feed.DegradedReason | None

    @property
    def percent(self) -> int:
        return round(100 * self.likeness)


def taste_match(viewer: User, other_id: int, kind: ItemKind = ItemKind.ARTIST) -> TasteMatch:
    """Both tastes side by side, by what each lets the other know.

    Raises NotFound for everybody else, whether they do not exist, are no friend, or do not share.
    """
    together = company.gather(viewer, [other_id], kind)
    if len(together.members) == 1:
        raise NotFound(_("There is no such listener to compare with."), field="with")
    mine, theirs = (company.played(one) for one in together.evidence)
    model, degraded = feed.served_model()
    index = model.artifact.index(kind.value) if model else None
    if index is None:
        alike, degraded = overlap(mine, theirs), degraded or feed.DegradedReason.NO_MODEL
    else:
        alike = float(likeness(index, [one.in_index(index)[1] for one in together.evidence])[0, 1])
        if not mine or not theirs:
            degraded = feed.DegradedReason.NO_EVIDENCE
    return _dress(viewer, together.members[1], kind, mine, theirs, alike, degraded)


def likeness(index: ItemIndex, evidences: Sequence[Evidence]) -> Doubles:
    """[M, M] how alike what the evidence recommends is: the correlation of the personal scores of all items.

    1 is the same ranking; 0 is none in common, opposed, or nothing to go by.
    """
    folded = index.fold(evidences).astype(np.float64)
    scores = folded @ index.queries.T.astype(np.float64)
    scores -= scores.mean(axis=1, keepdims=True)
    length = np.linalg.norm(scores, axis=1, keepdims=True)
    unit = scores / np.where(length > 0, length, 1)
    return np.asarray(np.clip(unit @ unit.T, 0, 1))


def overlap(mine: dict[int, float], theirs: dict[int, float]) -> float:
    """The part of both listening histories that is the same, 0 to 1 (Ružička similarity of their shares)."""
    items = mine.keys() | theirs.keys()
    both = sum(min(mine.get(item, 0), theirs.get(item, 0)) for item in items)
    either = sum(max(mine.get(item, 0), theirs.get(item, 0)) for item in items)
    return both / either if either else 0.0


def similar_listeners(viewer: User, *, count: int = FURTHEST) -> list[User]:
    """People the viewer is not linked with and may find, those who listen most alike first.

    By vectors that exist only for people who granted CONTRIBUTE and DISCOVERABLE when the model was
    trained, and only for those who still do. Nobody where the viewer does not let their plays be used.
    """
    model, _degraded = feed.served_model()
    people = model.artifact.people if model else None
    if model is None or people is None or not policies.effective_use(viewer).own:
        return []
    vector = taste_vectors(model.artifact, people, [viewer])[0, : people.dim]
    length = float(np.linalg.norm(vector))
    if length == 0:
        return []
    allowed = policies.comparable_with(viewer).in_bulk()
    alike = people.vectors @ (vector / length)
    order = np.argsort(-alike, kind="stable")
    found = [allowed[key] for key in people.ids[order].tolist() if key in allowed]
    return found[:count]


def _dress(
    viewer: User,
    other: User,
    kind: ItemKind,
    mine: dict[int, float],
    theirs: dict[int, float],
    alike: float,
    degraded: feed.DegradedReason | None,
) -> TasteMatch:
    both = sorted(mine.keys() & theirs.keys(), key=lambda item: (-min(mine[item], theirs[item]), item))[
        :SHARED
    ]
    only_me = _most_played(mine, theirs)
    only_them = _most_played(theirs, mine)
    node_kind = explain.NodeKind.TRACK if kind is ItemKind.TRACK else explain.NodeKind.ARTIST
    refs = {item: explain.NodeRef(node_kind, item) for item in (*both, *only_me, *only_them)}
    nodes = {
        ref.id: node
        for ref, node in feed.nodes_fetch(viewer, refs.values()).items()
        if not isinstance(node, User)
    }
    return TasteMatch(
        listener=other,
        likeness=alike,
        shared=tuple(SharedItem(nodes[item], mine[item], theirs[item]) for item in both if item in nodes),
        only_you=tuple(nodes[item] for item in only_me if item in nodes),
        only_them=tuple(nodes[item] for item in only_them if item in nodes),
        degraded=degraded,
    )


def _most_played(one: dict[int, float], without: dict[int, float]) -> list[int]:
    items = one.keys() - without.keys()
    return sorted(items, key=lambda item: (-one[item], item))[:DIFFERENT]
