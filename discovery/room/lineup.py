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
from discovery.recommend.serving import DegradedReason, index_for
from discovery.room.votes import Said
from discovery.together import blend, fairness
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
    """``relevant`` [R, n] over all items; the first rows are ``members``' (keys), with their ``evidence``."""

    members: Sequence[int]
    sharers: frozenset[int]
    evidence: Sequence[PermittedEvidence]
    relevant: Reals
    personal: bool


def lineup(people: Sequence[User], kind: ItemKind, now: Chosen | None, said: Said) -> Lineup:
    """What plays and what follows, for ``people`` and with nobody's eyes in particular.

    What was chosen by the plays of somebody who does not share them any more does not play on.
    """
    serving = index_for(kind)
    if (index := serving.index) is None:
        return Lineup(degraded=serving.degraded)
    tastes = _tastes(index, people, kind, said)
    now_id = now.item_id if now is not None and stands(now.marks, tastes.sharers) else None
    playing = _rows(index, () if now_id is None else (now_id,))
    allowed = index.may_propose(evidence.in_index(index)[1] for evidence in tastes.evidence)
    allowed[[*_rows(index, said.played | said.vetoed), *playing]] = False
    open_ = np.flatnonzero(allowed)
    served = tastes.relevant[:, [*_rows(index, said.lately), *playing]].sum(axis=1)
    chosen = fairness.in_turn(tastes.relevant[:, open_], served, QUEUE)
    rows = np.concatenate([playing, open_[chosen.columns]])
    lines = blend.cite(index, kind, tastes.members, tastes.evidence, rows, tastes.relevant[:, rows])
    return Lineup(
        members=tastes.members,
        sharers=tastes.sharers,
        satisfaction=dict(zip(tastes.members, chosen.satisfaction.tolist(), strict=False)),
        now=lines[0] if len(playing) else None,
        lines=lines[len(playing) :],
        model_version=serving.version,
        degraded=None if tastes.personal else DegradedReason.NO_EVIDENCE,
    )


def _tastes(index: ItemIndex, people: Sequence[User], kind: ItemKind, said: Said) -> _Tastes:
    own = _own_tastes(index, people, kind)
    voters = {user_id for who in said.votes.values() for user_id in who}
    members = [person.pk for person in people if person.pk in own or person.pk in voters]
    nothing = gathering.nothing(kind)
    evidence = [own.get(member, nothing) for member in members]
    relevant = np.zeros((len(members), len(index)), dtype=np.float32)
    if own:
        with_taste = [place for place, member in enumerate(members) if member in own]
        relevant[with_taste] = _relevance(index, [evidence[place] for place in with_taste], said)
    for place, member in enumerate(members):
        wished = [item for item, who in said.votes.items() if member in who]
        relevant[place, _rows(index, wished)] = 1.0
    if not own:  # nobody's taste: what most people play, behind what was voted for
        relevant = np.vstack([relevant, _relevance(index, [nothing], said)])
    return _Tastes(members, frozenset(own), evidence, relevant, personal=bool(members))


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


def _relevance(index: ItemIndex, evidence: Sequence[PermittedEvidence], said: Said) -> Reals:
    """How relevant every item is to each [E, n], with what the room refused in each sum."""
    refused = sorted(said.skipped | said.vetoed)
    entries = [(KEY_ITEM, item, REFUSAL, Channel.NEGATIVE) for item in refused]
    sums = [gathering.together(own, gathering.stated(own, entries)).in_index(index)[1] for own in evidence]
    return fairness.relevance(index.scores_batch(sums))


def _rows(index: ItemIndex, ids: Collection[int]) -> Rows:
    """The rows of those items that the model knows."""
    return index.known_rows(ids)
