"""One list for two to ten people, and who each item of it is for.

Every member's scores are the sum over their own permitted evidence (`group`); the order comes after
it and is named in the answer: least-served first (`fairness`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.presentation import Disclosure, Draft, Presented, Ref, present, present_nothing
from discovery.platform.errors import InvalidInput
from discovery.recommend.evidence import KEY_ITEM, PermittedEvidence
from discovery.recommend.ranking import open_among
from discovery.recommend.serving import DegradedReason, index_for
from discovery.together import fairness, group
from discovery.together.relevant import NOTHING, best_for
from discovery.together.taste import likeness
from graph.arrays import Doubles, Reals, Rows
from graph.models import Artist, ItemKind, ModelVersion, Track
from graph.selectors import item_ref
from graph.serving.channels import Evidence
from graph.serving.index import ItemIndex

MOST_PEOPLE = 10
LONGEST = 100
CITED = 2  # plays named for each person an item is for


@dataclass(frozen=True)
class MemberView:
    """A person in the blend, and how much of their best list it holds for them (0 to 1)."""

    listener: User
    satisfaction: float


@dataclass(frozen=True)
class BeneficiaryView:
    """Somebody an item is for: how relevant it is to them (0 to 1), and what they play that speaks for it."""

    listener: User
    relevance: float
    because: tuple[Artist | Track, ...]


@dataclass(frozen=True)
class BlendItemView:
    """``score``: the relevance to all members, on average."""

    item: Artist | Track
    score: float
    people: tuple[BeneficiaryView, ...]


@dataclass(frozen=True)
class BlendView:
    """``match``: how alike the members' tastes are, averaged over pairs (0 to 1); None without a pair."""

    members: tuple[MemberView, ...] = ()
    items: tuple[BlendItemView, ...] = ()
    match: float | None = None
    model_version: ModelVersion | None = None
    degraded: DegradedReason | None = None


@dataclass(frozen=True)
class Line:
    """One item before it has a name: for each person (by key) relevance and what is cited of theirs."""

    item: Ref
    score: float
    people: tuple[tuple[int, float, tuple[Ref, ...]], ...]

    def refs(self) -> Iterator[Ref]:
        """Everything it would show."""
        yield self.item
        for person, _relevance, cited in self.people:
            yield Ref("Listener", person)
            yield from cited

    def shown(self, nodes: Mapping[Ref, Any]) -> BlendItemView | None:
        """As far as the viewer may see these ``nodes``; None without the item itself."""
        if self.item not in nodes:
            return None
        people = tuple(
            BeneficiaryView(
                nodes[Ref("Listener", person)], relevance, tuple(nodes[ref] for ref in cited if ref in nodes)
            )
            for person, relevance, cited in self.people
            if Ref("Listener", person) in nodes
        )
        return BlendItemView(nodes[self.item], self.score, people)


def blend(viewer: User, others: Collection[int], kind: ItemKind, *, count: int = 50) -> Presented[BlendView]:
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
    together = group.gather(viewer, wanted, kind)
    if len(together.members) == 1:
        return present_nothing(viewer, BlendView(degraded=DegradedReason.NOT_SHARED))
    serving = index_for(kind)
    if serving.index is None:
        nothing = np.zeros(len(together.members))
        return present(viewer, _draft(BlendView(degraded=serving.degraded), together, nothing, ()))
    return present(
        viewer, _composed(together, serving.index, BlendView(model_version=serving.version), count)
    )


def _composed(together: group.Group, index: ItemIndex, view: BlendView, count: int) -> Draft[BlendView]:
    known = [evidence.in_index(index) for evidence in together.evidence]
    entries = [part_entries for _part, part_entries in known]
    candidates, relevant = _candidates(index, entries, together.evidence[0].turned_away)
    chosen = fairness.fair_list(relevant, count)
    matrix = likeness(index, entries)
    keys = [person.pk for person in together.members]
    rows, relevant = candidates[chosen.columns], relevant[:, chosen.columns]
    lines = cite(index, together.evidence[0].kind, keys, together.evidence, rows, relevant)
    view = replace(
        view,
        match=float(matrix[np.triu_indices(len(matrix), k=1)].mean()),
        degraded=None if any(len(part) for part, _entries in known) else DegradedReason.NO_EVIDENCE,
    )
    return _draft(view, together, chosen.satisfaction, lines)


