import pytest

from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index


@pytest.fixture
def triangle(serve):
    """A triangle of friends and a model in which each favorite points its own way, and the common track all."""
    world = factories.triangle_of_friends()
    ways = {world.favorites[name]: way for way, name in enumerate(("ada", "ben", "cleo"))}
    tracks = sorted([world.common, *ways], key=lambda track: track.pk)
    vectors = [
        [0.5, 0.5, 0.5] if track == world.common else [float(way == ways[track]) for way in range(3)]
        for track in tracks
    ]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks]))
    return world
