"""The invariants of consent, driven by a state machine. How long is set by STEPS, here and in ``make soak``."""

import os

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from graph import registry
from tests.privacy.machine import Listening, served

STEPS = int(os.environ.get("EARSHOT_STEPS", "2000"))
STEPS_AN_EXAMPLE = 50


@pytest.mark.django_db
@pytest.mark.timeout(STEPS // 5 + 300)
def test_no_sequence_of_acts_breaks_an_invariant(monkeypatch, settings, tmp_path):
    settings.ARTIFACT_DIR = tmp_path
    settings.EXPORT_DIR = tmp_path
    monkeypatch.setattr(registry, "active", lambda: served.model)
    served.steps = 0
    run_state_machine_as_test(Listening, settings=effort())
    print(f"The invariants held through {served.steps} steps.")
    assert served.steps >= STEPS


def effort():
    return hypothesis_settings(
        max_examples=STEPS // 30,  # an example may end early
        stateful_step_count=STEPS_AN_EXAMPLE,
        deadline=None,
        database=None,
        derandomize=STEPS == 2000,  # the same in every `make test`; `make soak` looks elsewhere each time
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if STEPS == 2000 else [Phase.generate],
    )
