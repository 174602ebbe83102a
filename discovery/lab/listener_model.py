"""Simulated listeners: what they would hear out, what they would skip, and when they leave.

What is assumed, and why:

- **True tastes were held out.** A fifth of each listener's artists, with the listener's own tags on them, is
  kept from the model. What else they would like resembles these by the tags of half of the people who tag;
  the model is trained with the other half's, so it saw nothing of what decides here.
- **A mood.** The held-out artists fall into up to three groups that resemble each other (average linkage).
  Today one of them is wanted, and now and then another one takes over, without a word. What fits a group
  outside the mood is a third as welcome.
- **What fits** is a matter of rank, not of raw likeness, for any two popular artists share a tag: an artist
  that fits better than all but the share ``reach`` is heard out with half of the chance of the best one.
- **Skips.** Half of all tracks are skipped before their end, a quarter within seconds (Lamere, "The Skip",
  2014; Brost, Mehrotra and Jehan, "The Music Streaming Sessions Dataset", 2019, whose sessions are of 10 to
  20 tracks). The constants were set so that the radio that does *not* learn comes to about that.
- **Leaving** is likelier after a skip, and more so after several in a row.

`verdict.sensitivity` halves and doubles each constant. A model with ``popular`` is another community, made up to see
what the radio does where its beliefs are wrong: its people hear out hits as gladly as what fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from scipy.cluster.hierarchy import fcluster, linkage

from graph.arrays import Doubles, Floats, Ints, Rows
from graph.serving.channels import Evidence

LONGEST = 60  # items of a session at most


@dataclass(frozen=True)
class Assumptions:
    """The constants of the listener model; see above for what they stand for."""

    hear_any: float = 0.1  # chance to hear out what does not fit at all
    hear_best: float = 0.9  # and what fits best
    reach: float = 0.05  # share of artists that fit at least half-way
    elsewhere: float = 0.33  # how welcome is what fits the taste but not the mood, beside what fits the mood
    moods: int = 3  # groups of a taste, at most
    drift: float = 0.06  # chance that the mood changes, each item
    leave: float = 0.02  # chance to leave after hearing an item out
    leave_skipped: float = 0.08  # after a skip
    leave_more: float = 0.08  # more for each skip just before it


@dataclass(frozen=True, eq=False)
class Listener:
    """Somebody to simulate; rows are the index's."""

    number: int
    taste: Rows  # held out of the model
    lasting: Evidence  # what the radio may know beforehand
    known: Rows  # what they have heard before
    starts: bool  # whether they start from an artist they know, or from nothing


@dataclass(frozen=True, eq=False)
class Ears:
    """One listener on one day, drawn once and the same at every station.

    ``chance`` [M, n] of hearing each item out in each mood; ``mood`` [LONGEST] the mood by item;
    ``heard`` and ``leaves`` [LONGEST] what decides each time, uniform on 0 to 1.
    """

    chance: Floats
    mood: Ints
    heard: Doubles
    leaves: Doubles
    seed: int | None

    def hears(self, row: int, place: int) -> bool:
        return bool(self.heard[place] < self.chance[self.mood[place], row])


@dataclass(frozen=True, eq=False)
class ListenerModel:
    """``tag_weights`` [n, T]: a unit row an item, of tags that the model did not see."""

    tag_weights: sp.csr_matrix
    listeners: Sequence[Listener]
    assumed: Assumptions = field(default_factory=Assumptions)
    # [n] share of items that are more popular; given where hits are heard out as gladly as what fits
    popular: Doubles | None = None
    _fits: dict[tuple[int, int], Doubles] = field(default_factory=dict)  # by listener and number of moods

    def ears(self, listener: Listener, seed: int) -> Ears:
        """``listener`` on the day ``seed``."""
        rng = np.random.default_rng([seed, listener.number])
        fit = self._fits_of(listener)
        count, chance = len(fit), self._chance(fit)
        today = int(rng.integers(count))
        seed_row = self._seed(listener, fit[today], rng) if listener.starts else None
        changes = rng.random(LONGEST) < self.assumed.drift
        changes[0] = False
        steps = np.where(changes, rng.integers(1, max(count, 2), LONGEST), 0)
        return Ears(
            chance=chance, mood=(today + np.cumsum(steps)) % count,
            heard=rng.random(LONGEST), leaves=rng.random(LONGEST), seed=seed_row,
        )  # fmt: skip

    def stays(self, ears: Ears, outcomes: Sequence[bool]) -> bool:
        """Whether somebody stays after ``outcomes`` (heard out or not), the last one last."""
        if len(outcomes) >= LONGEST:
            return False
        streak = next((n for n, heard in enumerate(reversed(outcomes)) if heard), len(outcomes))
        assumed = self.assumed
        leave = assumed.leave if streak == 0 else assumed.leave_skipped + assumed.leave_more * (streak - 1)
        return bool(ears.leaves[len(outcomes) - 1] >= leave)

    def _fits_of(self, listener: Listener) -> Doubles:
        """How each item ranks in each mood [M, n]; kept, for it is the same every day."""
        key = (listener.number, self.assumed.moods)
        if key not in self._fits:
            group = moods(self.tag_weights[listener.taste], self.assumed.moods)
            fits = [self._fit(listener.taste[group == mood]) for mood in range(int(group.max()) + 1)]
            self._fits[key] = np.stack(fits)
        return self._fits[key]

    def _fit(self, rows: Rows) -> Doubles:
        """How each item [n] ranks by likeness to ``rows``: the share of items that fit better; 0 for themselves.

        In a community that likes hits, or by popularity where that is better.
        """
        likeness = (self.tag_weights @ self.tag_weights[rows].sum(axis=0).T).A1
        order = np.argsort(-likeness, kind="stable")
        better = np.empty(len(likeness))
        better[order] = np.arange(len(likeness)) / len(likeness)
        better[rows] = 0.0
        return better if self.popular is None else np.minimum(better, self.popular)

    def _chance(self, fit: Doubles) -> Floats:
        assumed = self.assumed
        welcome = 1 / (1 + (fit / assumed.reach) ** 2)  # 1 for the best, a half at the reach
        welcome = np.maximum(welcome, assumed.elsewhere * welcome.max(axis=0))
        chance = assumed.hear_any + (assumed.hear_best - assumed.hear_any) * welcome
        return np.asarray(np.clip(chance, 0, 1), dtype=np.float32)

    def _seed(self, listener: Listener, fit: Doubles, rng: np.random.Generator) -> int:
        """One of the best known for the mood: people start from what they feel like."""
        known = listener.known[np.argsort(fit[listener.known], kind="stable")]
        return int(known[rng.integers(max(len(known) // 5, 1))])


def moods(tag_weights: sp.csr_matrix, most: int) -> Ints:
    """The group of each row of ``tag_weights`` [t, T] by likeness, numbered from 0; ``most`` at most."""
    if tag_weights.shape[0] == 1:
        return np.zeros(1, dtype=np.int64)
    unlike = 1 - (tag_weights @ tag_weights.T).toarray()
    tree = linkage(unlike[np.triu_indices(len(unlike), 1)], "average")
    clusters = fcluster(tree, most, "maxclust")
    return np.unique(clusters, return_inverse=True)[1].astype(np.int64)
