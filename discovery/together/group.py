"""Several people's permitted tastes side by side, for one of them to look at.

Each person's side is their own plays and likes, as far as they let these shape what they are shown
(SELF, level OWN). Friends' plays never enter here: what one person's friends share with them is not
shared with the rest. Nobody but the viewer's dislikes and skips count: sharing plays tells of no refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from accounts import hearing
from accounts.models import PersonalizationLevel, User
from discovery.recommend import evidence as gathering
from discovery.recommend.evidence import PermittedEvidence
from graph.models import ItemKind
from graph.serving.channels import Channel


@dataclass(frozen=True, eq=False)
class Group:
    """``members`` with the viewer first and the others by id; ``evidence`` in their order."""

    members: Sequence[User]
    evidence: Sequence[PermittedEvidence]


def gather(viewer: User, others: Collection[int], kind: ItemKind) -> Group:
    """The viewer and those of ``others`` with whom they may look at music together.

    Everybody else is left out as if they had not been asked for. As many queries for ten people as for two.
    """
    companions = hearing.companions_of(viewer, others)
    members = [viewer, *companions]
    gathered = gathering.gather_many(members, kind, level=PersonalizationLevel.OWN)
    own = [gathered[0].where(gathered[0].channel != Channel.FRIEND)]
    own += [evidence.where(evidence.channel == Channel.OWN) for evidence in gathered[1:]]
    return Group(members, own)


def played(evidence: PermittedEvidence) -> dict[int, float]:
    """How much of the listening each item of the kind makes up: shares that add up to 1 at most."""
    mask = (evidence.channel == Channel.OWN) & (evidence.key_kind == gathering.KEY_ITEM)
    items, place = np.unique(evidence.key_id[mask], return_inverse=True)
    amount = np.bincount(place, weights=evidence.amount[mask], minlength=len(items))
    whole = float(evidence.amount[evidence.channel == Channel.OWN].sum())
    return {int(item): float(part) / whole for item, part in zip(items, amount, strict=True)}
