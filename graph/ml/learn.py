"""Training the network: link prediction over user–item and user–user edges.

For each play the item is predicted from the listener's *other* plays (leave one out, so that the
network cannot learn the identity) against every item the listener does not play. Beyond
``sample_above`` items the candidates of a step are a uniform sample, which a full softmax
approaches as the sample grows. Beyond ``full_batch_above`` plays an epoch is one step: see ``full_batch``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from graph.arrays import Floats, ShortRows
from graph.elsewhere.sums import Starter
from graph.ml.config import ContentConfig, NetworkConfig
from graph.ml.content import impute
from graph.ml.data import Edge, View, view_data
from graph.ml.full_batch import FullBatch
from graph.ml.hands import ALONE, Hands, number
from graph.ml.item_item import Block
from graph.ml.model import Link, TasteNetwork, links_of, propagate
from graph.ml.progress import Progress
from graph.serving.friend_index import unit_rows

START = 0.3  # length of the vectors that learning begins with


def fit_network(
    view: View,
    start: Block,
    config: NetworkConfig,
    content: ContentConfig,
    *,
    seed: int,
    progress: Progress,
) -> Block:
    """Item vectors of the graph network, started from another source's."""
    rng = np.random.default_rng(seed)
    strength = view.strength
    network, popularity, optimizer, links = network_of(view, start, config, seed=seed)
    whole = FullBatch(view, links, config) if strength.nnz > config.full_batch_above else None
    epochs = config.full_batch_epochs if whole else config.epochs
    for epoch in range(epochs if strength.nnz else 0):
        if whole:
            whole.epoch(network, popularity, optimizer, rng)
        else:
            _epoch(network, popularity, optimizer, links, view, config, rng)
        progress((epoch + 1) / epochs, f"epoch {epoch + 1} of {epochs}")
    with torch.no_grad():
        codes = network(links).numpy()
    return block_of(view, codes, config, content)


def block_of(view: View, codes: Floats, config: NetworkConfig, content: ContentConfig) -> Block:
    """What the network's ``codes`` [N, d] are as a source.

    Nothing was learned for an item that nobody plays, so its vector comes from its tags.
    """
    listeners = view.listeners.astype(np.int64)
    if view.starter is not None and view.elsewhere is not None:
        begun = view.starter.known & (listeners == 0)  # of which nothing is learned here
        codes[begun] = unit_rows(_at_width(view.starter.codes, config.dims)[begun])
        listeners += np.where(view.starter.known, np.maximum(view.elsewhere.people, 1), 0)
    known = (listeners > 0).astype(np.float32)
    loud = known.copy()
    unplayed = impute(view, codes, listeners, content)
    codes[unplayed.rows], loud[unplayed.rows] = unplayed.codes, unplayed.size
    return Block(name="network", codes=codes, key_scale=known, query_scale=loud / config.temperature)


def network_of(
    view: View, start: Block, config: NetworkConfig, *, seed: int
) -> tuple[TasteNetwork, nn.Parameter, torch.optim.Optimizer, dict[Edge, Link]]:
    """The untrained network, the popularity it learns beside, what updates both, and its links."""
    torch.manual_seed(seed)
    begun = view.starter
    first = first_columns(start, config.dims, ALONE) if begun is None else _begun(begun, config.dims)
    return *untrained(first, view.tags.shape[0], view.listeners, config), links_of(view_data(view))


def untrained(
    start: Tensor, tags: int, listeners: ShortRows, config: NetworkConfig
) -> tuple[TasteNetwork, nn.Parameter, torch.optim.Optimizer]:
    """A network of items that start at ``start`` [N, d], the logarithms of their odds [N], and what updates both."""
    network = TasteNetwork(start, tags, config.layers)
    popularity = nn.Parameter(torch.from_numpy(np.log1p(listeners) * 0.5).float())
    optimizer = torch.optim.Adam(
        [*network.parameters(), popularity],
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,  # without temporary copies of every parameter
    )
    return network, popularity, optimizer


