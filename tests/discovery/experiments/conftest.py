import pytest

from accounts import policies
from accounts.models import Purpose
from discovery.experiments.services import experiment_start
from discovery.models import ExperimentKind
from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index


@pytest.fixture
def tracks(serve):
    """Forty tracks of two kinds, popular ones and such as are like what people played."""
    made = sorted((factories.track() for _ in range(42)), key=lambda track: track.pk)
    prior = [2.0 if number % 2 else 0.1 for number in range(42)]
    vectors = [[1.0, number / 42] for number in range(42)]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in made], prior=prior))
    return made


@pytest.fixture
def join(tracks):
    """Somebody who agreed to experiments and played one of the tracks."""

    def joins(name=None, *, granted=True):
        user = factories.sharer(name)
        if granted:
            factories.answered(user, Purpose.EXPERIMENT)
        factories.listens(user, tracks[0], 2)
        return user

    return joins


@pytest.fixture
def start():
    def starts(kind=ExperimentKind.INTERLEAVING, a=None, b=None):
        return experiment_start(name="calmer", kind=kind, arm_a=a or {}, arm_b=b or {"prior": 0.0})

    return starts


@pytest.fixture
def few(monkeypatch):
    """An installation in which two are enough for a count."""
    monkeypatch.setattr(policies, "SMALLEST_AGGREGATE", 2)
