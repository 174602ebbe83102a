"""What people would use instead, behind one signature: user rows in, scores of all columns out.

Every peer is fitted on the same view as the recommender and knows plays only, unless its name
says more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
import scipy.sparse as sp
import torch
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from torch_geometric.nn import LightGCN

from graph.arrays import Floats, Rows
from graph.ml.baselines import Scorer
from graph.ml.config import ItemItemConfig
from graph.ml.content import unit_rows
from graph.ml.data import View
from graph.ml.item_item import feature_rows

LOOK_EVERY, PATIENCE = (
    20,
    4,
)  # epochs of LightGCN between looks at a validation part, and looks without a gain


def item_knn(
    view: View, *, shrink: float = 20.0, neighbors: int = 200, told: sp.csr_matrix | None = None
) -> Scorer:
    """Cosine between items with shrinkage, each item's nearest kept; asked of ``told`` [U, N] or all plays."""
    plays = logged(view)
    length = np.sqrt(np.asarray(plays.multiply(plays).sum(axis=0)).ravel())
    gram = (plays.T @ plays).tocsr()
    gram.setdiag(0)
    gram.eliminate_zeros()
    row = np.repeat(np.arange(gram.shape[0]), np.diff(gram.indptr))
    gram.data = gram.data / (length[row] * length[gram.indices] + shrink)
    kept = _nearest(gram, neighbors)
    known = plays if told is None else told
    return lambda users: _dense(known[users] @ kept)


def ease(view: View, *, ridge: float = 100.0) -> Scorer:
    """EASE (Steck, 2019), in its dual form: as many unknowns as listeners."""
    return _ease(_balanced(view), sp.csr_matrix((0, len(view.ids)), dtype=np.float32), ridge)


def ease_binary(view: View, *, ridge: float = 100.0) -> Scorer:
    """EASE of who plays what, however often, as published comparisons have it."""
    plays = view.plays.copy()
    plays.data = np.ones_like(plays.data)
    return _ease(plays, sp.csr_matrix((0, len(view.ids)), dtype=np.float32), ridge)


def ease_with_kernels(view: View, *, ridge: float = 100.0, tags: float = 2.0, friends: float = 0.5) -> Scorer:
    """EASE whose Gram matrix also has rows of tags and of friends' mean plays."""
    plays = _balanced(view)
    mean = _shares(view.friends) @ plays
    named = feature_rows(view.tags, ItemItemConfig(tag_min_items=5, tag_power=0.5, tag_count_power=0.5))
    return _ease(plays, sp.vstack([named * tags, mean * friends]).tocsr().astype(np.float32), ridge)


def als(
    view: View, *, factors: int = 256, alpha: float = 20.0, regularization: float = 70.0, seed: int = 0
) -> Scorer:
    """`implicit` alternating least squares (Hu et al., 2008) on log-scaled counts."""
    model = als_fit(view, factors=factors, alpha=alpha, regularization=regularization, seed=seed)
    return lambda users: np.asarray(model.user_factors[users] @ model.item_factors.T)


def als_fit(
    view: View, *, factors: int, alpha: float, regularization: float, seed: int
) -> AlternatingLeastSquares:
    """The fitted `implicit` model itself, on one thread."""
    model = AlternatingLeastSquares(
        factors=factors, alpha=alpha, regularization=regularization, random_state=seed, num_threads=1
    )
    model.fit(logged(view), show_progress=False)
    return model


def bpr(view: View, *, factors: int = 64, seed: int = 0) -> Scorer:
    """`implicit` Bayesian personalized ranking (Rendle et al., 2009)."""
    model = BayesianPersonalizedRanking(
        factors=factors,
        learning_rate=0.05,
        regularization=0.01,
        iterations=150,
        random_state=seed,
        num_threads=1,
    )
    model.fit(logged(view), show_progress=False)
    return lambda users: np.asarray(model.user_factors[users] @ model.item_factors.T)


