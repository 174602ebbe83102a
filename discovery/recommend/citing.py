"""Which terms of the sum a reason may cite: of each kind of one's own entries, and of each friend's, the largest.

Arrays only, all items at once: E entries of evidence, k items, G groups of entries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from discovery.recommend.evidence import KEY_ITEM, KEY_OCCASION, PermittedEvidence
from discovery.recommend.ranking import Ranking
from graph.arrays import Doubles, Ids, Ints, Mask, Rows
from graph.serving.channels import Channel

CITED = 3  # entries a reason names at most, and friends (or all unnamed ones) that an item names
BECAUSE = 0.5  # "because you played X" only from this share on

# Labels of groups. A named friend's is their key; those who may not be named are one group.
UNNAMED = 0
OWN, PICKED, TAGGED, SAID, OCCASION = -1, -2, -3, -4, -5
LABELS = {Channel.OWN: OWN, Channel.PICK: PICKED, Channel.PROMPT_TAG: TAGGED, Channel.WORD: SAID}
NOTHING = -6  # what takes away, below all others: no reason cites it


@dataclass(frozen=True, eq=False)
class Citable:
    """What may be cited for each item: a group a row, of one's own entries or of friends'."""

    label: Ids  # [c, k] the group
    contribution: Doubles  # [c, k] what the cited entries add up to; 0 where there is nothing to cite
    signals: Ints  # [c, k] how many entries there are, cited or not
    entries: Rows  # [CITED, c, k] what is cited, the largest term first; -1 where it is fewer


@dataclass(frozen=True, eq=False)
class Strongest:
    """The largest positive terms of each group."""

    groups: Ids  # [G] labels, ascending
    entries: Rows  # [CITED, G, k] the largest first, the first of equals first; -1 where fewer are positive
    terms: Doubles  # [CITED, G, k] 0 where fewer are positive
    positive: Ints  # [G, k] how many are


def own_citable(label: Ids, best: Strongest, whole: Doubles) -> Citable:
    """One's own groups [5 at most, k]; the largest play alone where it carries half of the ``whole`` score [k].

    ``label`` [E]: the group of each entry.
    """
    chosen = np.flatnonzero(best.groups < UNNAMED)[
        ::-1
    ]  # plays before picks, picks before tags, these before words
    groups, entries, terms = best.groups[chosen], best.entries[:, chosen], best.terms[:, chosen]
    alone = terms[0] >= BECAUSE * whole
    contribution = np.where(alone, terms[0], terms.sum(axis=0))
    entries[1:] = np.where(alone, -1, entries[1:])
    sizes = (label[:, None] == groups[None, :]).sum(axis=0)
    return Citable(_wide(groups, alone), contribution, _wide(sizes, alone), entries)


def occasion_whole(citable: Citable, label: Ids, terms: Doubles) -> Citable:
    """The same, a moment cited with all its entries: what it does to an item is one thing, and where it takes away, it is no reason.

    ``label`` [E], ``terms`` [E, k]: as they were handed to `strongest`.
    """
    entries = np.flatnonzero(label == OCCASION)[:CITED]
    row = np.flatnonzero(citable.label[:, :1].ravel() == OCCASION)
    if not len(row):
        return citable
    cited = np.full(CITED, -1, dtype=np.int64)
    cited[: len(entries)] = entries
    contribution, chosen = citable.contribution.copy(), citable.entries.copy()
    contribution[row] = terms[entries].sum(axis=0)
    chosen[:, row] = cited[:, None, None]
    return replace(citable, contribution=contribution, entries=chosen)


def friends_citable(best: Strongest, itself: Doubles) -> Citable:
    """For each item the ``CITED`` friends [3 at most, k] who play it, and then those whose cited plays add most.

    ``itself`` [G, k]: what a group's plays of the very item add; nothing else of theirs counts where there are any.
    """
    friends = np.flatnonzero(best.groups >= UNNAMED)
    itself = itself[friends]
    contribution = np.where(itself > 0, itself, best.terms[:, friends].sum(axis=0))
    chosen = np.lexsort((-contribution, itself <= 0), axis=0)[:CITED]
    return Citable(
        label=best.groups[friends][chosen],
        contribution=np.take_along_axis(contribution, chosen, axis=0),
        signals=np.take_along_axis(best.positive[friends], chosen, axis=0),
        entries=np.take_along_axis(best.entries[:, friends], chosen[None], axis=1),
    )


def labels(evidence: PermittedEvidence) -> Ids:
    """The group of each entry [E]."""
    of_channel = np.full(len(Channel), NOTHING, dtype=np.int64)
    of_channel[list(LABELS)] = list(LABELS.values())
    named = [friend_id for friend_id, source in evidence.friends.items() if source.named]
    friend = np.where(np.isin(evidence.friend, named), evidence.friend, UNNAMED)
    own = np.where(evidence.key_kind == KEY_OCCASION, OCCASION, of_channel[evidence.channel])
    return np.where(evidence.channel == Channel.FRIEND, friend, own)


def strongest(terms: Doubles, label: Ids) -> Strongest:
    """Of the ``terms`` [E, k], whose entries belong to the groups ``label`` [E]; without the group ``NOTHING``."""
    order = np.argsort(label, kind="stable")
    order = order[np.searchsorted(label[order], NOTHING, side="right") :]
    groups, starts, sizes = np.unique(label[order], return_index=True, return_counts=True)
    shape = (CITED, len(groups), terms.shape[1])
    entries, values = np.full(shape, -1, dtype=np.int64), np.zeros(shape)
    if not len(groups):
        return Strongest(groups, entries, values, np.zeros(shape[1:], dtype=np.int64))
    left = np.maximum(terms[order], 0.0)
    positive = np.add.reduceat(left > 0, starts, axis=0, dtype=np.int64)
    for place in range(min(CITED, int(sizes.max()))):
        values[place] = np.maximum.reduceat(left, starts, axis=0)
        first = _first(left == np.repeat(values[place], sizes, axis=0), starts)
        entries[place] = np.where(values[place] > 0, order[first], -1)
        np.put_along_axis(left, first, 0.0, axis=0)
    return Strongest(groups, entries, values, positive)


def _first(mask: Mask, starts: Rows) -> Rows:
    """The first true row of each segment and column [G, k] of a ``mask`` [E, k] that has one everywhere."""
    rows = np.where(mask, np.arange(len(mask), dtype=np.int64)[:, None], len(mask))
    return np.asarray(np.minimum.reduceat(rows, starts, axis=0))


def own_items(ranking: Ranking, label: Ids) -> tuple[Rows, Rows]:
    """Friends' plays of the very items, where they add to them: entries (ascending) and the columns of their items."""
    evidence = ranking.evidence
    plays = np.flatnonzero((label >= UNNAMED) & (evidence.key_kind == KEY_ITEM))
    place, column = np.nonzero(evidence.key_id[plays][:, None] == ranking.ids[None, :])
    entries = plays[place]
    adding = ranking.contributions[entries, column] > 0
    return entries[adding], column[adding]


def added_by_item(ranking: Ranking, best: Strongest, label: Ids, plays: tuple[Rows, Rows]) -> Doubles:
    """What each group's ``plays`` of the very item add to it [G, k]."""
    entries, column = plays
    added = np.zeros((len(best.groups), len(ranking.ids)))
    np.add.at(added, (np.searchsorted(best.groups, label[entries]), column), ranking.contributions[plays])
    return added


def _wide(column: Ids, like: Mask) -> Ids:
    return np.broadcast_to(column[:, None], like.shape)
