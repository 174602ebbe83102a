"""``migrate`` beside web processes that run: no request fails, and none waits longer for a table than is stated.

About one minute.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.db import connection, transaction

import graph.migrations
from discovery.management.commands.migrate import LOCK_SECONDS
from tests import factories
from tests.faults.fault_postgres import Asking, acknowledged_is_there, judged
from tests.faults.installation import QUICK, ROOT

pytestmark = [pytest.mark.worker, pytest.mark.timeout(300)]
ADDED = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("graph", "{last}")]
    operations = [
        migrations.AddField("Listen", "mood", models.CharField(max_length=20, db_default="")),
        migrations.AddField("Track", "mood", models.CharField(max_length=20, null=True)),
    ]
"""
INDEXED = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
class Migration(migrations.Migration):
    atomic = False
    dependencies = [("graph", "9990_added")]
    operations = [AddIndexConcurrently("Listen", models.Index(fields=["mood"], name="listen_mood"))]
"""
AS_BEFORE = """
DROP INDEX IF EXISTS listen_mood;
ALTER TABLE graph_listen DROP COLUMN IF EXISTS mood;
ALTER TABLE graph_track DROP COLUMN IF EXISTS mood;
DELETE FROM django_migrations WHERE name IN ('9990_added', '9991_indexed');
"""


@pytest.fixture
def later_release(tmp_path, installation):
    """The environment of a release with two more migrations of ``graph``; the database is as before at the end."""
    folder = tmp_path / "later"
    (folder / "later_graph").mkdir(parents=True)
    there = Path(graph.migrations.__file__).parent
    last = max(path.stem for path in there.glob("0*.py"))
    (folder / "later_graph/__init__.py").write_text(f"__path__.append({str(there)!r})\n")
    (folder / "later_graph/9990_added.py").write_text(ADDED.format(last=last))
    (folder / "later_graph/9991_indexed.py").write_text(INDEXED)
    (folder / "later_settings.py").write_text(
        "from discovery.settings import *\nMIGRATION_MODULES = {'graph': 'later_graph'}\n"
    )
    path = os.pathsep.join([str(folder), str(ROOT)])
    yield {
        **os.environ,
        **installation.environment,
        "PYTHONPATH": path,
        "DJANGO_SETTINGS_MODULE": "later_settings",
    }
    with connection.cursor() as cursor:
        cursor.execute(AS_BEFORE)


PLAIN = """
import django
django.setup()
from django.core.management import call_command
from django.core.management.commands.migrate import Command
call_command(Command(), interactive=False)
"""
READ = 16  # seconds


def migrated(environment, *program):
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, *(program or ("manage.py", "migrate", "--no-input"))], cwd=ROOT, env=environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done, time.monotonic() - begun


class Reading:
    """A long question, as a backup is, of the table that is to be changed; it ends by itself."""

    def __init__(self, seconds):
        self._seconds = seconds
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def _read(self):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM graph_listen")
            self._begun.set()
            time.sleep(self._seconds)
        connection.close()

    def __enter__(self):
        self._thread.start()
        assert self._begun.wait(20)
        return self

    def __exit__(self, *_):
        self._thread.join()


def columns():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'mood' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize("seconds", [0, READ])
def test_migrate_beside_a_web_process(installation, later_release, seconds):
    user, track = factories.sharer("asking"), factories.track("Meanwhile")
    installation.token(user)
    installation.web()
    with Asking(installation, user, track) as asking:
        time.sleep(2)
        with Reading(seconds) if seconds else nullcontext():
            done, took = migrated(later_release)
        time.sleep(2)
    good, refused = judged(asking)
    slowest = max(answer.seconds for *_, answer in asking.answers)
    again = done.stderr.count("trying again")
    print(
        f"migrated after {took:.1f} s, {again} times given up; {len(good)} good answers, {len(refused)} refused, "
        f"slowest {slowest:.2f} s"
    )
    assert columns() == ["graph_listen", "graph_track"]
    assert refused == []
    assert acknowledged_is_there(good, user) > 10
    assert slowest < LOCK_SECONDS + QUICK / 2
    assert (again > 0) == (seconds > 0)
    installation.ensure_alive("web")


def test_without_the_bound_everybody_waits_behind_it(installation, later_release):
    """What the bound is for: Django's own ``migrate``."""
    user, track = factories.sharer("asking"), factories.track("Meanwhile")
    installation.token(user)
    installation.web()
    with Asking(installation, user, track) as asking, Reading(READ):
        migrated(later_release, "-c", PLAIN)
    assert max(answer.seconds for *_, answer in asking.answers) > READ / 2
