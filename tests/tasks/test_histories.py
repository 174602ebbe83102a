"""An import in a real worker that is killed in the middle: the next one goes on, and every play is stored once."""

import json
import os
import signal
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from graph.models import History, Listen
from graph.services.history import history_request
from graph.services.uploads import upload_path, upload_store
from tasks import histories
from tests import factories
from tests.graph.formats.files import extended
from tests.processes import survivors, tree_of, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.timeout(300)]
PLAYS = 3_000
WAITING = """FROM pg_locks WHERE NOT granted AND relation = 'graph_historyrow'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def content():
    begin = timezone.now() - timedelta(days=300)
    rows = [
        extended(
            ts=(begin + timedelta(minutes=5 * number)).isoformat(), spotify_track_uri=f"spotify:track:{number % 50}",
            master_metadata_track_name=f"Song {number % 50}", incognito_mode=number % 1500 == 1250,
        )
        for number in range(PLAYS)
    ]  # fmt: skip
    return json.dumps(rows).encode()


def waits():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {WAITING}")
        return cursor.fetchone()[0]


def test_the_next_worker_goes_on_where_a_killed_one_was(start_worker):
    ada = factories.sharer("ada")
    history = history_request(user=ada, upload=upload_store(user=ada, pieces=[content()]))
    path = upload_path(ada, history.upload)
    worker = start_worker()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE graph_historyrow IN ACCESS EXCLUSIVE MODE"
        )  # the first chunk with a verdict waits
        histories.history_read.delay(key=str(history.pk))
        worker.until(waits, what="the import to come to a verdict")
        tree = tree_of(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
        assert survivors(tree) == []
        cursor.execute(f"SELECT pg_terminate_backend(pid, 20000) {WAITING}")
    history.refresh_from_db()
    assert history.state == "RUNNING"
    assert 0 < history.rows_read < PLAYS
    assert Listen.objects.filter(user=ada).count() == history.rows_read == history.stored
    assert path.exists()

    History.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=settings.TRAINING_LEASE_SECONDS))
    worker = start_worker()
    histories.histories_resume.delay()  # as the clock does every minute
    worker.until(lambda: History.objects.get().state == "DONE", what="the import")
    history.refresh_from_db()
    assert (history.rows_read, history.stored, history.skipped) == (PLAYS, PLAYS - 2, 2)
    assert Listen.objects.filter(user=ada).count() == PLAYS - 2
    assert sum(row.last - row.first + 1 for row in history.rows.all()) == 2
    wait_for(lambda: not path.exists(), seconds=10, what="the file to go")
