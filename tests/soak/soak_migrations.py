"""A database of the squashed migrations is the one that those make for which they stand, and goes on wherever it stopped.

Run by ``make soak``: one after the other they take 20 seconds a database.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader

from tests.proofs.schema import differences

ROOT = Path(__file__).parents[2]
APPS = ("accounts", "discovery", "graph")
STOPPED = {
    "within the first of people": {"accounts": "0003_private_session"},
    "between the two of people": {
        "accounts": "0005_earlier_private_sessions",
        "graph": "0005_moments_kept_or_not",
        "discovery": "0005_marks_of_what_plays",
        "oauth2_provider": "0015_refreshtoken_token_checksum",
        "sessions": "0001_initial",
    },
    "halfway": {
        "accounts": "0015_breaches",
        "graph": "0040_rulings",
        "discovery": "0030_moments_kept_or_not",
    },
    "at the newest": {},
}
# As whoever used it then left it: somebody with a name, a token and a session.
SOMEBODY = """
import datetime, django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
get = executor._create_project_state(with_applied_migrations=True).apps.get_model
later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=9)
ada = get("accounts", "User").objects.create(username="ada", display_name="Ada Lovelace")
if ("oauth2_provider", "0015_refreshtoken_token_checksum") in executor.loader.applied_migrations:
    get("oauth2_provider", "AccessToken").objects.create(user=ada, token="in-clear", scope="api", expires=later)
if ("sessions", "0001_initial") in executor.loader.applied_migrations:
    get("sessions", "Session").objects.create(session_key="a" * 32, session_data="", expire_date=later)
"""
LOOKED = """
import json, django
django.setup()
from django.contrib.sessions.models import Session
from django.db import connection
from oauth2_provider.models import AccessToken
from accounts.models import Device, User
from tests.proofs.schema import schema
print(json.dumps({
    "schema": {kind: sorted(facts) for kind, facts in schema(connection).items()},
    "names": list(User.objects.values_list("name_key", flat=True)),
    "clear": [*AccessToken.objects.exclude(token="").values_list("pk"), *Session.objects.filter(pk="a" * 32).values_list("pk")],
    "devices": Device.objects.count(),
}))
"""


@pytest.fixture(params=["postgresql", "sqlite"])
def fresh(request, tmp_path):
    """Makes an empty database: name → the environment of a process on it."""

    def made(name):
        url = f"sqlite:///{tmp_path / name}.sqlite3"
        if request.param == "postgresql":
            name = f"{name}_{uuid4().hex}"
            server = os.environ["DATABASE_URL"].rpartition("/")[0]
            folder = server.partition("@/")[2]
            with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {name}")
            url = f"{server}/{name}"
        return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "discovery.settings"}

    return made


@pytest.fixture
def earlier(tmp_path):
    """Settings of a release that has no squashed migrations: an environment → the same with those."""
    for app in APPS:
        there = Path(import_module(f"{app}.migrations").__path__[0])
        stand = {name for label, name in squashed() if label == app}
        (tmp_path / f"earlier_{app}").mkdir()
        for file in there.glob("*.py"):
            if file.stem not in stand:
                shutil.copy(file, tmp_path / f"earlier_{app}")
    modules = {app: f"earlier_{app}" for app in APPS}
    (tmp_path / "earlier_settings.py").write_text(
        f"from discovery.settings import *\nMIGRATION_MODULES = {modules}\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    return lambda environment: {
        **environment,
        "PYTHONPATH": path,
        "DJANGO_SETTINGS_MODULE": "earlier_settings",
    }


def squashed():
    return [key for key, each in MigrationLoader(None).disk_migrations.items() if each.replaces]


def program(environment, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def migrate(environment, *target):
    return program(environment, "manage.py", "migrate", *target, "--verbosity", "1")


def looked_at(environment):
    found = json.loads(program(environment, "-c", LOOKED))
    found["schema"] = {kind: set(facts) for kind, facts in found["schema"].items()}
    return found


@pytest.mark.timeout(1_200)
def test_a_database_made_anew_is_the_one_that_was_made_one_by_one(fresh, earlier):
    one, other = fresh("one_by_one"), fresh("at_once")
    migrate(earlier(one))
    migrate(other)
    before, now = looked_at(one)["schema"], looked_at(other)["schema"]
    assert {f"{app} {name}" for app, name in squashed()} == now["applied"] - before["applied"]
    del before["applied"], now["applied"]
    assert sum(map(len, now.values())) > 500
    assert differences(before, now) == []
    tables = next(iter(now))
    now[tables].pop()
    assert len(differences(before, now)) == 1, "a difference would be seen"


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("where", STOPPED)
def test_it_goes_on_where_it_stopped(fresh, earlier, where):
    made_anew, stopped = fresh("made_anew"), fresh("stopped")
    migrate(made_anew)
    for app, name in STOPPED[where].items() or [("", "")]:
        migrate(earlier(stopped), *filter(None, (app, name)))
    program(earlier(stopped), "-c", SOMEBODY)
    told = migrate(stopped)
    assert ("No migrations to apply." in told) == (where == "at the newest")
    there = looked_at(stopped)
    assert differences(looked_at(made_anew)["schema"], there["schema"]) == []
    if where != "at the newest":  # where somebody of then was written by code of then
        assert there["names"] == ["ada lovelace"]
    if where == "between the two of people":
        assert there["clear"] == []
        assert there["devices"] == 1
    assert "No migrations to apply." in migrate(stopped)
