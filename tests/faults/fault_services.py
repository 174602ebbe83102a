"""Services that die under a real worker with its clock: nothing acknowledged is lost, consent stays closed, answers go on.

Not part of the suite: ``make faults``. A killed trainer, import and erasure are in tests/tasks.
"""

import pytest
import redis
from django.db import connection

from accounts.services.consent import consent_set
from discovery.privacy.export import data_export_request
from tasks.errands import errand_send
from tests import factories
from tests.api.client import App
from tests.faults.queues import A_ROUND, alive, built, pause, resume, waiting
from tests.processes import wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(600)]
ASKED = "{ viewer { activity(first: 5) { edges { node { __typename } } } discover(first: 1) { degraded } } }"


def seen(ada):
    viewer = App(ada).data(ASKED)["viewer"]
    assert viewer["discover"]["degraded"], "there is an answer, and it says that no model was trained"
    return len(viewer["activity"]["edges"])


def test_redis_dies_with_what_waits_in_it(worker, own_redis, friends):
    ada, ben = friends
    assert seen(ada) == 1
    pause(worker)
    before = data_export_request(user=ada)
    assert waiting() == 1
    own_redis.child.kill()
    own_redis.child.wait()
    resume(worker)
    consent_set(user=ben, purpose="SOCIAL_OUT", granted=False)
    assert seen(ada) == 0, "closed, with nobody to tell"
    meanwhile = data_export_request(user=ben)
    own_redis.start()
    assert waiting() == 0, "nothing was kept"
    wait_for(alive, seconds=A_ROUND, what="the worker to find Redis again")
    for export in (before, meanwhile):
        wait_for(lambda export=export: built(export), seconds=A_ROUND, what="an export")


def test_everything_in_redis_is_gone(worker, own_redis, friends):
    ada, _ben = friends
    pause(worker)
    export = data_export_request(user=ada)
    assert waiting() == 1
    with redis.Redis.from_url(own_redis.url) as there:
        there.flushall()
    resume(worker)
    wait_for(alive, seconds=A_ROUND, what="a sign of life")
    wait_for(lambda: built(export), seconds=A_ROUND, what="the export")


def test_every_connection_to_the_database_ends(worker, friends):
    """As when PostgreSQL is started again."""
    ada, _ben = friends
    first = data_export_request(user=ada)
    wait_for(lambda: built(first), seconds=A_ROUND, what="an export before")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    export = data_export_request(user=factories.sharer("eve"))
    wait_for(lambda: built(export), seconds=A_ROUND, what="the export")


def test_one_message_comes_twice(worker, friends):
    ada, _ben = friends
    pause(worker)
    export = data_export_request(user=ada)
    errand_send("tasks.privacy.export_build", str(export.pk))
    assert waiting() == 2
    resume(worker)
    wait_for(lambda: built(export), seconds=A_ROUND, what="the export")
    written = export.path.stat().st_mtime_ns
    wait_for(lambda: waiting() == 0, seconds=30, what="the second to be taken")
    errand_send("tasks.privacy.export_build", str(export.pk))
    wait_for(lambda: waiting() == 0, seconds=30, what="a third to be taken")
    assert export.path.stat().st_mtime_ns == written
    assert [path.name for path in export.path.parent.glob("*.zip")] == [export.path.name]
