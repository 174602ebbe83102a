"""An export in a real worker that is killed in the middle: the next one writes the whole file."""

import hashlib
import json
import os
import signal
import zipfile

import pytest
from django.core import signing
from django.db import connection, transaction
from django.urls import reverse

from discovery.models import DataExport
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.privacy.export import data_export_build, data_export_link
from tasks import privacy
from tests.processes import survivors, tree_of, wait_for
from tests.tasks.test_privacy import person

pytestmark = [pytest.mark.worker, pytest.mark.timeout(300)]

# Of this database alone: the server is shared with whoever runs other tests beside these.
WAITING = """FROM pg_locks WHERE NOT granted AND relation = 'graph_playlist'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@pytest.fixture
def killed(start_worker):
    """A person, and their export as a worker left it that was killed after it had written the plays."""
    ada = person()
    export = DataExport.objects.create(user=ada)
    worker = start_worker()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE graph_playlist IN ACCESS EXCLUSIVE MODE")  # read after the plays
        privacy.export_build.delay(key=str(export.pk))
        worker.until(waits, what="the export to come to the playlists")
        tree = tree_of(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
        assert survivors(tree) == []
        # Else the server would go on with it, for nobody.
        cursor.execute(f"SELECT pg_terminate_backend(pid, 20000) {WAITING}")
    export.refresh_from_db()
    yield ada, export
    for path in (export.path, *export.drafts):
        path.unlink(missing_ok=True)


def waits():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {WAITING}")
        return cursor.fetchone()[0]


def contents(export):
    """Every file but what differs between two exports of the same: when each was written."""
    with zipfile.ZipFile(export.path) as file:
        assert file.testzip() is None
        files = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest.pop("created_at")
    return manifest, files


def test_the_next_worker_ends_what_a_killed_one_began(killed, start_worker, client):
    ada, export = killed
    client.force_login(ada)
    link = reverse("data-export", args=[signing.dumps(str(export.pk), salt="earshot.export")])
    assert export.state == DataExport.State.REQUESTED
    assert len(export.drafts) == 1
    assert not export.path.exists()
    assert data_export_link(export) is None
    assert client.get(link).status_code == 404

    worker = start_worker()
    privacy.privacy_resume.delay()  # as the clock does every minute
    worker.until(lambda: DataExport.objects.get(pk=export.pk).state == "READY", what="the export")
    export.refresh_from_db()
    wait_for(lambda: not export.drafts, seconds=10, what="the draft to go")
    whole = b"".join(client.get(link).streaming_content)
    assert hashlib.sha256(whole).hexdigest() == export.sha256
    assert len(whole) == export.size
    told = contents(export)
    undisturbed = data_export_build(export_id=str(DataExport.objects.create(user=ada).pk))
    try:
        assert told == contents(undisturbed)
        assert not export.path.exists()
    finally:
        undisturbed.path.unlink()


def test_an_erasure_takes_along_what_a_killed_worker_left(killed):
    ada, export = killed
    assert len(export.drafts) == 1
    erasure_advance(erasure_id=str(erasure_request(user=ada, confirm=ada.username).pk))
    assert export.drafts == []
    assert not DataExport.objects.filter(pk=export.pk).exists()
