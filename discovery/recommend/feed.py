"""One entry for each surface: what a viewer is shown, with its reasons, or why there is less.

Recommendations fail soft and say so (`Feed.degraded`); consent fails closed (`accounts.policies`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from accounts import policies
from accounts.models import PersonalizationLevel, Purpose, User
from discovery.platform.errors import ModelUnavailable
from discovery.recommend import evidence as gathering
from discovery.recommend import explain, ranking
from discovery.recommend.disclosure import social_use_note
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.wording import Wording
from graph import selectors
from graph.models import Artist, ItemKind, ModelVersion, Tag, Track
from graph.serving import active_model
from graph.serving.index import Channel, ItemIndex


class DegradedReason(StrEnum):
    """Why an answer is less than it could be."""

    NO_MODEL = "NO_MODEL"  # none was trained yet
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"  # there is one, and it cannot be read
    NOT_SHARED = "NOT_SHARED"  # of the people asked for, nobody shares with the viewer
    NO_EVIDENCE = "NO_EVIDENCE"  # nothing permitted to go by: the most popular instead


@dataclass(frozen=True)
class Reason:
    """`explain.Cited` with its words and the things it cites."""

    cited: explain.Cited
    text: str
    evidence: tuple[Artist | Track | User, ...]
    action_label: str = ""  # empty where there is no action


@dataclass(frozen=True)
class Recommendation:
    item: Artist | Track
    score: float
    reasons: tuple[Reason, ...]
    remainder: float


@dataclass(frozen=True)
class Feed:
    """A slice of one ranking. ``start`` is the place of its first item in the whole."""

    items: Sequence[Recommendation]
    start: int
    has_next: bool
    level: PersonalizationLevel
    model_version: ModelVersion | None
    degraded: DegradedReason | None
    not_used: tuple[Purpose, ...]


Rank = Callable[[ItemIndex, PermittedEvidence], ranking.Ranking]


def for_you(
    viewer: User,
    kind: ItemKind,
    *,
    start: int = 0,
    count: int = 20,
    level: PersonalizationLevel | None = None,
    variety: float = 0.0,
) -> Feed:
    """What the viewer does not know yet and is likely to play, by everything permitted at ``level``."""
    permitted = gathering.gather(viewer, kind, level=level)
    return _feed(
        viewer, permitted, start,
        lambda index, evidence: ranking.rank(index, evidence, start=start, count=count, variety=variety),
        personal=permitted.use.own or permitted.use.friends,
    )  # fmt: skip


def from_friends(viewer: User, kind: ItemKind, *, start: int = 0, count: int = 20) -> Feed:
    """What consenting friends play and the viewer does not know, ranked by the friends' terms alone."""
    permitted = gathering.gather(viewer, kind)
    social = permitted.where(permitted.channel == Channel.FRIEND)
    played = set(social.key_id[social.key_kind == gathering.KEY_ITEM].tolist())
    return _feed(
        viewer, social, start,
        lambda index, evidence: ranking.rank(
            index, evidence, start=start, count=count, among=played, with_prior=False
        ),
        personal=permitted.use.friends,
    )  # fmt: skip


def popular(kind: ItemKind, *, start: int = 0, count: int = 20) -> Feed:
    """The most popular, the same for everyone: the sum without any evidence."""
    return _feed(
        None, gathering.nothing(kind), start,
        lambda index, evidence: ranking.rank(index, evidence, start=start, count=count),
        personal=False,
    )  # fmt: skip


def _feed(
    viewer: User | None, permitted: PermittedEvidence, start: int, rank: Rank, *, personal: bool
) -> Feed:
    model, degraded = served_model()
    index = model.artifact.index(permitted.kind.value) if model else None
    if index is None:
        items: Sequence[Recommendation] = ()
        has_next, degraded = False, degraded or DegradedReason.NO_MODEL
    else:
        ranked = rank(index, permitted)
        explained = explain.explain(ranked)
        if viewer is not None:
            social_use_note(viewer, ranked, explained)
        items = dress(viewer, permitted.kind, explained)
        has_next = ranked.has_next
        if personal and len(ranked.evidence) == 0:
            degraded = DegradedReason.NO_EVIDENCE
    return Feed(
        items=items, start=start, has_next=has_next, level=permitted.use.level,
        model_version=model.version if model else None, degraded=degraded,
        not_used=permitted.use.not_used,
    )  # fmt: skip


