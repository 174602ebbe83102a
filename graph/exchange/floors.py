"""What may leave: items that enough people play and everybody may see, and words that enough people use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accounts import policies
from discovery.platform.errors import Conflict
from graph.arrays import Floats, Mask, Rows
from graph.ml.data import View
from graph.snapshot import GraphSnapshot


def items_leaving(view: View, *, least: int) -> Rows:
    """Rows of a view that may be spoken of elsewhere: what everybody may be shown, of ``least`` listeners."""
    return np.flatnonzero(view.open & (view.listeners >= least))


def people_counted(seen: Sequence[View]) -> Floats:
    """For how many people each listener counts [U]: near copies of one another are one, whatever they are alike in."""
    return np.asarray(np.minimum.reduce([view.distinct for view in seen]), dtype=np.float32)


def words_leaving(snapshot: GraphSnapshot, seen: Sequence[View]) -> Mask:
    """Which words [G] may be spoken of elsewhere: those of the catalog, and what ``SMALLEST_AGGREGATE`` people say."""
    known = np.zeros(len(snapshot.tags), dtype=bool)
    user = np.concatenate([snapshot.artist_tags.user, snapshot.track_tags.user])
    tag = np.concatenate([snapshot.artist_tags.tag, snapshot.track_tags.tag])
    known[tag[user < 0]] = True
    word, speaker = np.unique(np.stack([tag[user >= 0], user[user >= 0]]), axis=1)
    people = np.bincount(word, people_counted(seen)[speaker], minlength=len(known))
    known[np.rint(people) >= policies.SMALLEST_AGGREGATE] = True
    return known


def nothing_leaves() -> Conflict:
    return Conflict(
        "Nothing may leave: too few people here allow that their plays enter sums for others (CONTRIBUTE and THIRD_PARTY).",
        code="BUNDLE_EMPTY",
    )
