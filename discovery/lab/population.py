"""Whom a simulation is about, from the consented snapshot: listeners, the tags the model never saw, earlier days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from discovery.lab.listener_model import Listener
from discovery.radio.sources import entries
from graph.arrays import Doubles, Mask, Rows
from graph.serving.channels import Channel, Evidence
from graph.serving.index import ItemIndex
from graph.snapshot import GraphSnapshot, Plays, Taggings

HEARD_BY = 5  # artists with fewer listeners cannot be told from noise, and are left out of the simulation
TASTE = 3  # held-out artists that somebody needs to be simulated
NEWCOMERS = 0.5  # share of listeners of whose past the radio knows nothing
STARTING = 0.5  # share of listeners who start from an artist


def taggers_split(snapshot: GraphSnapshot, rng: np.random.Generator) -> tuple[GraphSnapshot, Taggings]:
    """The snapshot with the tags of half of those who tag, and the tags of the other half.

    The catalog's own tags stay with the snapshot.
    """
    tags = snapshot.artist_tags
    apart = np.append(rng.random(len(snapshot.users)) < 0.5, False)[tags.user]
    return replace(snapshot, artist_tags=_tags(tags, ~apart)), _tags(tags, apart)


def tag_weights(tags: Taggings, row_of: Rows, size: int, names: int) -> sp.csr_matrix:
    """Unit rows of TF–IDF tag weights by artist [size, names]; ``row_of`` is -1 for what is left out."""
    kept = row_of[tags.item] >= 0
    counts = sp.csr_matrix(
        (np.ones(kept.sum()), (row_of[tags.item[kept]], tags.tag[kept])), shape=(size, names)
    )
    spread = np.asarray((counts > 0).sum(axis=0)).ravel()
    counts = counts.log1p() @ sp.diags(np.log(size / np.maximum(spread, 1)))
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags(1 / np.where(length > 0, length, 1)) @ counts)


def popularity(index: ItemIndex) -> Doubles:
    """The share of items that are more popular than each, by the model's prior [n]."""
    share = np.empty(len(index))
    share[np.argsort(-index.prior, kind="stable")] = np.arange(len(index)) / len(index)
    return share


def grown(train: GraphSnapshot, shares: Sequence[float], seed: int) -> list[GraphSnapshot]:
    """What there was to learn from when only each of ``shares`` of the contributors had joined.

    Who joined early is there later too. The catalog, its own tags and the rows stay the same.
    """
    place = np.random.default_rng([seed, 3]).permutation(len(train.users)) / len(train.users)
    return [_reduced(train, place < share) for share in shares]


def listeners(
    train: GraphSnapshot, held_out: Rows, row_of: Rows, tagged: Mask, count: int, seed: int
) -> list[Listener]:
    """At most ``count`` people with tastes of what was ``held_out`` [E, 2] and is ``tagged`` [n]."""
    rng = np.random.default_rng(seed)
    friends = _friends(train)
    people: list[Listener] = []
    for user in rng.permutation(len(train.users)):
        taste = row_of[held_out[held_out[:, 0] == user, 1]]
        taste = np.unique(taste[taste >= 0])
        taste = taste[tagged[taste]]
        known, amounts = _played(train.artist_plays, user, row_of)
        if len(taste) < TASTE or len(known) == 0:
            continue
        lasting = entries([], [], [])
        if rng.random() >= NEWCOMERS:
            lasting = _lasting(train, known, amounts, friends.get(int(user), ()), row_of)
        people.append(
            Listener(
                number=int(user), taste=taste, lasting=lasting, known=known,
                starts=bool(rng.random() < STARTING),
            )
        )  # fmt: skip
        if len(people) == count:
            break
    return people


def known_to(index: ItemIndex, snapshot: GraphSnapshot, train: GraphSnapshot) -> ItemIndex:
    """``index`` of those artists alone that enough people play in ``train``."""
    crowd = np.bincount(train.artist_plays.item, minlength=len(snapshot.artists))
    rows = index.rows(snapshot.artists[crowd >= HEARD_BY])
    return index.among(np.sort(rows[rows >= 0]))


def _reduced(snapshot: GraphSnapshot, joined: Mask) -> GraphSnapshot:
    """The snapshot with what those who ``joined`` [U] did."""
    tagging = np.append(joined, True)  # the last for user -1, the catalog
    return replace(
        snapshot, discoverable=snapshot.discoverable & joined,
        artist_plays=_plays(snapshot.artist_plays, joined), track_plays=_plays(snapshot.track_plays, joined),
        artist_tags=_tags(snapshot.artist_tags, tagging[snapshot.artist_tags.user]),
        track_tags=_tags(snapshot.track_tags, tagging[snapshot.track_tags.user]),
        friendships=snapshot.friendships[joined[snapshot.friendships].all(axis=1)],
    )  # fmt: skip


def _plays(plays: Plays, joined: Mask) -> Plays:
    kept = joined[plays.user]
    return replace(plays, user=plays.user[kept], item=plays.item[kept], count=plays.count[kept])


def _lasting(
    train: GraphSnapshot, known: Rows, amounts: Doubles, friends: Sequence[int], row_of: Rows
) -> Evidence:
    rows, counts, channels = known.tolist(), amounts.tolist(), [Channel.OWN] * len(known)
    for friend in friends:
        theirs, plays = _played(train.artist_plays, friend, row_of)
        rows += theirs.tolist()
        counts += plays.tolist()
        channels += [Channel.FRIEND] * len(theirs)
    return entries(rows, counts, channels)


def _played(plays: Plays, user: int, row_of: Rows) -> tuple[Rows, Doubles]:
    start, stop = np.searchsorted(plays.user, [user, user + 1])
    rows = row_of[plays.item[start:stop]]
    return rows[rows >= 0], plays.count[start:stop][rows >= 0].astype(np.float64)


def _friends(train: GraphSnapshot) -> dict[int, list[int]]:
    friends: dict[int, list[int]] = {}
    for low, high in train.friendships.tolist():
        friends.setdefault(low, []).append(high)
        friends.setdefault(high, []).append(low)
    return friends


def _tags(tags: Taggings, mask: Mask) -> Taggings:
    return replace(tags, user=tags.user[mask], item=tags.item[mask], tag=tags.tag[mask])
