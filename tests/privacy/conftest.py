import pytest

from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index


@pytest.fixture
def world(serve):
    """A triangle of friends; the common track is popular, the favorites are alike, a fourth track is near them."""
    triangle = factories.triangle_of_friends()
    near = factories.track("Near")
    tracks = sorted([triangle.common, near, *triangle.favorites.values()], key=lambda track: track.pk)
    prior = [1.0 if track == triangle.common else 0.25 for track in tracks]
    vectors = [[0.0, 1.0] if track == triangle.common else [1.0, 0.0] for track in tracks]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks], prior=prior))
    return triangle
