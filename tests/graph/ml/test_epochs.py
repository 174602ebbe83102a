"""Epochs of steps and of one step: the same loss, gathered piece by piece, and it learns."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from graph.ml import epochs
from graph.ml.candidates import Candidates, Everyone
from graph.ml.config import NetworkConfig
from graph.ml.data import artist_view, view_data
from graph.ml.epochs import Epochs, Held
from graph.ml.hands import ALONE
from graph.ml.model import Bags, Link, TasteNetwork, links_of, propagate
from graph.ml.train import fit
from tests.graph.ml.test_train import own
from tests.graph.ml.worlds import checkerboard, snapshot_of


def network_of(view, seed=0):
    torch.manual_seed(seed)
    return TasteNetwork(torch.randn(len(view.ids), 8), view.tags.shape[0], layers=2)


def gradients(network, popularity):
    return [parameter.grad.clone() for parameter in [*network.parameters(), popularity]]


def test_bags_are_the_sparse_product_with_and_without_edges():
    rng = np.random.default_rng(1)
    matrix = (rng.random((7, 5)) < 0.4) * rng.random((7, 5))
    matrix[3] = 0
    values = rng.random((5, 3)).astype(np.float32)
    sums = Bags.of(sp.csr_matrix(matrix)).sums(torch.from_numpy(values)).numpy()
    assert np.abs(sums - matrix @ values).max() < 1e-6
    assert Bags.of(sp.csr_matrix((4, 5))).sums(torch.from_numpy(values)).tolist() == [[0.0] * 3] * 4


def test_a_link_s_gradient_is_the_transposed_product():
    values = torch.randn(5, 3, dtype=torch.float32, requires_grad=True)
    link = Link.of(sp.random(7, 5, density=0.5, random_state=0, format="csr", dtype=np.float32))
    seed = torch.randn(7, 3)
    propagate(values, link).backward(seed)
    assert torch.equal(values.grad, link.reversed.forward.sums(seed))


def plain_loss(items, popularity, plays, config):
    """Mean negative log-likelihood of each play given the listener's others, as its formula has it."""
    matrix, known = torch.from_numpy(plays.toarray()), torch.from_numpy(plays.toarray() > 0)
    taste = matrix @ items
    scale = known.sum(1).clamp_min(1) ** -config.count_power / config.temperature
    rest = torch.logsumexp((taste @ items.T * scale[:, None] + popularity).masked_fill(known, -1e9), dim=1)
    row, column = known.nonzero(as_tuple=True)
    others = taste[row] - matrix[row, column][:, None] * items[column]
    hit = (others * items[column]).sum(1) * scale[row] + popularity[column]
    return (torch.logaddexp(hit, rest[row]) - hit).mean()


@pytest.mark.parametrize("listeners_at_once", [7, 1024, None])
def test_with_every_play_and_candidate_it_is_the_full_softmax(world, monkeypatch, listeners_at_once):
    """However the listeners are cut into pieces, or in one batch: loss and gradients are those of the plain loss."""
    is_whole = listeners_at_once is not None
    monkeypatch.setattr(epochs, "LISTENERS", listeners_at_once)
    view = artist_view(world)
    config = NetworkConfig(
        dims=8, friend_weight=0.0, weight_decay=0.0, full_batch_above=0 if is_whole else 10**9
    )
    network, links = network_of(view), links_of(view_data(view))
    popularity = torch.nn.Parameter(torch.linspace(-1, 1, len(view.ids)))
    expected = plain_loss(network(links), popularity, view.strength, config)
    expected.backward()
    plain = gradients(network, popularity)
    optimizer = torch.optim.SGD([*network.parameters(), popularity], lr=0.0)
    (users, items), listening = view.plays.shape, Link.of(view.strength)
    held = Held(
        plays=view.strength, friends=view.friends, listeners=view.listeners, users=np.array([0, users]),
        items=np.array([0, items]), links=links, listening=listening, hands=ALONE,
    )  # fmt: skip
    monkeypatch.setattr(Epochs, "_stand_ins", lambda _self: Everyone(items))
    loss = Epochs(held, network, popularity, optimizer, config, seed=0).epoch()
    assert loss == pytest.approx(expected.item(), rel=1e-4)
    for sampled, whole in zip(gradients(network, popularity), plain, strict=True):
        assert (sampled - whole).abs().max() < 1e-5


def test_candidates_stand_for_all_items_on_average():
    listeners = np.array([500, 40, 3, 1, 0, 0, 0, 0])
    values = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0])
    candidates, rng = Candidates(listeners, size=6), np.random.default_rng(0)
    estimates = []
    for _ in range(4000):
        items, stands_for = candidates.draw(rng)
        assert len(np.unique(items)) == len(items) <= 6
        estimates.append((values[items] * np.exp(stands_for.numpy())).sum())
    assert np.mean(estimates) == pytest.approx(values.sum(), rel=0.03)


def test_a_play_is_no_wrong_answer_to_itself(world):
    plays = artist_view(world).strength[:4]
    candidates = Candidates(np.ones(plays.shape[1]), size=10)
    items = np.array([0, 3, 6, 7])
    row, column = candidates.played(plays, items)
    expected = {(u, c) for u in range(4) for c, item in enumerate(items) if plays[u, item]}
    assert set(zip(row.tolist(), column.tolist(), strict=True)) == expected
    assert len(row) == len(expected)


def test_it_learns_the_withheld_cell_of_a_checkerboard(small_config):
    plays = checkerboard()
    plays[0, 6] = 0
    network = replace(small_config.network, full_batch_above=0, full_batch_items=8)
    config = replace(small_config, network=network, blend=replace(small_config.blend, memory=0.0))
    index = fit(snapshot_of(plays), config).artifact().index("ARTIST")
    played = np.flatnonzero(plays[0])
    scores = index.scores(own(index, index.ids[played]))
    scores[played] = -np.inf
    assert scores.argmax() == 6


def test_it_repeats_itself_for_a_seed(world, small_config):
    config = replace(
        small_config, network=replace(small_config.network, full_batch_above=0, full_batch_items=16)
    )
    first, second = fit(world, config), fit(world, config)
    for name, array in first.arrays.items():
        assert np.array_equal(array, second.arrays[name]), name
