"""People the viewer may know: close through friends who can be found, and whose friends listen alike.

Only people who grant DISCOVERABLE now are suggested or serve as a bridge, and only a viewer who
grants it too is shown who is near through friends. Who has no way to anybody is shown people of their style.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import policies
from accounts.models import User
from accounts.presentation import Disclosure, Draft, Presented, Ref, present
from discovery.recommend.acquaintance import Acquaintances, Asked, Held, Surroundings, acquaintances
from discovery.recommend.crowd import crowd, style_of
from discovery.recommend.serving import DegradedReason, served_model
from graph.serving.artifact import Artifact


@dataclass(frozen=True)
class Suggestion:
    person: User
    mutual_friends: int

    @property
    def text(self) -> str:
        """Why this person, in words."""
        if self.mutual_friends:
            return ngettext(
                "%(count)d friend in common", "%(count)d friends in common", self.mutual_friends
            ) % {"count": self.mutual_friends}
        return _("Similar taste in music")


@dataclass(frozen=True)
class Suggestions:
    """A page of a ranking of people. ``ranked``: their keys, also of those who went out of sight meanwhile."""

    people: Sequence[Suggestion]
    ranked: Sequence[int]
    has_next: bool
    degraded: DegradedReason | None


def suggest(viewer: User, *, shown: Collection[int] = (), count: int = 20) -> Presented[Suggestions]:
    """People whom ``viewer`` is not linked with in any way and who were not ``shown`` before, most likely friends first.

    Without a model, by friends in common and theirs alone.
    """
    model, degraded = served_model()
    artifact = model.artifact if model else None
    found = suggested(viewer, Asked(artifact), artifact)
    before = frozenset(shown)
    ranked = [
        (person, mutual)
        for person, mutual in zip(found.people.tolist(), found.mutual.tolist(), strict=True)
        if person not in before
    ]
    listed, has_next = ranked[:count], len(ranked) > count

    def answer(nodes: Mapping[Ref, User]) -> Suggestions:
        suggestions = [
            Suggestion(nodes[ref], friends)
            for person, friends in listed
            if (ref := Ref("Listener", person)) in nodes
        ]
        return Suggestions(suggestions, [person for person, _friends in listed], has_next, degraded)

    # Friends whose plays say what the circle listens to are told. What strangers play puts them nearer or farther in
    # coarse steps, as CONTRIBUTE and DISCOVERABLE allow: of no one of them anything is shown.
    told = {Disclosure(friend, named=False) for friend in found.heard} if listed else set()
    return present(viewer, Draft([Ref("Listener", person) for person, _friends in listed], answer, told))


def suggested(viewer: User, around: Surroundings, artifact: Artifact | None) -> Acquaintances:
    """Who is suggested to ``viewer``: by friends, or where no friend leads to anybody, by the style of what they play."""
    found = acquaintances(viewer, around, artifact)
    if len(found.people) or artifact is None or (style := style_of(viewer, artifact)) is None:
        return found
    people = crowd(viewer, style, artifact, Asked(artifact))
    return Acquaintances(people, np.zeros(len(people), dtype=np.int64))


def suggest_all(artifact: Artifact, viewers: Sequence[User], *, top: int) -> Iterator[tuple[User, list[int]]]:
    """Each viewer who can be found, with the keys of their ``top`` people, most likely friends first.

    What `suggest` answers them, with everybody's friendships and tastes read once.
    """
    discoverable = set(policies.discoverable().values_list("pk", flat=True))
    around = Held(artifact)
    for viewer in viewers:
        if viewer.pk in discoverable:
            yield viewer, suggested(viewer, around, artifact).people[:top].tolist()
