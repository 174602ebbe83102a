"""The two yardsticks every training measures itself against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from graph.arrays import Floats, Rows
from graph.ml.data import View

Scorer = Callable[[Rows], Floats]  # rows [b] -> scores [b, columns]


def popularity(view: View) -> Scorer:
    """The most listened to, the same for everyone."""
    score = view.players.astype(np.float32)
    return lambda users: np.broadcast_to(score, (len(users), len(score)))


def adamic_adar(known: sp.csr_matrix) -> Scorer:
    """Friends in common, each by one over the logarithm of their degree (Adamic & Adar, 2003)."""
    rare = sp.diags(1 / np.log(np.maximum(np.diff(known.indptr), 2)))
    return lambda users: np.asarray((known[users] @ rare @ known).todense(), dtype=np.float32)
