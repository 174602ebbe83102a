import numpy as np
import torch

from graph.ml.data import KNOWS, NAMES, PLAYED_BY, PLAYS, artist_view, view_data
from graph.ml.model import TasteNetwork, links_of, unit_


def test_unit_rows_and_their_gradient_are_those_of_normalize():
    torch.manual_seed(0)
    values = torch.randn(6, 4, dtype=torch.float64)
    values[2] = 0
    ours, theirs = values.clone().requires_grad_(), values.clone().requires_grad_()
    seed = torch.randn(6, 4, dtype=torch.float64)
    unit, expected = unit_(ours * 1), torch.nn.functional.normalize(theirs, dim=1, eps=1e-6)
    (unit * seed).sum().backward()
    (expected * seed).sum().backward()
    assert torch.allclose(unit, expected)
    assert torch.allclose(ours.grad, theirs.grad)


def test_the_network_is_its_formula_layer_by_layer(world):
    """Written out as it reads in the module's docstring: items of every layer added up with their weight."""
    torch.manual_seed(0)
    view = artist_view(world)
    network = TasteNetwork(torch.randn(len(view.ids), 6), view.tags.shape[0], layers=3)
    network.tag_embedding.data.normal_()
    network.mix.data.copy_(torch.tensor([0.5, -0.2, 0.8]))
    links = links_of(view_data(view))

    def dense(edge):
        bags = links[edge].forward
        rows = np.repeat(np.arange(len(bags.starts) - 1), np.diff(bags.starts.numpy()))
        table = np.zeros((len(bags.starts) - 1, sizes[edge[0]]))
        table[rows, bags.columns.numpy()] = bags.weights.numpy()
        return table

    sizes = {"tag": view.tags.shape[0], "item": len(view.ids), "user": len(world.users)}
    item = network.embedding.detach().numpy() + dense(NAMES) @ network.tag_embedding.detach().numpy()
    total = item
    for step in (0.5, -0.2, 0.8):
        users = dense(PLAYED_BY) @ item
        users = users + 0.3 * dense(KNOWS) @ users
        item = dense(PLAYS) @ users
        total = total + step * item
    expected = total / np.linalg.norm(total, axis=1, keepdims=True)
    assert np.abs(network(links).detach().numpy() - expected).max() < 1e-4
