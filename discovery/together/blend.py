"""One list for two to ten people, and who each item of it is for.

Every member's scores are the sum over their own permitted evidence (`company`); the order comes after
it and is named in the answer: least-served first (`fairness`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from accounts.models import User
from discovery.platform.errors import InvalidInput
from discovery.recommend import explain, feed
from discovery.recommend.evidence import KEY_ITEM, PermittedEvidence
from discovery.together import company, fairness
from discovery.together.taste import likeness
from graph.arrays import Doubles, Rows
from graph.models import Artist, ItemKind, ModelVersion, Track
from graph.serving.index import ItemIndex

MOST_PEOPLE = 10
LONGEST = 100
CITED = 2  # plays named for each person an item is for


@dataclass(frozen=True)
class Member:
    """A person in the blend, and how much of their best list it holds for them (0 to 1)."""

    listener: User
    satisfaction: float


@dataclass(frozen=True)
class Beneficiary:
    """Somebody an item is for: how relevant it is to them (0 to 1), and what they play that speaks for it."""

    listener: User
    relevance: float
    because: tuple[Artist | Track, ...]


@dataclass(frozen=True)
class BlendItem:
    """``score``: the relevance to all members, on average."""

    item: Artist | Track
    score: float
    people: tuple[Beneficiary, ...]


@dataclass(frozen=True)
class Blend:
    """``match``: how alike the members' tastes are, averaged over pairs (0 to 1); None without a pair."""

    members: tuple[Member, ...] = ()
    items: tuple[BlendItem, ...] = ()
    match: float | None = None
    model_version: ModelVersion | None = None
    degraded: feed.DegradedReason | None = None


def blend(viewer: User, others: Collection[int], kind: ItemKind, *, count: int = 50) -> Blend:
    """What to play when these people are together, for ``viewer`` to look at.

    Whoever does not share with the viewer, or with whom the viewer does not share, changes nothing:
    the answer is the one without them. Raises InvalidInput for fewer than one other or too many.
    """
    wanted = set(others) - {viewer.pk}
    if not 1 <= len(wanted) < MOST_PEOPLE:
        raise InvalidInput(
            _("A blend has 2 to %(most)d people, the viewer included.") % {"most": MOST_PEOPLE},
            field="with",
        )
    if not 0 <= count <= LONGEST:
        raise InvalidInput(_("A blend has at most %(most)d items.") % {"most": LONGEST}, field="first")
    together = company.gather(viewer, wanted, kind)
    if len(together.members) == 1:
        return Blend(degraded=feed.DegradedReason.NOT_SHARED)
    model, degraded = feed.served_model()
    index = model.artifact.index(kind.value) if model else None
    if model is None or index is None:
        members = tuple(Member(person, 0.0) for person in together.members)
        return Blend(members, degraded=degraded or feed.DegradedReason.NO_MODEL)
    return _compose(viewer, together, index, model.version, count)


def _compose(
    viewer: User, together: company.Company, index: ItemIndex, version: ModelVersion, count: int
) -> Blend:
    known = [one.in_index(index) for one in together.evidence]
    candidates = _candidates(index, together.evidence[0].turned_away)
    scores = index.scores_batch([entries for _person, entries in known])[:, candidates]
    relevant = fairness.relevance(scores.astype(np.float64))
    chosen = fairness.fair_list(relevant, count)
    matrix = likeness(index, [entries for _person, entries in known])
    pairs = matrix[np.triu_indices(len(matrix), k=1)]
    rows, relevant = candidates[chosen.columns], relevant[:, chosen.columns]
    return Blend(
        members=tuple(map(Member, together.members, chosen.satisfaction.tolist())),
        items=dress(
            viewer,
            together.members,
            cite(index, together.evidence[0].kind, together.evidence, rows, relevant),
        ),
        match=float(pairs.mean()),
        model_version=version,
        degraded=None if any(len(part) for part, _entries in known) else feed.DegradedReason.NO_EVIDENCE,
    )


def _candidates(index: ItemIndex, turned_away: Collection[int]) -> Rows:
    """Every row but those the viewer turned away. What the members know may stand in it: it is theirs."""
    return np.setdiff1d(np.arange(len(index)), index.known_rows(turned_away))


@dataclass(frozen=True)
class Line:
    """One item before it has a name: for each person (by place) relevance and cited nodes."""

    item: explain.NodeRef
    score: float
    people: tuple[tuple[int, float, tuple[explain.NodeRef, ...]], ...]


def cite(
    index: ItemIndex,
    kind: ItemKind,
    evidences: Sequence[PermittedEvidence],
    rows: Rows,
    relevant: Doubles,
) -> list[Line]:
    """For whom each of ``rows`` [k] is, by relevance [M, k], and what of their evidence speaks for it."""
    own_kind = explain.NodeKind.TRACK if kind is ItemKind.TRACK else explain.NodeKind.ARTIST
    meant = fairness.people_for(relevant)
    lines: list[list[tuple[int, float, tuple[explain.NodeRef, ...]]]] = [[] for _row in rows]
    for place, evidence in enumerate(evidences):
        columns = np.flatnonzero(meant[place])
        cited = _strongest(index, evidence, rows[columns])
        for column, nodes in zip(columns, cited, strict=True):
            lines[column].append((place, float(relevant[place, column]), nodes))
    return [
        Line(
            explain.NodeRef(own_kind, int(index.ids[row])),
            float(relevant[:, column].mean()),
            tuple(sorted(lines[column], key=lambda one: (-one[1], one[0]))),
        )
        for column, row in enumerate(rows)
    ]


def _strongest(
    index: ItemIndex, evidence: PermittedEvidence, rows: Rows
) -> list[tuple[explain.NodeRef, ...]]:
    """What of the evidence adds most to each row, at most ``CITED`` of it; nothing that takes away."""
    part, entries = evidence.in_index(index)
    terms = index.contributions(entries, rows)
    best = np.argsort(-terms, axis=0, kind="stable")[:CITED]
    return [
        tuple(dict.fromkeys(_node(part, entry) for entry in best[:, column] if terms[entry, column] > 0))
        for column in range(len(rows))
    ]


def _node(evidence: PermittedEvidence, entry: int) -> explain.NodeRef:
    of_kind = evidence.kind is ItemKind.TRACK and evidence.key_kind[entry] == KEY_ITEM
    kind = explain.NodeKind.TRACK if of_kind else explain.NodeKind.ARTIST
    return explain.NodeRef(kind, int(evidence.key_id[entry]))


def dress(viewer: User, members: Sequence[User], lines: Sequence[Line]) -> tuple[BlendItem, ...]:
    """With names, in one query a kind; what was deleted from the catalogue is left out."""
    refs = {line.item for line in lines}
    refs |= {ref for line in lines for *_rest, cited in line.people for ref in cited}
    nodes = {ref: node for ref, node in feed.nodes_fetch(viewer, refs).items() if not isinstance(node, User)}
    return tuple(
        BlendItem(
            nodes[line.item],
            line.score,
            tuple(
                Beneficiary(members[place], worth, tuple(nodes[ref] for ref in cited if ref in nodes))
                for place, worth, cited in line.people
            ),
        )
        for line in lines
        if line.item in nodes
    )
