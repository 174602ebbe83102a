"""Counts of people as they may leave a model: in coarse steps, which one person more or less hardly ever moves.

Whoever watches two models in a row must not read from them who joined or left. A count therefore stays on the step
where the model before had it until it has left that step by a margin, and a count that was beneath the floor has to
pass the floor by a margin. What falls beneath the floor is gone at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graph.arrays import Floats, Ids, Ints

STEP = 1.5  # from one step to the next
MARGIN, LEAST_MARGIN = 0.1, 2  # by which a count leaves its step, as a part of it and in people


@dataclass(frozen=True)
class Steps:
    """On which step each item stood in the model before; nothing of items that it did not know."""

    ids: Ids  # [n] ascending
    step: Ints  # [n] -1 beneath the floor


def coarse_steps(ids: Ids, listeners: Ints, floor: int, before: Steps | None) -> Ints:
    """The step of each item [N] from its number of ``listeners``; -1 beneath ``floor``."""
    plain: Ints = np.floor(np.log(np.maximum(listeners, floor) / floor) / np.log(STEP) + 1e-9).astype(
        np.int64
    )
    plain[listeners < floor] = -1
    if before is None or not len(before.ids):
        return plain
    place = np.minimum(np.searchsorted(before.ids, ids), len(before.ids) - 1)
    stood = np.where(before.ids[place] == ids, before.step[place], -1)
    lowest, highest = floor * STEP ** np.maximum(stood, 0), floor * STEP ** (stood + 1.0)
    margin = np.minimum(np.maximum(MARGIN * lowest, LEAST_MARGIN), floor // 5 + MARGIN * lowest)
    stays = (listeners >= lowest - margin) & (listeners < highest + margin) & (stood >= 0)
    entering = (stood < 0) & (listeners < floor + np.minimum(LEAST_MARGIN, floor // 5))
    steps = np.where(stays, stood, plain)
    steps[entering | (listeners < floor)] = -1
    return np.asarray(steps, dtype=np.int64)


def people_of(steps: Ints, floor: int) -> Floats:
    """About how many people a step stands for [N]: 0 beneath the floor."""
    return np.where(steps >= 0, floor * STEP ** (steps + 0.5), 0).astype(np.float32)
