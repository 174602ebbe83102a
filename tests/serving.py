"""A served model without a trained one: fixtures for tests that need given vectors."""

import pytest

from graph import registry
from graph.models import ModelVersion


class OneIndex:
    """An artifact with one index for one kind, standing in for a trained one."""

    people = None

    def __init__(self, kind, index):
        self._views = {kind.value: index}

    def index(self, kind):
        return self._views.get(kind)


@pytest.fixture
def serve(monkeypatch):
    """Serve this index as the active model's: ``serve(kind, index)``."""

    def serve(kind, index):
        version = ModelVersion(
            state=ModelVersion.State.ACTIVE, data_hash="", ledger_position=0, config={}, metrics={}
        )
        served = registry.ServedModel(version, OneIndex(kind, index))
        monkeypatch.setattr(registry, "active", lambda: served)

    return serve
