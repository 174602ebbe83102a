"""One machine's clock is off by an hour, forward or back: the database's counts, and nobody is let in, kept out or listened to for longer.

With libfaketime (Debian: faketime), whose clock is wrong from a process's beginning on; skipped where it is not installed.
About three minutes.
"""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.services.consent import consent_set
from accounts.services.token import token_issue
from discovery.models import DataExport
from graph.models import TrainingRun
from graph.sample.community import sample_community_create
from graph.training.run import runs_abandoned
from tasks.errands import errand_send
from tests import factories
from tests.faults.installation import CONSENT, DISCOVER, PLAYS, play
from tests.processes import wait_for

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
pytestmark = [
    pytest.mark.worker,
    pytest.mark.timeout(600),
    pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed (faketime)"),
]
BEGIN = "mutation { startPrivateSession { __typename ... on PrivacySettings { privateUntil } } }"
END = "mutation { endPrivateSession { __typename } }"
RADIO = """mutation { startRadio { __typename ... on RadioSession { id resume } } }"""
OFF = pytest.mark.parametrize("off", ["+1h", "-1h"])


def faked(off):
    """A prefix of a command, without the program that comes with the library: it would stand between us and what we end.

    Time that runs is as ever: only what the clock shows is wrong.
    """
    return ["env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME={off}", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


@OFF
def test_a_worker_whose_clock_is_off(installation, off):
    """It does what the clock asks, and keeps what it has claimed."""
    sample_community_create(listeners=120, now=timezone.now())
    user = factories.sharer("asking")
    installation.worker(clock=False, prefix=faked(off), arguments=["--queues", "privacy,training"])
    installation.clock()
    wait_for(lambda: "ready." in installation.log("worker"), seconds=60, what="the worker")
    errand_send("tasks.training.train", "first")
    wait_for(
        lambda: TrainingRun.objects.filter(key="first", progress__gt=0.05).exists(), seconds=60, what="it"
    )
    run = TrainingRun.objects.get(key="first")
    print(f"claimed {(timezone.now() - run.started_at).total_seconds():.0f} s ago, as its row says")
    assert abs(timezone.now() - run.started_at) < timedelta(minutes=2)
    until = time.monotonic() + 9  # longer than a lease
    while time.monotonic() < until and not TrainingRun.objects.exclude(key="first", state="RUNNING").exists():
        assert runs_abandoned() == [], "it is alive"
        time.sleep(0.5)
    wait_for(lambda: TrainingRun.objects.exclude(state="RUNNING").exists(), seconds=180, what="its end")
    run.refresh_from_db()
    assert (run.state, run.fence) == ("DONE", 1)
    export = DataExport.objects.create(user=user)  # whose message was lost: the clock asks for it
    began = time.monotonic()
    wait_for(
        lambda: DataExport.objects.filter(pk=export.pk, state="READY").exists(), seconds=130, what="an export"
    )
    print(f"the export that the clock asked for was there after {time.monotonic() - began:.0f} s")
    assert "clock is off by" in installation.log("worker")
    installation.ensure_alive("worker", "beat")


@OFF
def test_a_web_process_whose_clock_is_off(installation, off):
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    factories.listens(ben, factories.track(), at=timezone.now() - timedelta(minutes=5))
    track = factories.track("Meanwhile")
    installation.web("right", RATE_VIEWER="60/m").web("off", prefix=faked(off), RATE_VIEWER="60/m")

    # -- private sessions, begun here and looked at there
    for one, other in (("right", "off"), ("off", "right")):
        until = installation.ask(ada, BEGIN, one).data["startPrivateSession"]["privateUntil"]
        begun = timezone.datetime.fromisoformat(until) - timedelta(hours=6)
        assert abs(timezone.now() - begun) < timedelta(seconds=10)
        told = installation.ask(ada, PLAYS, other, input=[play(track, f"in-{one}", timezone.now())])
        assert [row["code"] for row in told.data["recordListens"]["refusals"]] == ["PRIVATE_SESSION"]
        assert installation.ask(ada, END, other).typename == "PrivacySettings"
        time.sleep(1.1)  # players tell whole seconds
        told = installation.ask(ada, PLAYS, one, input=[play(track, f"after-{one}", timezone.now())])
        assert told.data["recordListens"]["stored"] == 1, told.body

    # -- a dated consent ends everywhere at once
    for until, seen in ((timedelta(minutes=30), 1), (timedelta(seconds=2), 0)):
        consent_set(user=ben, purpose="SOCIAL_OUT", granted=True, valid_until=timezone.now() + until)
        time.sleep(2.1 if not seen else 0)
        assert [installation.seen(ada, web) for web in ("right", "off")] == [seen, seen]
    # -- one that was withdrawn there is withdrawn here
    assert (
        installation.ask(ben, CONSENT, "off", purpose="SOCIAL_OUT", granted=True).typename == "ConsentChange"
    )
    assert installation.seen(ada, "right") == 1
    assert (
        installation.ask(ben, CONSENT, "off", purpose="SOCIAL_OUT", granted=False).typename == "ConsentChange"
    )
    assert installation.seen(ada, "right") == 0

    # -- tokens
    for lifetime, let_in in ((timedelta(minutes=30), 200), (timedelta(minutes=-30), 401)):
        installation._tokens[ada.pk] = token_issue(user=ada, lifetime=lifetime)
        answers = [installation.ask(ada, DISCOVER, web).status for web in ("right", "off")]
        assert answers == [let_in, let_in], (lifetime, answers)
    installation._tokens.pop(ada.pk)

    # -- rates: one count, and nobody waits for an hour
    statuses, waits, eve = [], [], factories.sharer("eve")
    for number in range(200):
        answer = installation.ask(eve, "{ viewer { handle } }", ("off", "right")[number % 2])
        statuses.append(answer.status)
        waits += [int(answer.headers["retry-after"])] if answer.status == 429 else []
    print(
        f"of 200 requests {statuses.count(429)} came too often, and were told to wait {sorted(set(waits))} s"
    )
    assert set(statuses[:50]) == {200}
    assert waits
    assert max(waits) <= 60

    ready = installation.get("/readyz", "off").body["components"]["time"]
    print(f"readyz says: {ready['detail']}")
    assert not ready["ok"]
    assert installation.get("/readyz", "right").body["components"]["time"]["ok"]


@OFF
def test_the_database_s_clock_is_off(installation, postgres, off):
    """Whoever is right is off, then: all agree nevertheless, and no play is refused for lying ahead."""
    command, ada, track = postgres._command, factories.sharer("ada"), factories.track("Meanwhile")
    installation.token(ada)
    connection.close()
    postgres.pause()
    postgres._command = [*faked(off), *command]
    try:
        postgres.resume()
        installation.web()
        ready = installation.get("/readyz").body["components"]["time"]
        assert ready["detail"] == f"this machine's clock is off by {-3600 if off == '+1h' else 3600} s"
        until = installation.ask(ada, BEGIN).data["startPrivateSession"]["privateUntil"]
        lasts = timezone.datetime.fromisoformat(until) - timezone.now()
        print(f"by a right clock, a private session of six hours lasts {lasts.total_seconds() / 3600:.1f} h")
        assert installation.ask(ada, END).typename == "PrivacySettings"
        time.sleep(1.1)
        told = installation.ask(ada, PLAYS, input=[play(track, "after", timezone.now())])
        assert told.data["recordListens"]["stored"] == 1, told.body
        assert installation.ask(ada, DISCOVER).data["viewer"]["discover"]
    finally:
        postgres._command = command
        connection.close()
        postgres.pause()
        postgres.resume()
