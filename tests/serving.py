"""A served model without a trained one: fixtures for tests that need given vectors."""

import pytest

from graph.models import ModelVersion
from graph.serving import active_model


class OneIndex:
    """An artifact with one index for one kind, standing in for a trained one."""

    pair_score = None

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
        served = active_model.ServedModel(version, OneIndex(kind, index))
        monkeypatch.setattr(active_model, "active", lambda: served)

    return serve
