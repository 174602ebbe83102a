"""Every message leaves by one door, and one that is lost is sent again: what it asked for stands in the database."""

import re
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError

from accounts.intake import restoring
from discovery.privacy.erasure import erasure_request
from discovery.privacy.export import data_export_build, data_export_request
from graph.models import LibraryAccount, TrainingRun
from graph.services.history import history_request
from graph.services.uploads import upload_store
from graph.training import run as training_run
from graph.training.lease import lease_claim
from tasks import errands, histories, libraries, privacy, training
from tasks.celery import app
from tests import factories

ROOT = Path(__file__).parents[2]
SENDS = re.compile(r"\.delay\(|\.apply_async\(|send_task\(")
DOOR = "tasks/errands.py"


class Broker:
    """Takes messages, or is away."""

    def __init__(self):
        self.away, self.taken = False, []

    def send_task(self, task, *, kwargs, expires, **options):
        if self.away:
            raise OperationalError("nobody there")
        self.taken.append((task.rpartition(".")[2], kwargs["key"], expires))


@pytest.fixture
def broker(monkeypatch):
    broker = Broker()
    monkeypatch.setattr(app, "send_task", broker.send_task)
    return broker


def senders():
    """Our modules that put something into a queue."""
    rooms = [
        path for room in ("accounts", "discovery", "graph", "tasks") for path in (ROOT / room).rglob("*.py")
    ]
    return {str(path.relative_to(ROOT)) for path in rooms if SENDS.search(path.read_text())}


def test_one_door():
    assert senders() == {DOOR}


def export(user):
    return str(data_export_request(user=user).pk)


def erasure(user):
    return str(erasure_request(user=user, confirm=user.username).pk)


def history(user):
    return str(history_request(user=user, upload=upload_store(user=user, pieces=[b"[]"])).pk)


def library(user):
    with restoring():
        account = LibraryAccount.objects.create(
            user=user, url="http://music.example", username="ada", secret="", name="At home", state="WAITING"
        )
    return str(account.pk)


def abandoned_training(user):
    lease_claim(key="daily:2026-01-01", holder="a")
    TrainingRun.objects.update(heartbeat_at="2026-01-01T00:00Z")
    return "daily:2026-01-01"


KINDS = [
    (export, "export_build", privacy.privacy_resume),
    (erasure, "erasure_advance", privacy.privacy_resume),
    (history, "history_read", histories.histories_resume),
    (library, "library_read", libraries.libraries_resume),
    (abandoned_training, "train", training.train_when_due),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("artifact_dir")
@pytest.mark.parametrize(("ask", "task", "resume"), KINDS, ids=[task for _, task, _ in KINDS])
def test_an_outage_of_the_broker_loses_nothing(ask, task, resume, broker):
    broker.away = True
    key = ask(factories.sharer("ada"))
    resume()  # the clock's round comes to nothing as well
    assert broker.taken == []
    broker.away = False
    resume()
    assert broker.taken == [(task, key, errands.AGAIN_SECONDS)]


@pytest.mark.django_db(transaction=True)
def test_what_is_done_is_not_asked_for_again_and_a_second_delivery_does_nothing(broker):
    key = export(factories.sharer("ada"))
    assert broker.taken == [("export_build", key, None)]
    data_export_build(export_id=key)
    broker.taken.clear()
    privacy.export_build(key=key)
    privacy.privacy_resume()
    assert broker.taken == []


@pytest.mark.django_db
class TestTheDaysTraining:
    def test_is_asked_for_again_until_somebody_has_begun_it(self, broker, monkeypatch):
        monkeypatch.setattr(training_run, "is_up_to_date", lambda: False)
        broker.away = True
        training.train_today()
        broker.away = False
        training.train_today()
        (_task, key, _expires) = broker.taken.pop()
        lease_claim(key=key, holder="a")
        training.train_today()
        assert broker.taken == []

    def test_is_not_asked_for_where_it_would_change_nothing(self, broker, monkeypatch):
        monkeypatch.setattr(training_run, "is_up_to_date", lambda: True)
        training.train_today()
        assert broker.taken == []
