"""The network as a source: link prediction over user–item and user–user edges, by `graph.ml.epochs`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from graph.arrays import Floats, ShortRows
from graph.elsewhere.sums import Starter
from graph.ml.config import ContentConfig, NetworkConfig
from graph.ml.content import impute
from graph.ml.data import View, view_data
from graph.ml.epochs import Epochs, Held
from graph.ml.hands import ALONE, Hands, number
from graph.ml.item_item import Block
from graph.ml.model import Link, TasteNetwork, links_of
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
    epochs = epochs_of(view, start, config, seed=seed)
    for epoch in range(1, epochs.count + 1):
        epochs.epoch()
        progress(epoch / epochs.count, f"epoch {epoch} of {epochs.count}")
    return block_of(view, epochs.codes().numpy(), config, content)


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


def epochs_of(view: View, start: Block, config: NetworkConfig, *, seed: int) -> Epochs:
    """The untrained network of a process that holds the whole view."""
    torch.manual_seed(seed)
    begun = view.starter
    first = first_columns(start, config.dims, ALONE) if begun is None else _begun(begun, config.dims)
    parts = untrained(first, view.tags.shape[0], view.listeners, config)
    users, items = view.plays.shape
    held = Held(
        plays=view.strength, friends=view.friends, listeners=view.listeners, users=np.array([0, users]),
        items=np.array([0, items]), links=links_of(view_data(view)), listening=Link.of(view.strength), hands=ALONE,
    )  # fmt: skip
    return Epochs(held, *parts, config, seed=seed)


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
