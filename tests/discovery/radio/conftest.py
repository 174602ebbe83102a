import numpy as np
import pytest

from accounts.models import Purpose
from discovery.radio import log, store
from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index

SIZE = 24


@pytest.fixture
def dial(db, redis_url, serve, monkeypatch):
    """24 tracks on a circle, each nearest to those beside it, and a listener who agrees to everything."""
    monkeypatch.setattr(log, "_learned", None)
    store._clients.clear()
    tracks = [factories.track(f"Hour {number}") for number in range(SIZE)]
    angle = 2 * np.pi * np.arange(SIZE) / SIZE
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    prior = np.linspace(0.2, 0.1, SIZE)
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks], prior=prior))
    user = factories.answered(factories.sharer("dialer"), Purpose.EXPERIMENT)
    return user, tracks
