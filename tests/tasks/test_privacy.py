"""An erasure in real workers, each of which is killed as it is about to note that a step is done."""

import os
import signal
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import pytest
from django.db import connection

from accounts.services.consent import consent_set
from discovery.models import Erasure
from discovery.privacy.erasure import erasure_advance, erasure_request
from graph.models import Listen
from tasks import privacy
from tests import factories
from tests.privacy.test_erasure import published
from tests.processes import survivors, tree_of

pytestmark = [pytest.mark.worker, pytest.mark.timeout(600)]

# Each new state waits for a lock of its own, which the test holds until it has killed the worker that waits.
WAITS = """
CREATE FUNCTION state_waits() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(hashtext(NEW.state)); RETURN NEW; END $$;
CREATE TRIGGER state_waits BEFORE UPDATE OF state ON discovery_erasure
FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION state_waits();
"""
NO_LONGER = "DROP TRIGGER state_waits ON discovery_erasure; DROP FUNCTION state_waits();"
STATES = [state.value for state in Erasure.State]
OWN = {"erasureId", "subject", "requestedAt", "closedAt", "ledgerPosition", "signature", "proof"}


@contextmanager
def every_state_held():
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        try:
            yield lambda word, state: cursor.execute(f"SELECT pg_advisory_{word}(hashtext(%s))", [state])
        finally:
            cursor.execute("SELECT pg_advisory_unlock_all()")
            cursor.execute(NO_LONGER)


def waits_for(state):
    """Server processes that wait to note this state."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND objid = (hashtext(%s)::bigint & 4294967295)::oid",
            [state],
        )
        return [pid for (pid,) in cursor.fetchall()]


def hang_up(state):
    """PostgreSQL does not look whether a client is still there while it waits for a lock."""
    with connection.cursor() as cursor:
        for pid in waits_for(state):
            cursor.execute("SELECT pg_terminate_backend(%s, 20000)", [pid])


def person():
    user = factories.listener()
    for purpose in factories.EVERYTHING:
        consent_set(user=user, purpose=purpose, granted=True)
    for number in range(3):
        factories.listens(user, factories.track(), number + 1)
    return user


def test_a_worker_killed_at_each_state_leaves_the_next_to_end_in_the_same_receipt(start_worker, artifact_dir):
    undisturbed, ada = person(), person()
    published()
    twin = erasure_advance(erasure_id=str(erasure_request(user=undisturbed, confirm=undisturbed.username).pk))
    erasure = Erasure.objects.create(user=ada, subject=ada.pseudonym)
    with every_state_held() as lock:
        for state in STATES[1:]:
            lock("lock", state)
        for before, state in pairwise(STATES):
            if before == Erasure.State.PURGED:
                published()
            worker = start_worker()
            privacy.erasure_advance.delay(key=str(erasure.pk))  # as the clock does every minute
            worker.until(partial(waits_for, state), what=f"the step to {state}")
            tree = tree_of(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)
            assert survivors(tree) == []
            hang_up(state)
            erasure.refresh_from_db()
            assert erasure.state == before
            assert Listen.objects.filter(user_id=ada.pk).count() == (
                6 if before in {"REQUESTED", "FROZEN"} else 0
            )
            lock("unlock", state)
        last = start_worker()
        privacy.erasure_advance.delay(key=str(erasure.pk))
        last.until(lambda: Erasure.objects.get(pk=erasure.pk).receipt, what="the receipt")
    erasure.refresh_from_db()
    whole = erasure_advance(erasure_id=str(twin.pk)).receipt
    assert {k: v for k, v in erasure.receipt.items() if k not in OWN} == {
        k: v for k, v in whole.items() if k not in OWN
    }
    assert erasure.receipt["deleted"]["graph.Listen.user"] == 6
    assert erasure.receipt["cleanModel"]["trainingEdges"]["inBoth"] == 0
