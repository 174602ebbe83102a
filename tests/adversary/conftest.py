import pytest

from tests.adversary.street import Street


@pytest.fixture
def street(db, redis_url, serve):
    return Street(serve)
