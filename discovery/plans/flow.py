"""The order of chosen tracks: from how lively it begins to how lively it ends, without jumps of tempo, artists apart.

Arrays only: n tracks, the best first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discovery.plans.choose import APART
from discovery.plans.plan import Arc
from graph.arrays import Doubles, Ids, Rows

ENERGY, TEMPO, PLACE = (
    1.0,
    0.3,
    0.15,
)  # what a wrong energy, a jump of tempo, and standing far from one's place cost
SLOWEST, FASTEST = 60.0, 180.0  # beats a minute


@dataclass(frozen=True, eq=False)
class Flow:
    """``order`` [n] of the tracks; ``apart``: how far two of one artist stand from each other at least; None without two."""

    order: Rows
    apart: int | None


def in_order(artists: Ids, energy: Doubles, tempo: Doubles, arc: Arc | None) -> Flow:
    """The tracks by ``artists`` [n], of ``energy`` [n] from 0 to 1 and ``tempo`` [n], each nan where nobody knows it.

    Slot after slot the track that fits best, of those whose artist did not just play; where an artist has so many
    left that they would come too close at the end, one of theirs now. Where it cannot be had, as far apart as it goes.
    """
    number = len(artists)
    target = np.full(number, np.nan) if arc is None else np.linspace(arc.start, arc.end, number)
    beats = np.clip((tempo - SLOWEST) / (FASTEST - SLOWEST), 0.0, 1.0)
    lively = np.where(np.isnan(energy), beats, energy)
    apart = _possible(artists)
    while True:
        for careful in (False, True):
            order = _filled(artists, lively, beats, target, apart, careful=careful)
            nearest = nearest_pair(artists[order])
            if nearest is None or nearest >= apart:
                return Flow(order, nearest)
        apart -= 1


def _possible(artists: Ids) -> int:
    """How far apart all of each artist can stand at best, and no farther than they have to."""
    counts = np.unique(artists, return_counts=True)[1]
    most = int(counts.max(initial=1))
    if most < 2:
        return APART
    return min(APART, int((len(artists) - (counts == most).sum()) // (most - 1)))


def _filled(
    artists: Ids, lively: Doubles, beats: Doubles, target: Doubles, apart: int, *, careful: bool
) -> Rows:
    """Slot after slot; ``careful``: of the artists who may play always one of those with most left."""
    number = len(artists)
    kinds, of = np.unique(artists, return_inverse=True)
    left = np.bincount(of, minlength=len(kinds))
    last = np.full(len(kinds), -number - apart, dtype=np.int64)
    open_, order, before = np.ones(number, dtype=bool), np.empty(number, dtype=np.int64), np.nan
    for slot in range(number):
        rest = np.flatnonzero(open_)
        gap = slot - last[of[rest]]
        allowed = rest[gap >= apart] if (gap >= apart).any() else rest[gap == gap.max()]
        most = int(left[of[allowed]].max())
        fullest = int((left == left.max()).sum())
        if careful or (int(left.max()) - 1) * apart + fullest >= number - slot:
            allowed = allowed[left[of[allowed]] == most]
        cost = ENERGY * np.nan_to_num(np.abs(lively[allowed] - target[slot]))
        cost += TEMPO * np.nan_to_num(np.abs(beats[allowed] - before))
        cost += PLACE * np.abs(allowed - slot) / number
        best = int(allowed[int(cost.argmin())])
        open_[best] = False
        order[slot] = best
        left[of[best]] -= 1
        last[of[best]], before = slot, float(beats[best])
    return order


def nearest_pair(artists: Ids) -> int | None:
    """How far apart the nearest two of one artist stand; None where there are no two."""
    order = np.argsort(artists, kind="stable")
    same = artists[order][1:] == artists[order][:-1]
    gaps = np.diff(order)[same]
    return int(gaps.min()) if len(gaps) else None
