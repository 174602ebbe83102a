"""Fixtures shared by all rooms. The servers themselves are started by discovery/embedded/pytest_plugin.py."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings
from django.db.backends.base.operations import BaseDatabaseOperations

from accounts import intake
from discovery.recommend import trial
from tests.serving import serve

TESTS = Path(__file__).parent

__all__ = ["serve"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What takes longest comes first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def _tests_write_rows_by_hand(monkeypatch):
    """Rows that a test writes itself need no gate; what it calls does, as ever."""
    guarded = intake.ensure_open

    def ensure_open(model):
        frame = sys._getframe(1)
        while (
            frame.f_code.co_filename.endswith("accounts/intake.py") or "/django/" in frame.f_code.co_filename
        ):
            frame = frame.f_back
        if not Path(frame.f_code.co_filename).is_relative_to(TESTS):
            guarded(model)

    monkeypatch.setattr(intake, "ensure_open", ensure_open)


@pytest.fixture(autouse=True, scope="session")
def _tests_empty_the_ledger():
    """Between tests with real transactions every table is emptied; the ledger's own triggers refuse that."""
    plain = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self, sql_list):
        past = (
            ["SET LOCAL session_replication_role = replica"] if self.connection.vendor == "postgresql" else []
        )
        plain(self, [*past, *sql_list])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", execute_sql_flush)
        yield


@pytest.fixture(autouse=True)
def ledger_heads(tmp_path, settings):
    """No heads beside the data: those of other tests are of another ledger."""
    settings.LEDGER_HEADS = tmp_path / "ledger-heads.jsonl"
    settings.ERASURES = tmp_path / "erasures.jsonl"
    settings.WITHDRAWALS = tmp_path / "withdrawals.jsonl"
    return settings.LEDGER_HEADS


@pytest.fixture(autouse=True)
def _nobody_tried_before(settings, request):
    """Tries to sign in are counted for each test anew: in its own memory, where it does not ask for Redis."""
    if "redis_url" not in request.fixturenames:
        memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": request.node.nodeid}
        settings.CACHES = {"default": memory}


@pytest.fixture(autouse=True)
def _nothing_is_measured_by_chance(monkeypatch):
    """Whose answers are counted is drawn, and asks the database: not where a test counts questions."""
    monkeypatch.setattr(trial, "OWN", 0.0)


@pytest.fixture
def artifact_dir(tmp_path, settings):
    """An empty ARTIFACT_DIR."""
    settings.ARTIFACT_DIR = tmp_path / "models"
    settings.ARTIFACT_DIR.mkdir()
    return settings.ARTIFACT_DIR


@pytest.fixture
def redis_url():
    """Address of this test's Redis database, empty before and after."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.flushdb()
        yield django_settings.REDIS_URL
        client.flushdb()


@pytest.fixture(scope="session")
def npm_clients(tmp_path_factory):
    """The folder of the npm clients with their packages installed; skips where there is no npm or no publish."""
    if shutil.which("npm") is None:
        pytest.skip("no npm on this machine")
    folder = tmp_path_factory.mktemp("clients")
    shutil.copytree(Path(__file__).parent / "clients", folder, dirs_exist_ok=True)
    done = subprocess.run(
        ["npm", "install", "--silent"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"npm could not install the clients: {done.stderr.strip()[-300:]}")
    return folder
