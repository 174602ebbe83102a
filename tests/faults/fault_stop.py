"""A web process and a worker are told to end under load: what was acknowledged is there, and both end in their time.

About one minute.
"""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.utils import timezone

from accounts.models import Consent
from discovery.models import DataExport
from discovery.privacy.export import data_export_request
from tests import factories
from tests.faults.installation import CONSENT, DISCOVER, PLAYS, play
from tests.processes import survivors, tree_of, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(600)]
PEOPLE = 12
GRACE = 20.0  # seconds, as the unit file says to the server
# Seconds in which a connection waits to be taken. The kernel resets those that still wait when the server stops taking them: nobody
# has heard of what they would ask.
UNHEARD = 0.1


def asks(installation, user, track, over, told):
    """Plays, consents and questions, one after the other, until nobody answers any more."""
    number = 0
    while not over.is_set():
        number += 1
        granted = bool(number % 2)
        for query, variables in (
            (PLAYS, {"input": [play(track, f"{user.pk}-{number}", timezone.now())]}),
            (CONSENT, {"purpose": "SOCIAL_OUT", "granted": granted}),
            (DISCOVER, {}),
        ):
            begun = time.monotonic()
            try:
                told.append((query, variables, installation.ask(user, query, **variables), time.monotonic()))
            except httpx.ConnectError:
                return
            except httpx.TransportError as error:
                told.append((query, variables, error, begun))
                return


def test_web_is_told_to_end_under_load(installation):
    people = [factories.sharer(f"player{number}") for number in range(PEOPLE)]
    track = factories.track("Meanwhile")
    for user in people:
        installation.token(user)
    installation.web()
    over, told = threading.Event(), {user.pk: [] for user in people}
    with ThreadPoolExecutor(PEOPLE) as pool:
        for user in people:
            pool.submit(asks, installation, user, track, over, told[user.pk])
        time.sleep(4)
        began = time.monotonic()
        installation.children["web"].send_signal(signal.SIGTERM)
        installation.children["web"].wait(GRACE + 10)
        seconds = time.monotonic() - began
        over.set()
    entries = [entry for of in told.values() for entry in of]
    broken = [at - began for _, _, answer, at in entries if isinstance(answer, httpx.TransportError)]
    answered = {
        user: [entry for entry in of if not isinstance(entry[2], httpx.TransportError)]
        for user, of in told.items()
    }
    answers = [answer for of in answered.values() for _, _, answer, _ in of]
    late = sum(at > began for of in answered.values() for *_, at in of)
    refused = [answer for answer in answers if answer.status != 200]
    print(
        f"{len(answers)} answers, {late} of them after it was told, {len(refused)} refused, {len(broken)} without an answer; ended after {seconds:.1f} s"
    )
    assert seconds < GRACE
    assert installation.children["web"].returncode in {0, -signal.SIGTERM}
    assert all(since > -UNHEARD for since in broken), "what it had taken is answered"
    assert late, "it was in the middle of something"
    assert all((answer.status, answer.codes) == (503, {"BUSY"}) for answer in refused)
    for user in people:
        acknowledged = [entry for entry in answered[user.pk] if entry[2].status == 200]
        plays = [variables["input"][0]["sourceId"] for query, variables, *_ in acknowledged if query == PLAYS]
        kept = list(user.listens.filter(source="faults").values_list("source_id", flat=True))
        assert sorted(kept) == sorted(plays), "each once"
        said = [variables["granted"] for query, variables, *_ in acknowledged if query == CONSENT]
        state = Consent.objects.get(user=user, purpose="SOCIAL_OUT").state
        assert state == ("GRANTED" if said[-1] else "WITHDRAWN")


def test_a_worker_is_told_to_end_in_the_middle(installation):
    """It finishes what it is at, or the next one does; nothing twice."""
    people = [factories.sharer(f"player{number}") for number in range(6)]
    tracks = [factories.track() for _ in range(3)]
    for user in people:
        factories.listens(user, tracks[0], times=3_000)
    installation.worker("first", clock=False)
    wait_for(lambda: "ready." in installation.log("first"), seconds=60, what="the worker")
    exports = [data_export_request(user=user) for user in people]
    wait_for(lambda: ready(exports) >= 1, seconds=60, what="a first export")
    tree = tree_of(installation.children["first"].pid)
    began = time.monotonic()
    installation.children["first"].send_signal(signal.SIGTERM)
    status = installation.children["first"].wait(30)
    done = ready(exports)
    print(
        f"the worker ended with {status} after {time.monotonic() - began:.1f} s; {done} of {len(exports)} were done"
    )
    assert (status, survivors(tree)) == (0, [])
    assert done < len(exports), "it was in the middle"
    installation.worker("second", clock=False)
    wait_for(lambda: ready(exports) == len(exports), seconds=60, what="the next one to take them up")
    files = sorted(path.name for path in (installation.home / "exports").glob("*"))
    assert files == sorted(export.path.name for export in exports), "each once, and no half of one"


def ready(exports):
    return DataExport.objects.filter(pk__in=[export.pk for export in exports], state="READY").count()
