"""Styles of music: a few dozen groups of items that the same people play, the coarsest word for a taste.

A style is made of items above the floor of contributors only, so that at least as many people are behind each.
"""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from graph.arrays import Codes, Floats, Mask
from graph.serving.friend_index import unit_rows

MOST, ITEMS_EACH = 24, 10  # how many styles at most, and how many items one has on average at least
SAMPLE, ROUNDS = 20_000, 25  # items that styles are found among; the others join the nearest


def find_styles(keys: Floats, known: Mask, *, seed: int) -> Codes:
    """The style of each item [n] by its vector [n, d]; -1 where it is not ``known`` or has none."""
    styles = np.full(len(keys), -1, dtype=np.int8)
    rows = np.flatnonzero(known & keys.any(axis=1))
    if not len(rows):
        return styles
    units = unit_rows(keys[rows])
    number = int(np.clip(len(rows) // ITEMS_EACH, 1, MOST))
    sample = np.random.default_rng(seed).permutation(len(rows))[:SAMPLE]
    means = KMeans(number, n_init=1, max_iter=ROUNDS, random_state=seed).fit(units[np.sort(sample)])
    styles[rows] = means.predict(units)
    return styles
