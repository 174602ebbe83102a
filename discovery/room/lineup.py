"""What a room plays next, and for whom: the sum of each member, then turns.

A member's plays enter only while they share them, by name, with everybody in the room. What the room
skipped or vetoed is a negative term in every member's sum, so that its neighbors sink. After the sum
come the votes (what somebody votes for is as relevant to them as anything can be) and the turns
(`fairness.in_turn`): both are named in the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from accounts.groups import shared_among
from accounts.models import PersonalizationLevel, User
from discovery.recommend import evidence as gathering
from discovery.recommend.evidence import KEY_ITEM, PermittedEvidence
from discovery.recommend.provenance import stands
from discovery.recommend.ranking import open_among
from discovery.recommend.serving import DegradedReason, index_for
from discovery.room.votes import Said
from discovery.together import blend, fairness
from discovery.together.relevant import NOTHING, best_for
from graph.arrays import Reals, Rows
from graph.models import ItemKind, ModelVersion
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

QUEUE = 10  # items shown behind the one that plays
REFUSAL = 1.0  # how strongly a skip or a veto counts against what is near it


@dataclass(frozen=True)
class Chosen:
    """What a room plays, and the marks of those whose plays it was chosen by (`recommend.provenance`)."""

    item_id: int
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Lineup:
    """``members``: keys of who counts; ``satisfaction`` by key; ``sharers``: keys of those whose plays enter.

    ``now`` and ``lines`` have no names yet.
    """

    members: Sequence[int] = ()
    sharers: frozenset[int] = frozenset()
    satisfaction: Mapping[int, float] = field(default_factory=dict)
    now: blend.Line | None = None
    lines: Sequence[blend.Line] = ()
    model_version: ModelVersion | None = None
    degraded: DegradedReason | None = None


@dataclass(frozen=True, eq=False)
class _Tastes:
    """``relevant`` [R, c] of ``rows``, which ascend; the first rows of it are ``members``' (keys), with their ``evidence``."""

    members: Sequence[int]
    sharers: frozenset[int]
    evidence: Sequence[PermittedEvidence]
    rows: Rows  # every item's, or those that come into question
    relevant: Reals
    personal: bool

    def of(self, rows: Rows) -> Reals:
        """The relevance of some of ``self.rows`` [R, r]."""
        return self.relevant[:, np.searchsorted(self.rows, rows)]


def lineup(people: Sequence[User], kind: ItemKind, now: Chosen | None, said: Said) -> Lineup:
    """What plays and what follows, for ``people`` and with nobody's eyes in particular.

    What was chosen by the plays of somebody who does not share them any more does not play on.
    """
    serving = index_for(kind)
    if (index := serving.index) is None:
        return Lineup(degraded=serving.degraded)
    tastes = _tastes(index, people, kind, said, () if now is None else (now.item_id,))
    now_id = now.item_id if now is not None and stands(now.marks, tastes.sharers) else None
    playing = _rows(index, () if now_id is None else (now_id,))
    own = [evidence.in_index(index)[1] for evidence in tastes.evidence]
    over = np.concatenate([_rows(index, said.played | said.vetoed), playing])
    open_ = np.flatnonzero(open_among(index, tastes.rows, own, also=NOTHING, known=over))
    served = tastes.of(np.concatenate([_rows(index, said.lately), playing])).sum(axis=1)
    chosen = fairness.in_turn(tastes.relevant[:, open_], served, QUEUE)
    rows = np.concatenate([playing, tastes.rows[open_[chosen.columns]]])
    lines = blend.cite(index, kind, tastes.members, tastes.evidence, rows, tastes.of(rows))
    return Lineup(
        members=tastes.members,
        sharers=tastes.sharers,
        satisfaction=dict(zip(tastes.members, chosen.satisfaction.tolist(), strict=False)),
        now=lines[0] if len(playing) else None,
        lines=lines[len(playing) :],
        model_version=serving.version,
        degraded=None if tastes.personal else DegradedReason.NO_EVIDENCE,
    )


def _tastes(
    index: ItemIndex, people: Sequence[User], kind: ItemKind, said: Said, playing: Collection[int]
) -> _Tastes:
    own = _own_tastes(index, people, kind)
    voters = {user_id for who in said.votes.values() for user_id in who}
    members = [person.pk for person in people if person.pk in own or person.pk in voters]
    nothing = gathering.nothing(kind)
    evidence = [own.get(member, nothing) for member in members]
    with_taste = [place for place, member in enumerate(members) if member in own]
    # Nobody's taste: what most people play, behind what was voted for.
    asked = [evidence[place] for place in with_taste] or [nothing]
    rows, relevance = _relevance(index, asked, said, {*said.votes, *said.lately, *playing})
    relevant = np.zeros((len(members), len(rows)), dtype=np.float32)
    if own:
        relevant[with_taste] = relevance
    for place, member in enumerate(members):
        wished = [item for item, who in said.votes.items() if member in who]
        relevant[place, np.searchsorted(rows, _rows(index, wished))] = 1.0
    if not own:
        relevant = np.vstack([relevant, relevance])
    return _Tastes(members, frozenset(own), evidence, rows, relevant, personal=bool(members))


def _own_tastes(index: ItemIndex, people: Sequence[User], kind: ItemKind) -> dict[int, PermittedEvidence]:
    """By key: likes and plays of those who share them with everybody here; what they turned away they tell nobody."""
    sharing = shared_among(people)
    sharers = [person for person in people if person.pk in sharing]
    gathered = gathering.gather_many(sharers, kind, level=PersonalizationLevel.OWN) if sharers else []
    known = {
        person.pk: evidence.where(evidence.channel == Channel.OWN).in_index(index)[0]
        for person, evidence in zip(sharers, gathered, strict=True)
    }
    return {key: evidence for key, evidence in known.items() if len(evidence)}


def _relevance(
    index: ItemIndex, evidence: Sequence[PermittedEvidence], said: Said, named: Collection[int]
) -> tuple[Rows, Reals]:
    """Rows (ascending) and how relevant they are to each [E, c], with what the room refused in each sum.

    They are every item's; where there are very many, those that come into question, and what is ``named`` (ids).
    """
    refused = sorted(said.skipped | said.vetoed)
    entries = [(KEY_ITEM, item, REFUSAL, Channel.NEGATIVE) for item in refused]
    sums = [gathering.together(own, gathering.stated(own, entries)).in_index(index)[1] for own in evidence]
    best = best_for(index, sums, known=_rows(index, said.played | said.vetoed), named=_rows(index, named))
    return best or (np.arange(len(index)), fairness.relevance(index.scores_batch(sums)))


def _rows(index: ItemIndex, ids: Collection[int]) -> Rows:
    """The rows of those items that the model knows."""
    return index.known_rows(ids)
