"""The invariants of consent, driven by a state machine. How long is set by STEPS, here and in ``make soak``.

``make soak`` splits the steps into PARTS with seeds of their own, which run beside one another.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from graph import reach
from graph.serving import active_model
from tests.privacy.machine import Listening
from tests.privacy.served import served

SHORT = 2000
STEPS = int(os.environ.get("EARSHOT_STEPS", SHORT))
PARTS = int(os.environ.get("EARSHOT_PARTS", "1"))
STEPS_A_PART = STEPS // PARTS
STEPS_AN_EXAMPLE = 50
# What has to come about, or nothing was proved of it: with friends without a name, in a room, on the radio, and so on.
SITUATIONS = (
    "heard in company", "one of them not yet", "silent for a while", "in private",
    "a room's item plays on", "a room's item ends", "in a room without a say", "no vote in private", "an invitation ends",
    "a radio's item plays on", "a radio's item ends", "a radio forgets",
    "a preview tells", "a preview tells nothing",
    "an import assumes", "an import meets the erased", "an import meets the parted", "moved with plays", "moved without plays",
)  # fmt: skip


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.timeout(STEPS_A_PART // 4 + 300)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_sequence_of_acts_breaks_an_invariant(part, monkeypatch, settings, tmp_path, redis_url):
    settings.ARTIFACT_DIR = tmp_path
    settings.EXPORT_DIR = tmp_path
    monkeypatch.setattr(active_model, "active", lambda: served.model)
    # Plays of a moment count once for others (tests/graph/test_reach.py); here all steps are of one moment.
    monkeypatch.setattr(reach, "counting", lambda told: np.ones(len(told.user), dtype=bool))
    served.steps = 0
    served.seen.clear()
    run_state_machine_as_test(Listening, settings=effort(STEPS_A_PART // 34 if STEPS == SHORT else 20))
    while STEPS != SHORT and served.steps < STEPS_A_PART:
        run_state_machine_as_test(Listening, settings=effort(20))
    print(f"Part {part}: the invariants held through {served.steps} steps; met with: {dict(served.seen)}.")
    assert served.steps >= STEPS_A_PART
    missed = {situation for situation in SITUATIONS if not served.seen[situation]}
    assert not missed, "what never came about was not tested"


def effort(examples):
    """An example may end early, so that it takes more of them than a division would say."""
    return hypothesis_settings(
        max_examples=examples,
        stateful_step_count=STEPS_AN_EXAMPLE,
        deadline=None,
        database=None,
        derandomize=STEPS == SHORT,  # the same in every `make test`; `make soak` looks elsewhere each time
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if STEPS == SHORT else [Phase.generate],
    )
