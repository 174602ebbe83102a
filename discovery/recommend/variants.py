"""Another way to rank ``for_you`` for those who agreed to be shown one. Whoever has one offers it here.

A variant ranks what is permitted and nothing else: it stands where `feed` has its own selection, so that evidence,
reasons, disclosure and presentation are what they are for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from accounts.models import User
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.pipeline import Feed
from discovery.recommend.ranking import Ranking
from graph.models import ItemKind
from graph.serving.index import ItemIndex


class Variant(Protocol):
    """How one answer is ranked."""

    def select(
        self,
        index: ItemIndex,
        evidence: PermittedEvidence,
        *,
        shown: Collection[int],
        count: int,
        variety: float | None,
        usual: float,
    ) -> Ranking:
        """A page of items, as `held.rank_with_held` has it; ``variety`` as it was asked for, which is to be kept to."""

    def variety(self, usual: float) -> float:
        """What it ranks with where nobody asked for any, as it is told with the answer."""

    def note(self, answer: Feed) -> None:
        """Hear what was presented of it."""


Offer = Callable[[User, ItemKind, PermittedEvidence], Variant | None]


def _nothing(viewer: User, kind: ItemKind, permitted: PermittedEvidence) -> Variant | None:
    return None


_offer: Offer = _nothing


def connect(offer: Offer) -> None:
    """Ask ``offer`` from now on; called once, when the project is ready."""
    global _offer  # noqa: PLW0603  # one a process
    _offer = offer


def variant_for(viewer: User, kind: ItemKind, permitted: PermittedEvidence) -> Variant | None:
    """What the viewer is to be shown instead of what everybody is; None mostly."""
    return _offer(viewer, kind, permitted)