def _epoch(
    network: TasteNetwork,
    popularity: Tensor,
    optimizer: torch.optim.Optimizer,
    links: dict[Edge, Link],
    view: View,
    config: NetworkConfig,
    rng: np.random.Generator,
) -> None:
    """A step for each batch of listeners."""
    for users in _batches(view.strength, config, rng):
        optimizer.zero_grad()
        items = network(links)
        loss = _loss(items, popularity, view.strength[users], _candidates(view, config, rng), config)
        if config.friend_weight and view.friends.nnz:
            among = users  # each is compared with each: not all of a large batch
            if len(users) > config.batch_users:
                among = np.sort(rng.choice(users, config.batch_users, replace=False))
            friend_loss = _friend_loss(items, view.strength, view.friends, among, config)
            loss = loss + config.friend_weight * friend_loss
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _loss(
    items: Tensor, popularity: Tensor, plays: sp.csr_matrix, candidates: Tensor | None, config: NetworkConfig
) -> Tensor:
    """Mean negative log-likelihood of each play given the listener's others."""
    coo = plays.tocoo()
    row, col = torch.from_numpy(coo.row).long(), torch.from_numpy(coo.col).long()
    weight = torch.from_numpy(coo.data)
    link = Link.of(plays)
    taste = propagate(items, link)
    scale = torch.from_numpy(np.maximum(np.diff(plays.indptr), 1) ** -config.count_power).float()
    scale = scale / config.temperature
    others = taste[row] - weight[:, None] * items[col]
    hit = (others * items[col]).sum(1) * scale[row] + popularity[col]
    if candidates is None:
        logits = torch.addmm(popularity, taste * scale[:, None], items.T)
        logits = logits.index_put((row, col), torch.tensor(-1e9))
    else:
        logits = torch.addmm(popularity[candidates], taste * scale[:, None], items[candidates].T)
    rest = torch.logsumexp(logits, dim=1)
    return (torch.logaddexp(hit, rest[row]) - hit).mean()


def _friend_loss(
    items: Tensor, strength: sp.csr_matrix, friends: sp.csr_matrix, users: np.ndarray, config: NetworkConfig
) -> Tensor:
    """Friends should be nearer in taste than other people are."""
    taste = nn.functional.normalize(propagate(items, Link.of(strength[users])), dim=1, eps=1e-6)
    pairs = friends[users][:, users].tocoo()
    logits = taste @ taste.T / config.temperature
    logits = logits - torch.diag(torch.full((len(users),), 1e9))
    if not pairs.nnz:
        return logits.sum() * 0
    row, col = torch.from_numpy(pairs.row).long(), torch.from_numpy(pairs.col).long()
    return (torch.logsumexp(logits, dim=1)[row] - logits[row, col]).mean()


def _batches(
    strength: sp.csr_matrix, config: NetworkConfig, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    active = np.flatnonzero(np.diff(strength.indptr) > 0)
    size = max(config.batch_users, -(-len(active) // config.most_batches))
    if len(active) > size:
        active = rng.permutation(active)
    for start in range(0, len(active), size):
        yield np.sort(active[start : start + size])


def _candidates(view: View, config: NetworkConfig, rng: np.random.Generator) -> Tensor | None:
    drawn = config.sampled_items
    if len(view.ids) <= config.sample_above:
        if view.plays.shape[0] * len(view.ids) <= config.sample_above_cells:
            return None
        drawn = min(config.sampled_of_cells, len(view.ids))
    return torch.from_numpy(np.sort(rng.choice(len(view.ids), drawn, replace=False)))


def _begun(starter: Starter, dims: int) -> Tensor:
    """The imported network's vectors; what it does not know begins with what its tags and listeners say."""
    return torch.from_numpy(unit_rows(_at_width(starter.codes, dims)) * np.float32(START))


def _at_width(codes: Floats, dims: int) -> Floats:
    """Vectors [N, w] in ``dims`` columns: of more the main directions, and fewer filled up."""
    if codes.shape[1] > dims:
        _, directions = np.linalg.eigh(codes.T.astype(np.float64) @ codes)
        codes = codes @ directions[:, ::-1][:, :dims].astype(np.float32)
    wide = np.zeros((len(codes), dims), dtype=np.float32)
    wide[:, : codes.shape[1]] = codes
    return wide


def first_columns(start: Block, dims: int, hands: Hands) -> Tensor:
    """The leading columns of another source, rows at their natural length."""
    codes = start.codes[:, :dims]
    scale = np.sqrt(number(hands, (codes**2).sum(dtype=np.float64)) / max(number(hands, len(codes)), 1))
    first = np.zeros((len(codes), dims), dtype=np.float32)
    first[:, : codes.shape[1]] = codes / max(scale, 1e-6) * START
    return torch.from_numpy(first)