def light_gcn(
    view: View,
    *,
    dims: int = 64,
    layers: int = 2,
    epochs: int = 60,
    learning_rate: float = 0.02,
    seed: int = 0,
    judged: Callable[[Scorer], float] | None = None,
) -> Scorer:
    """torch-geometric's LightGCN (He et al., 2020) with its own BPR loss.

    Where it is ``judged``, on a validation part, it stops once that has not risen for `PATIENCE` looks, and what was best stays.
    """
    torch.manual_seed(seed)
    users, items = view.plays.shape
    coo = view.plays.tocoo()
    row, col = torch.from_numpy(coo.row).long(), torch.from_numpy(coo.col).long() + users
    edges = torch.stack([torch.cat([row, col]), torch.cat([col, row])])
    model = LightGCN(users + items, dims, layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)

    def scorer() -> Scorer:
        with torch.no_grad():
            fitted = model.get_embedding(edges).numpy()
        return lambda asked: np.asarray(fitted[asked] @ fitted[users:].T)

    best, looks, highest = None, 0, -1.0
    for epoch in range(epochs):
        optimizer.zero_grad()
        vectors = model.get_embedding(edges)
        other = torch.randint(users, users + items, (len(row),))
        wanted = (vectors[row] * vectors[col]).sum(1)
        unwanted = (vectors[row] * vectors[other]).sum(1)
        loss = model.recommendation_loss(
            wanted, unwanted, node_id=torch.cat([row, col, other]), lambda_reg=1e-4
        )
        loss.backward()
        optimizer.step()
        if judged is None or epoch % LOOK_EVERY < LOOK_EVERY - 1:
            continue
        if (quality := judged(scorer())) > highest:
            best, looks, highest = scorer(), 0, quality
        elif (looks := looks + 1) >= PATIENCE:
            break
    return best or scorer()


def friends_mean(view: View) -> Scorer:
    """How much a user's friends play each item, on average."""
    mean = (_shares(view.friends) @ _balanced(view)).tocsr()
    return lambda users: _dense(mean[users])


def tag_cosine(view: View) -> Scorer:
    """Cosine between a listener's tags (those of what they play) and an item's."""
    tags = view.tags.T.tocsr().astype(np.float32)
    rarity = np.log(len(view.ids) / np.maximum(np.diff(view.tags.indptr), 1))
    items = unit_rows(tags @ sp.diags(rarity.astype(np.float32)))
    people = unit_rows(_balanced(view) @ items)
    return lambda users: _dense(people[users] @ items.T)


def resource_allocation(known: sp.csr_matrix) -> Scorer:
    """Friends in common, each by one over their degree (Zhou et al., 2009)."""
    shares = _shares(known)
    return lambda users: _dense(known[users] @ shares)


def personalized_pagerank(known: sp.csr_matrix, *, damping: float = 0.5, rounds: int = 8) -> Scorer:
    """Where a walk that returns home with 1 − damping is, by power iteration."""
    step = _shares(known)

    def scorer(users: Rows) -> Floats:
        home = np.zeros((len(users), known.shape[0]), dtype=np.float32)
        home[np.arange(len(users)), users] = 1
        at = home
        for _ in range(rounds):
            at = (1 - damping) * home + damping * (step.T @ at.T).T
        return np.asarray(at, dtype=np.float32)

    return scorer


def _ease(plays: sp.csr_matrix, features: sp.csr_matrix, ridge: float) -> Scorer:
    rows = sp.vstack([plays, features]).tocsr().astype(np.float32)
    gram = (rows @ rows.T).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    factor = scipy.linalg.cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
    half = scipy.linalg.solve_triangular(factor, rows.toarray(), lower=True, check_finite=False)
    # (RᵀR + λ)⁻¹ = (1 − halfᵀ half) / λ, so its diagonal and any product with it are cheap.
    diagonal = 1 - np.einsum("ij,ij->j", half, half)
    return lambda users: np.asarray((plays[users] @ half.T) @ half / diagonal, dtype=np.float32)


def _shares(links: sp.csr_matrix) -> sp.csr_matrix:
    """Each row's links divided by their number."""
    return sp.diags(1 / np.maximum(np.diff(links.indptr), 1)) @ links


def logged(view: View) -> sp.csr_matrix:
    plays = view.plays.copy()
    plays.data = np.log1p(plays.data).astype(np.float32)
    return plays


def _balanced(view: View) -> sp.csr_matrix:
    """Log counts divided by each listener's mean."""
    plays = logged(view)
    mean = np.asarray(plays.sum(axis=1)).ravel() / np.maximum(np.diff(plays.indptr), 1)
    return (sp.diags((1 / np.where(mean > 0, mean, 1)).astype(np.float32)) @ plays).tocsr()


def _nearest(gram: sp.csr_matrix, keep: int) -> sp.csr_matrix:
    row = np.repeat(np.arange(gram.shape[0]), np.diff(gram.indptr))
    order = np.lexsort((-gram.data, row))
    place = np.empty(len(row), dtype=np.int64)
    place[order] = np.arange(len(row)) - gram.indptr[row[order]]
    near = place < keep
    return sp.csr_matrix((gram.data[near], (row[near], gram.indices[near])), shape=gram.shape)


def _dense(matrix: sp.csr_matrix) -> Floats:
    return np.asarray(matrix.todense(), dtype=np.float32)
