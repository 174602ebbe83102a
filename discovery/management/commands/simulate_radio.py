"""``manage.py simulate_radio``: how long simulated listeners stay, and whether off-policy estimates hold."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from django.core.management.base import BaseCommand, CommandError
from numpy.typing import NDArray

from discovery.radio import verdict
from discovery.radio.simulate import STATIONS, Listener, run
from discovery.radio.sources import entries
from graph import snapshot
from graph.index import Channel, ItemIndex
from graph.snapshot import GraphSnapshot, Plays

HEARD_BY = 3  # artists with fewer listeners cannot be told from noise, and are left out of the world
TASTE = 3  # held-out artists that somebody needs to be simulated
NEWCOMERS = 0.5  # share of listeners of whom the radio knows nothing but where they start


class Command(BaseCommand):
    help = "Simulate listeners whose true tastes were held out of the model, on the consented snapshot."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listeners", type=int, default=1_500)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--runs", type=int, default=100, help="repetitions of the off-policy estimates")
        parser.add_argument("--output", type=Path, help="write the figures here as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        index, words, listeners = _world(options["listeners"], options["seed"])
        self.stderr.write(f"{len(listeners):,} listeners, {len(index):,} artists")
        played = {}
        for station in STATIONS:
            begin = time.monotonic()
            played[station.name] = run(index, words, listeners, station, options["seed"])
            mean = played[station.name].length.mean()
            self.stderr.write(
                f"{station.name}: {mean:.2f} items a session ({time.monotonic() - begin:.0f} s)"
            )
        found = {
            "listeners": len(listeners),
            "artists": len(index),
            "seed": options["seed"],
            "stations": verdict.stations(played),
            "against": verdict.against(played, seed=options["seed"]),
            "off_policy": verdict.off_policy(played["radio"], runs=options["runs"], seed=options["seed"]),
        }
        text = json.dumps(found, indent=1)
        if options["output"]:
            options["output"].write_text(text + "\n", encoding="utf-8")
        self.stdout.write(text)


def _world(count: int, seed: int) -> tuple[ItemIndex, sp.csr_matrix, list[Listener]]:
    """A model without what is held out, the words for its artists, and the people."""
    from graph.ml.config import RecommenderConfig
    from graph.ml.split import split_snapshot
    from graph.ml.train import fit

    whole = snapshot.take()
    split = split_snapshot(whole, seed=seed)
    full = fit(split.train, RecommenderConfig()).artifact().index("ARTIST")
    if full is None:
        raise CommandError("Nobody has granted that their plays train models, or there are no plays.")
    crowd = np.bincount(split.train.artist_plays.item, minlength=len(whole.artists))
    artists = whole.artists[crowd >= HEARD_BY]
    rows = full.rows(artists)
    index = full.among(np.sort(rows[rows >= 0]))
    row_of = index.rows(whole.artists)  # by the snapshot's row; -1 where left out
    return index, _words(whole, row_of, len(index)), _listeners(split, row_of, count, seed)


def _words(whole: GraphSnapshot, row_of: NDArray[np.int64], size: int) -> sp.csr_matrix:
    """Unit rows of TF–IDF tag weights by artist [n, T]."""
    tags = whole.artist_tags
    kept = row_of[tags.item] >= 0
    shape = (size, len(whole.tags))
    counts = sp.csr_matrix((np.ones(kept.sum()), (row_of[tags.item[kept]], tags.tag[kept])), shape=shape)
    spread = np.asarray((counts > 0).sum(axis=0)).ravel()
    counts = counts.log1p() @ sp.diags(np.log(size / np.maximum(spread, 1)))
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags(1 / np.where(length > 0, length, 1)) @ counts)


def _listeners(split: Any, row_of: NDArray[np.int64], count: int, seed: int) -> list[Listener]:
    rng = np.random.default_rng(seed)
    friends = _friends(split.train)
    found: list[Listener] = []
    for user in rng.permutation(len(split.train.users)):
        taste = row_of[split.artists[split.artists[:, 0] == user, 1]]
        taste = np.unique(taste[taste >= 0])
        known, amounts = _played(split.train.artist_plays, user, row_of)
        if len(taste) < TASTE or len(known) == 0:
            continue
        lasting = entries([], [], [])
        if rng.random() >= NEWCOMERS:
            lasting = _lasting(split.train, known, amounts, friends.get(int(user), ()), row_of)
        weight = np.log1p(amounts)
        start = int(rng.choice(known, p=weight / weight.sum()))
        found.append(Listener(taste=taste, lasting=lasting, seed=start, known=known))
        if len(found) == count:
            break
    return found


def _lasting(
    train: GraphSnapshot,
    known: NDArray[np.int64],
    amounts: NDArray[np.float64],
    friends: Any,
    row_of: NDArray[np.int64],
) -> Any:
    rows, counts, channels = known.tolist(), amounts.tolist(), [Channel.OWN] * len(known)
    for friend in friends:
        theirs, plays = _played(train.artist_plays, friend, row_of)
        rows += theirs.tolist()
        counts += plays.tolist()
        channels += [Channel.FRIEND] * len(theirs)
    return entries(rows, counts, channels)


def _played(
    plays: Plays, user: int, row_of: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    start, stop = np.searchsorted(plays.user, [user, user + 1])
    rows = row_of[plays.item[start:stop]]
    return rows[rows >= 0], plays.count[start:stop][rows >= 0].astype(np.float64)


def _friends(train: GraphSnapshot) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for low, high in train.friendships.tolist():
        found.setdefault(low, []).append(high)
        found.setdefault(high, []).append(low)
    return found
