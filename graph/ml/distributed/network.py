"""The network, trained by all workers: each takes the loss of its own listeners, and holds what belongs to its own items.

Parameters of items (embeddings, odds) lie with the items' workers, as do their gradients and the optimizer's moments.
The few others are everybody's, and their gradients add up. Epochs are those of one process (`graph.ml.epochs`); only what is
drawn by chance differs.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from graph.arrays import Doubles, Floats
from graph.ml.config import NetworkConfig
from graph.ml.data import KNOWS, NAMES, PLAYED_BY, PLAYS, Edge
from graph.ml.distributed.links import Spread
from graph.ml.distributed.share import Share
from graph.ml.epochs import Epochs, Held
from graph.ml.item_item import Block
from graph.ml.learn import first_columns, untrained
from graph.ml.model import Link, mean_rows


def spread_epochs(share: Share, start: Block, config: NetworkConfig, *, seed: int) -> Epochs:
    """This worker's part of a network that is not trained yet. ``start``: vectors of its items."""
    view, own = share.view, slice(*share.own_items)
    first = first_columns(start, config.dims, share.group)
    begun = untrained(first, view.tags.shape[0], view.listeners[own], config)
    links, listening = _links(share)
    held = Held(
        plays=view.strength, friends=view.friends, listeners=view.listeners, users=share.users, items=share.items,
        links=links, listening=listening, hands=share.group,
    )  # fmt: skip
    return Epochs(held, *begun, config, seed=seed)


def _links(share: Share) -> tuple[dict[Edge, Link], Link]:
    """The network's links, and who listens to what: see `graph.ml.model.links_of`."""
    view, group = share.view, share.group
    heard = Spread(view.strength, share.items, group)
    played_by = heard.link(_balanced(view.strength, group.total(_column_sums(view.strength))))
    known = Spread(view.friends, share.users, group)
    links = {
        NAMES: Link.of(mean_rows(view.tags.T.tocsr())),
        PLAYED_BY: played_by,
        PLAYS: played_by.reversed,
        KNOWS: known.link(_balanced(view.friends, group.total(_column_sums(view.friends)))),
    }
    return links, heard.link(view.strength.data)


def _column_sums(matrix: sp.csr_matrix) -> Doubles:
    sums = np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1])
    return np.asarray(sums, dtype=np.float64)


def _balanced(matrix: sp.csr_matrix, columns: Doubles) -> Floats:
    """The entries of D_r^-½ M D_c^-½, of rows that are this worker's and columns with everybody's sums."""
    rows = np.asarray(matrix.sum(axis=1)).ravel()
    left, right = (np.where(sums > 0, sums, 1) ** -0.5 for sums in (rows, columns))
    entries = matrix.data * np.repeat(left, np.diff(matrix.indptr)) * right[matrix.indices]
    return np.asarray(entries, dtype=np.float32)
