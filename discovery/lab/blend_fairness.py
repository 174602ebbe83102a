"""How fair blends are: random groups of people who share, and what each blend holds for its members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from accounts import hearing, policies
from accounts.models import PersonalizationLevel, User
from discovery.together.blend import MOST_PEOPLE, blend
from discovery.together.fairness import FAIR
from graph.models import ItemKind


@dataclass(frozen=True)
class Fairness:
    """``ratios`` least over mean satisfaction, one a group; the mean and the least satisfaction of each."""

    ratios: tuple[float, ...]
    means: tuple[float, ...]
    least: tuple[float, ...]
    sizes: tuple[int, ...]

    @property
    def fair(self) -> int:
        return sum(ratio >= FAIR for ratio in self.ratios)


def fairness_measure(
    *,
    groups: int,
    kind: ItemKind,
    seed: int = 0,
    count: int = 50,
    tell: Callable[[int], None] = lambda _: None,
) -> Fairness:
    """Blends of ``count`` items for random viewers, each with two to ten people of those they share with."""
    rng = np.random.default_rng(seed)
    viewers = list(User.objects.filter(is_active=True, level__gte=PersonalizationLevel.SOCIAL).order_by("pk"))
    companions = {
        viewer.pk: [friend.pk for friend in hearing.companions_of(viewer, policies.friend_keys(viewer))]
        for viewer in viewers
    }
    viewers = [viewer for viewer in viewers if companions[viewer.pk]]
    rows = []
    for number in range(groups if viewers else 0):
        viewer = viewers[int(rng.integers(len(viewers)))]
        others = companions[viewer.pk]
        size = int(rng.integers(1, min(len(others), MOST_PEOPLE - 1) + 1))
        presented = blend(viewer, rng.choice(others, size=size, replace=False).tolist(), kind, count=count)
        rows.append([member.satisfaction for member in presented.answer.members])
        tell(number + 1)
    return Fairness(
        ratios=tuple(min(row) / (sum(row) / len(row)) for row in rows),
        means=tuple(sum(row) / len(row) for row in rows),
        least=tuple(min(row) for row in rows),
        sizes=tuple(len(row) for row in rows),
    )
