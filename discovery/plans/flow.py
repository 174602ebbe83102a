"""The order of chosen tracks: from how lively it begins to how lively it ends, without jumps of tempo, artists apart.

Arrays only: n tracks, the best first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discovery.plans.choose import APART
from discovery.plans.plan import Arc
from graph.arrays import Doubles, Ids, Rows

ENERGY, TEMPO, PLACE = 1.0, 0.3, 0.15  # what a wrong energy, a jump of tempo, and standing far from one's place cost
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
    left = dict(zip(*(part.tolist() for part in np.unique(artists, return_counts=True)), strict=True))
    last: dict[int, int] = {}
    open_, order, before = np.ones(number, dtype=bool), [], np.nan
    for slot in range(number):
        rest = np.flatnonzero(open_)
        gap = np.array([slot - last.get(artist, -number - APART) for artist in artists[rest].tolist()])
        allowed = rest[gap >= APART] if (gap >= APART).any() else rest[gap == gap.max()]
        pressing = _pressing(artists[allowed], left, number - slot)
        allowed = allowed[pressing]
        cost = ENERGY * np.nan_to_num(np.abs(lively[allowed] - target[slot]))
        cost += TEMPO * np.nan_to_num(np.abs(beats[allowed] - before))
        cost += PLACE * np.abs(allowed - slot) / number
        best = int(allowed[int(cost.argmin())])
        open_[best] = False
        order.append(best)
        artist = int(artists[best])
        left[artist] -= 1
        last[artist], before = slot, beats[best]
    ordered = np.array(order, dtype=np.int64)
    return Flow(ordered, nearest_pair(artists[ordered]))


def nearest_pair(artists: Ids) -> int | None:
    """How far apart the nearest two of one artist stand; None where there are no two."""
    order = np.argsort(artists, kind="stable")
    same = artists[order][1:] == artists[order][:-1]
    gaps = np.diff(order)[same]
    return int(gaps.min()) if len(gaps) else None


def _pressing(artists: Ids, left: dict[int, int], slots: int) -> Rows:
    """Of these tracks those of artists who must play now, so that all they have left fits; all where nobody must."""
    need = np.array([(left[artist] - 1) * APART + 1 for artist in artists.tolist()])
    pressed = np.flatnonzero(need >= slots)
    if not len(pressed):
        return np.arange(len(artists))
    return pressed[need[pressed] == need[pressed].max()]
