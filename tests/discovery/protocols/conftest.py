import pytest

from tests import factories
from tests.discovery.protocols.dialects import DIALECTS, player_of


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def player(ada):
    return player_of(ada)


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.__name__.lower())
def dialect(request, player):
    """One protocol after the other, spoken by the player."""
    return request.param(player)