def _draft(
    view: BlendView, together: group.Group, satisfaction: Doubles, lines: Sequence[Line]
) -> Draft[BlendView]:
    """Of people who are out of sight by now nothing is left, but that they were told."""
    members = [Ref("Listener", person.pk) for person in together.members]

    def shown(nodes: Mapping[Ref, Any]) -> BlendView:
        items = (line.shown(nodes) for line in lines)
        return replace(
            view,
            members=tuple(
                MemberView(nodes[ref], part)
                for ref, part in zip(members, satisfaction.tolist(), strict=True)
                if ref in nodes
            ),
            items=tuple(item for item in items if item is not None),
        )

    refs = {*members, *(ref for line in lines for ref in line.refs())}
    return Draft(refs, shown, line_disclosures(lines, [ref.id for ref in members]))


def line_disclosures(lines: Iterable[Line], members: Iterable[int]) -> set[Disclosure]:
    """What of theirs is cited of each person; of a member of whom nothing is, that they had a say."""
    cited = {
        Disclosure(person, named=True, item=ref)
        for line in lines
        for person, _relevance, refs in line.people
        for ref in refs
    }
    silent = set(members) - {disclosure.source for disclosure in cited}
    return cited | {Disclosure(person, named=True) for person in silent}


def _candidates(
    index: ItemIndex, entries: Sequence[Evidence], turned_away: Collection[int]
) -> tuple[Rows, Reals]:
    """Rows but those the viewer turned away, and their relevance. What the members know may stand in it: it is theirs."""
    away = index.known_rows(turned_away)
    if (best := best_for(index, entries, known=away)) is not None:
        return best
    every = np.arange(len(index))
    rows = every[open_among(index, every, entries, also=NOTHING, known=away)]
    scores = index.scores_batch(entries)
    return rows, fairness.relevance(scores if len(rows) == len(index) else scores[:, rows])


def cite(
    index: ItemIndex,
    kind: ItemKind,
    people: Sequence[int],
    evidences: Sequence[PermittedEvidence],
    rows: Rows,
    relevant: Reals,
) -> list[Line]:
    """For whom of ``people`` (keys) each of ``rows`` [k] is, by relevance [M, k], and what of their evidence speaks for it."""
    meant = fairness.people_for(relevant)
    beneficiaries: list[list[tuple[int, float, tuple[Ref, ...]]]] = [[] for _row in rows]
    for place, (person, evidence) in enumerate(zip(people, evidences, strict=True)):
        columns = np.flatnonzero(meant[place])
        cited = _strongest(index, evidence, rows[columns])
        for column, refs in zip(columns, cited, strict=True):
            beneficiaries[column].append((person, float(relevant[place, column]), refs))
    return [
        Line(
            item_ref(kind, int(index.ids[row])),
            float(relevant[:, column].mean()),
            tuple(sorted(beneficiaries[column], key=lambda beneficiary: -beneficiary[1])),
        )
        for column, row in enumerate(rows)
    ]


def _strongest(index: ItemIndex, evidence: PermittedEvidence, rows: Rows) -> list[tuple[Ref, ...]]:
    """What of the evidence adds most to each row, at most ``CITED`` of it; nothing that takes away."""
    part, entries = evidence.in_index(index)
    terms = index.contributions(entries, rows)
    best = np.argsort(-terms, axis=0, kind="stable")[:CITED]
    return [
        tuple(dict.fromkeys(_ref(part, entry) for entry in best[:, column] if terms[entry, column] > 0))
        for column in range(len(rows))
    ]


def _ref(evidence: PermittedEvidence, entry: int) -> Ref:
    of_kind = evidence.key_kind[entry] == KEY_ITEM
    return item_ref(evidence.kind if of_kind else ItemKind.ARTIST, int(evidence.key_id[entry]))
