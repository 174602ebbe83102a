"""Whether the world changed: rewards that stopped being what was expected of them, and since when.

The classic test of a constant mean by cumulative sums (Brown, Durbin and Evans 1975; Ploberger and Krämer 1992), on sums
of blocks, for what one session earns hangs together. It is made anew from the log each time, so nothing is kept beside it.
"""

from __future__ import annotations

import numpy as np

from graph.arrays import Doubles

BLOCK = 25  # choices, longer than most sessions
FEWEST = 8  # blocks, below which nothing is said
# In units of a Brownian bridge, whose largest excursion is beyond it once in 8,000 worlds that do not change: the log is
# looked at again and again.
BOUND = 2.2


def changed_at(residuals: Doubles) -> int:
    """From which of the residuals [N], the oldest first, their mean is another one; 0 where it is one throughout."""
    blocks = len(residuals) // BLOCK
    if blocks < FEWEST:
        return 0
    before = len(residuals) - blocks * BLOCK
    sums = residuals[before:].reshape(blocks, BLOCK).sum(axis=1)
    # By differences of neighbors, which a change of the mean hardly touches.
    spread = float(np.sqrt(np.mean(np.diff(sums) ** 2) / 2))
    bridge = np.abs(np.cumsum(sums) - np.arange(1, blocks + 1) / blocks * sums.sum())[:-1]
    at = int(bridge.argmax())
    return before + (at + 1) * BLOCK if bridge[at] > BOUND * spread * np.sqrt(blocks) else 0
