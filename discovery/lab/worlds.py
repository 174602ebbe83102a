"""A world to simulate in, from the consented snapshot: models without what is held out, and who listens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from discovery.lab import population
from discovery.lab.listener_model import ListenerModel
from discovery.lab.simulate import Model
from graph import snapshot

EVERYBODY = (1.0,)


class TooFewError(Exception):
    """There is nobody, or nothing, to simulate."""


def made(count: int, seed: int, joined: Sequence[float] = EVERYBODY) -> tuple[list[Model], ListenerModel]:
    """A model for each share of contributors that has ``joined``, and at most ``count`` people, with tags no model saw.

    Raises TooFewError.
    """
    from graph.ml.config import RecommenderConfig
    from graph.ml.split import split_snapshot
    from graph.ml.train import fit

    whole = snapshot.take()
    told, kept = population.taggers_split(whole, np.random.default_rng(seed))
    split = split_snapshot(told, seed=seed)
    days = []
    for train in population.grown(split.train, joined, seed):
        full = fit(train, RecommenderConfig()).artifact().index("ARTIST")
        if full is None:
            raise TooFewError("Nobody has granted that their plays train models, or there are no plays.")
        days.append(Model(population.known_to(full, whole, split.train)))
    index = days[-1].index
    row_of = index.rows(whole.artists)  # by the snapshot's row; -1 where left out
    tag_weights = population.tag_weights(kept, row_of, len(index), len(whole.tags))
    tagged = np.asarray(tag_weights.getnnz(axis=1) > 0)
    listeners = population.listeners(split.train, split.artists, row_of, tagged, count, seed)
    if not listeners:
        raise TooFewError(
            f"Nobody here can be simulated: it takes people who play {population.TASTE} artists or more that are left out of the model"
            " and that listeners have tagged (the sample community has tags of its catalog alone; HetRec 2011 will do)."
        )
    return days, ListenerModel(tag_weights, listeners)


def first(listener_model: ListenerModel, count: int) -> ListenerModel:
    """The same with its first ``count`` people."""
    return ListenerModel(listener_model.tag_weights, listener_model.listeners[:count], listener_model.assumed)