def served_model() -> tuple[active_model.ServedModel | None, DegradedReason | None]:
    try:
        model = active_model.active()
    except ModelUnavailable:
        return None, DegradedReason.MODEL_UNAVAILABLE
    return model, None if model else DegradedReason.NO_MODEL


def dress(
    viewer: User | None, kind: ItemKind, explained: Sequence[explain.Explanation]
) -> list[Recommendation]:
    """Fetch everything the answer names, in one query a kind, and put the reasons into words."""
    own_kind = explain.NodeKind.TRACK if kind is ItemKind.TRACK else explain.NodeKind.ARTIST
    refs = {ref for one in explained for cited in one.reasons for ref in cited.evidence}
    refs |= {explain.NodeRef(own_kind, one.item_id) for one in explained}
    nodes = nodes_fetch(viewer, refs)
    names = {ref: node_name(node) for ref, node in nodes.items()} | _words(refs)
    in_words = Wording(names)
    dressed = []
    for one in explained:
        item = nodes.get(explain.NodeRef(own_kind, one.item_id))
        if not isinstance(item, Artist | Track):  # deleted from the catalogue since the model was trained
            continue
        # What stopped being visible while we were ranking is no reason any more.
        shown = [cited for cited in one.reasons if all(ref in names for ref in cited.evidence)]
        reasons = tuple(
            Reason(
                cited, in_words.reason(cited),
                tuple(nodes[ref] for ref in cited.evidence if ref in nodes),
                in_words.action(cited) if viewer is not None and cited.action else "",
            )
            for cited in shown
        )  # fmt: skip
        remainder = one.score - sum(cited.contribution for cited in shown)
        dressed.append(Recommendation(item, one.score, reasons, remainder))
    return dressed


def _words(refs: Collection[explain.NodeRef]) -> dict[explain.NodeRef, str]:
    """The tags among these; a word is everybody's."""
    ids = [ref.id for ref in refs if ref.kind is explain.NodeKind.TAG]
    rows = Tag.objects.filter(pk__in=ids).values_list("pk", "name") if ids else ()
    return {explain.NodeRef(explain.NodeKind.TAG, pk): name for pk, name in rows}


def nodes_fetch(
    viewer: User | None, refs: Iterable[explain.NodeRef]
) -> dict[explain.NodeRef, Artist | Track | User]:
    """What the viewer may see of these, in one query a kind."""
    wanted: dict[explain.NodeKind, list[int]] = {kind: [] for kind in explain.NodeKind}
    for ref in refs:
        wanted[ref.kind].append(ref.id)
    found: dict[explain.NodeRef, Artist | Track | User] = {}
    if ids := wanted[explain.NodeKind.TRACK]:
        found |= {explain.NodeRef(explain.NodeKind.TRACK, t.pk): t for t in selectors.tracks_shown(ids)}
    if ids := wanted[explain.NodeKind.ARTIST]:
        found |= {explain.NodeRef(explain.NodeKind.ARTIST, a.pk): a for a in selectors.artists_shown(ids)}
    if (ids := wanted[explain.NodeKind.LISTENER]) and viewer is not None:
        people = policies.listeners_shown_to(viewer, ids)
        found |= {explain.NodeRef(explain.NodeKind.LISTENER, p.pk): p for p in people}
    return found


def node_name(node: Artist | Track | User) -> str:
    match node:
        case User():
            return node.display_name or node.username
        case Track():
            return f"{node.title} ({node.artist.name})"
        case _:
            return node.name
