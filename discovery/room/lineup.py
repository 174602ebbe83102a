"""What a room plays next, and for whom: the sum of each member, then turns.

A member's plays enter only while they share them, by name, with everybody in the room. What the room
skipped or vetoed is a negative term in every member's sum, so that its neighbours sink. After the sum
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
from discovery.recommend import feed
from discovery.recommend.evidence import KEY_ITEM, PermittedEvidence
from discovery.room.words import Said
from discovery.together import blend, fairness
from graph.arrays import Doubles, Rows
from graph.models import ItemKind, ModelVersion
from graph.serving.index import Channel, ItemIndex

QUEUE = 10  # items shown behind the one that plays
REFUSAL = 1.0  # how strongly a skip or a veto counts against what is near it


@dataclass(frozen=True)
class Lineup:
    """``members``: who counts; ``satisfaction`` by their key. ``now`` and ``lines`` have no names yet."""

    members: Sequence[User] = ()
    satisfaction: Mapping[int, float] = field(default_factory=dict)
    now: blend.Line | None = None
    lines: Sequence[blend.Line] = ()
    model_version: ModelVersion | None = None
    degraded: feed.DegradedReason | None = None


@dataclass(frozen=True, eq=False)
class _Tastes:
    """``relevant`` [R, n] over all items; the first rows are ``members``', with their ``evidence``."""

    members: Sequence[User]
    evidence: Sequence[PermittedEvidence]
    relevant: Doubles
    personal: bool


def room_index(kind: ItemKind) -> tuple[ItemIndex | None, ModelVersion | None, feed.DegradedReason | None]:
    model, degraded = feed.served_model()
    index = model.artifact.index(kind.value) if model else None
    if model is None or index is None:
        return None, None, degraded or feed.DegradedReason.NO_MODEL
    return index, model.version, None


def lineup(people: Sequence[User], kind: ItemKind, now_id: int | None, said: Said) -> Lineup:
    """What plays and what follows, for ``people`` and with nobody's eyes in particular."""
    index, version, degraded = room_index(kind)
    if index is None:
        return Lineup(degraded=degraded)
    tastes = _tastes(index, people, kind, said)
    now = _rows(index, () if now_id is None else (now_id,))
    open_ = np.setdiff1d(np.arange(len(index)), [*_rows(index, said.played | said.vetoed), *now])
    served = tastes.relevant[:, [*_rows(index, said.lately), *now]].sum(axis=1)
    chosen = fairness.in_turn(tastes.relevant[:, open_], served, QUEUE)
    rows = np.concatenate([now, open_[chosen.columns]])
    lines = blend.cite(index, kind, tastes.evidence, rows, tastes.relevant[:, rows])
    return Lineup(
        members=tastes.members,
        satisfaction={
            one.pk: float(part) for one, part in zip(tastes.members, chosen.satisfaction, strict=False)
        },
        now=lines[0] if len(now) else None,
        lines=lines[len(now) :],
        model_version=version,
        degraded=None if tastes.personal else feed.DegradedReason.NO_EVIDENCE,
    )


def _tastes(index: ItemIndex, people: Sequence[User], kind: ItemKind, said: Said) -> _Tastes:
    sharing = shared_among(people)
    sharers = [one for one in people if one.pk in sharing]
    gathered = gathering.gather_many(sharers, kind, level=PersonalizationLevel.OWN) if sharers else []
    own = {
        one.pk: part
        for one, evidence in zip(sharers, gathered, strict=True)
        # Likes and plays; what somebody turned away they tell nobody.
        if len(part := evidence.where(evidence.channel == Channel.OWN).in_index(index)[0])
    }
    voters = {user_id for who in said.votes.values() for user_id in who}
    members = [one for one in people if one.pk in own or one.pk in voters]
    nothing = gathering.nothing(kind)
    evidence = [own.get(one.pk, nothing) for one in members]
    relevant = np.zeros((len(members), len(index)))
    if own:
        with_taste = [place for place, one in enumerate(members) if one.pk in own]
        relevant[with_taste] = _relevance(index, [evidence[place] for place in with_taste], said)
    for place, one in enumerate(members):
        wished = [item for item, who in said.votes.items() if one.pk in who]
        relevant[place, _rows(index, wished)] = 1.0
    if not own:  # nobody's taste: what most people play, behind what was voted for
        relevant = np.vstack([relevant, _relevance(index, [nothing], said)])
    return _Tastes(members, evidence, relevant, personal=bool(members))


def _relevance(index: ItemIndex, evidence: Sequence[PermittedEvidence], said: Said) -> Doubles:
    """How relevant every item is to each [E, n], with what the room refused in each sum."""
    refused = sorted(said.skipped | said.vetoed)
    entries = [(KEY_ITEM, item, REFUSAL, Channel.NEGATIVE) for item in refused]
    sums = [gathering.together(one, gathering.stated(one, entries)).in_index(index)[1] for one in evidence]
    return fairness.relevance(index.scores_batch(sums).astype(np.float64))


def _rows(index: ItemIndex, ids: Collection[int]) -> Rows:
    """The rows of those items that the model knows."""
    return index.known_rows(ids)
