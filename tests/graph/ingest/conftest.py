import zlib

import pytest

from tests import factories
from tests.graph.ingest.doors import DOORS, File


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def door(request, tmp_path):
    """One door after the other: ``door(user).tell(play, …)``."""
    File.folder = tmp_path
    return request.param


@pytest.fixture
def doors(request, tmp_path):
    """Two doors for two people; which they are depends on the test's words, so that all have their turn."""
    File.folder = tmp_path
    turn = zlib.crc32(request.node.name.encode())
    return DOORS[turn % 3], DOORS[(turn + 1 + turn // 3 % 2) % 3]


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def ben():
    return factories.sharer("ben")
