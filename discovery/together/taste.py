"""How alike two people's tastes are, and who among those that can be found listens like the viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.presentation import Disclosure, Draft, Presented, Ref, present, things
from discovery.platform.errors import NotFound
from discovery.recommend.acquaintance import Asked
from discovery.recommend.crowd import crowd, style_of
from discovery.recommend.serving import DegradedReason, index_for, served_model
from discovery.together import group
from graph.arrays import Doubles
from graph.models import Artist, ItemKind, Track
from graph.selectors import item_ref
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex
from graph.serving.nearby import friends_of_friends

SHARED, DIFFERENT = 20, 10  # how many items are listed
FURTHEST = 200  # listeners that may be paged through
BESIDE = 40  # of them at most those to whom friends lead


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
    degraded: DegradedReason | None

    @property
    def percent(self) -> int:
        return round(100 * self.likeness)


def taste_match(viewer: User, other_id: int, kind: ItemKind = ItemKind.ARTIST) -> Presented[TasteMatch]:
    """Both tastes side by side, by what each lets the other know.

    Raises NotFound for everybody else, whether they do not exist, are no friend, or do not share.
    """
    together = group.gather(viewer, [other_id], kind)
    if len(together.members) == 1:
        raise _nobody()
    mine, theirs = (group.played(evidence) for evidence in together.evidence)
    serving = index_for(kind)
    degraded = serving.degraded
    if serving.index is None:
        alike = overlap(mine, theirs)
    else:
        entries = [evidence.in_index(serving.index)[1] for evidence in together.evidence]
        alike = float(likeness(serving.index, entries)[0, 1])
        if not mine or not theirs:
            degraded = DegradedReason.NO_EVIDENCE
    match = present(viewer, _draft(other_id, kind, mine, theirs, alike, degraded))
    if match.answer is None:
        raise _nobody()
    return cast("Presented[TasteMatch]", match)


def _nobody() -> NotFound:
    return NotFound(_("There is no such listener to compare with."), field="with")


def likeness(index: ItemIndex, evidences: Sequence[Evidence]) -> Doubles:
    """[M, M] how alike what the evidence recommends is: the correlation of the personal scores of all items.

    1 is the same ranking; 0 is none in common, opposed, or nothing to go by.
    """
    folded = index.fold(evidences).astype(np.float64)
    common = folded @ index.spread_of_scores @ folded.T
    length = np.sqrt(np.maximum(common.diagonal(), 0))
    unit = np.where(length > 0, length, 1)
    return np.asarray(np.clip(common / np.outer(unit, unit), 0, 1))


def overlap(mine: dict[int, float], theirs: dict[int, float]) -> float:
    """The part of both listening histories that is the same, 0 to 1 (Ružička similarity of their shares)."""
    items = mine.keys() | theirs.keys()
    both = sum(min(mine.get(item, 0), theirs.get(item, 0)) for item in items)
    either = sum(max(mine.get(item, 0), theirs.get(item, 0)) for item in items)
    return both / either if either else 0.0


def similar_listeners(viewer: User, *, count: int = FURTHEST) -> Presented[list[User]]:
    """People the viewer is not linked with and may find, of the style of most that the viewer plays: the nearest first.

    Of the viewer's own plays no more than the style counts, and how near others come to it counts in coarse steps; in
    each stand those to whom friends lead before others. Nobody where the viewer does not let their plays be used.
    """
    return present(viewer, things([Ref("Listener", key) for key in _alike(viewer)[:count]]))


def _alike(viewer: User) -> list[int]:
    """Keys of people who may be compared with the viewer, the most alike first."""
    model, _degraded = served_model()
    if model is None or (style := style_of(viewer, model.artifact)) is None:
        return []
    around = Asked(model.artifact)
    beside = friends_of_friends(
        viewer.pk, around.links, hidden=around.hidden(viewer.pk), linked=around.linked(viewer.pk), most=BESIDE
    )
    alike: list[int] = crowd(viewer, style, model.artifact, around, beside=beside).tolist()
    return alike


def _draft(
    other_id: int,
    kind: ItemKind,
    mine: dict[int, float],
    theirs: dict[int, float],
    alike: float,
    degraded: DegradedReason | None,
) -> Draft[TasteMatch | None]:
    """None where the other is out of sight by now."""
    common = sorted(mine.keys() & theirs.keys(), key=lambda item: (-min(mine[item], theirs[item]), item))
    both, only_me, only_them = common[:SHARED], _most_played(mine, theirs), _most_played(theirs, mine)
    refs = {item: item_ref(kind, item) for item in (*both, *only_me, *only_them)}
    other = Ref("Listener", other_id)

    def shown(nodes: Mapping[Ref, Any]) -> TasteMatch | None:
        if other not in nodes:
            return None
        items = {item: nodes[ref] for item, ref in refs.items() if ref in nodes}
        return TasteMatch(
            listener=nodes[other],
            likeness=alike,
            shared=tuple(SharedItem(items[item], mine[item], theirs[item]) for item in both if item in items),
            only_you=tuple(items[item] for item in only_me if item in items),
            only_them=tuple(items[item] for item in only_them if item in items),
            degraded=degraded,
        )

    told = {Disclosure(other_id, named=True, item=refs[item]) for item in (*both, *only_them)}
    return Draft([other, *refs.values()], shown, told or {Disclosure(other_id, named=True)})


def _most_played(played: dict[int, float], without: dict[int, float]) -> list[int]:
    items = played.keys() - without.keys()
    return sorted(items, key=lambda item: (-played[item], item))[:DIFFERENT]
