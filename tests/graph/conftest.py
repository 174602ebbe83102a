import pytest

from graph.ml.config import ItemItemConfig, NetworkConfig, RecommenderConfig
from tests.graph.ml.worlds import clusters


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_config():
    return RecommenderConfig(
        memory=ItemItemConfig(dims=24, ridge=2.0), network=NetworkConfig(dims=16, epochs=4, batch_users=32)
    )


@pytest.fixture(scope="session")
def world():
    return clusters()


@pytest.fixture(scope="session")
def fitted(world, small_config):
    from graph.ml.train import fit

    return fit(world, small_config)
