"""The item–item source, its Gram matrix added up by all workers: the same vectors that one process finds."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch

from graph.arrays import Doubles, Rows
from graph.ml.config import ItemItemConfig
from graph.ml.distributed.group import Group
from graph.ml.distributed.links import Spread, shared_link
from graph.ml.distributed.share import Share
from graph.ml.factorize import SparseProduct, Stack
from graph.ml.item_item import Block, block_of, memory_rows, ridge_of

AT_ONCE = 256  # listeners the rows of whose friends are fetched together


def fit_memory(share: Share, config: ItemItemConfig, *, seed: int) -> Block:
    """The vectors of this worker's items."""
    group, own = share.group, share.own_items
    plays, *features, circles = [part.factors for part in memory_rows(share.view, config)]
    weight = _squares(share, plays[0], [factors[0] for factors in features], circles[0])
    ridge = ridge_of(weight, config)[slice(*own)]
    heard = Spread(plays[0], share.items, group).link(plays[0].data, torch.float64)
    known = Spread(circles[0], share.users, group).link(circles[0].data, torch.float64)
    named = [[shared_link(factors[0], group, torch.float64)] for factors in features]
    gram = Stack([[heard], *named, [known, heard]], 1 / np.sqrt(ridge.astype(np.float64)), size=len(weight))
    return block_of(gram, ridge, config, seed=seed, hands=group, own=own)


def _squares(
    share: Share, plays: sp.csr_matrix, features: list[sp.csr_matrix], circles: sp.csr_matrix
) -> Doubles:
    """The diagonal of the Gram matrix [N]: a number for each item, which everybody may hold."""
    squares = SparseProduct((plays,)).squares() + _circle_squares(share, circles, plays)
    for rows in features:
        squares[slice(*share.own_items)] += SparseProduct((rows,)).squares()
    return share.group.total(squares)


def _circle_squares(share: Share, circles: sp.csr_matrix, plays: sp.csr_matrix) -> Doubles:
    """Of what friends play together: some listeners at a time, with the rows of their friends wherever these lie."""
    squares = np.zeros(plays.shape[1])
    for start in range(0, share.group.most(circles.shape[0]), AT_ONCE):
        part = circles[start : start + AT_ONCE]
        needed = np.unique(part.indices).astype(np.int64)
        compact = sp.csr_matrix(
            (part.data, np.searchsorted(needed, part.indices), part.indptr),
            shape=(part.shape[0], len(needed)),
        )
        together = compact @ _rows_of(share.group, share.users, needed, plays)
        squares += np.bincount(together.indices, together.data**2, minlength=plays.shape[1])
    return squares


def _rows_of(group: Group, bounds: Rows, needed: Rows, matrix: sp.csr_matrix) -> sp.csr_matrix:
    """The needed rows of a matrix [own rows, N] of which each worker holds a range."""
    edges = np.searchsorted(needed, bounds)
    wanted = [
        torch.from_numpy(needed[a:b] - low) for a, b, low in zip(edges, edges[1:], bounds, strict=False)
    ]
    parts = [matrix[rows.numpy()] for rows in group.swapped(wanted)]
    lengths, columns, values = (
        torch.cat(group.swapped([torch.from_numpy(array) for array in arrays])).numpy()
        for arrays in (
            [np.diff(part.indptr) for part in parts], [part.indices for part in parts], [part.data for part in parts]
        )
    )  # fmt: skip
    return sp.csr_matrix(
        (values, columns, np.concatenate([[0], np.cumsum(lengths)])), shape=(len(needed), matrix.shape[1])
    )
