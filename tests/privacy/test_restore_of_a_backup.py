"""An older copy of the database brings nobody back who was erased after it was made."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from discovery.models import Erasure
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.privacy.erasures_kept import KEPT, erasures_keep, erasures_read
from graph.models import Listen
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]


@pytest.fixture
def erased(django_capture_on_commit_callbacks):
    def erase(user):
        with django_capture_on_commit_callbacks(execute=True):
            key = str(erasure_request(user=user, confirm=user.username).pk)
        erasure_advance(erasure_id=key)

    return erase


def as_in_the_backup(person):
    """What the older copy holds: the account, its plays, and no word of the erasure."""
    Erasure.objects.filter(subject=person.pseudonym).delete()
    back = factories.listener("ben", pseudonym=person.pseudonym)
    factories.listens(back, factories.track(), 1)
    return back


def test_whom_a_restore_brings_back_is_erased_again(erased, settings, capsys):
    ben, ada = factories.listener("ben"), factories.listener("ada")
    erased(ben)
    assert list(erasures_read(settings.ERASURES)) == [ben.pseudonym]
    assert "ben" not in settings.ERASURES.read_text()
    assert settings.ERASURES.stat().st_mode & 0o077 == 0
    as_in_the_backup(ben)
    call_command("replay_erasures")
    assert "Erased again: 1." in capsys.readouterr().out
    assert set(User.objects.values_list("username", flat=True)) == {ada.username}
    assert not Listen.objects.exists()
    call_command("replay_erasures")
    assert "Erased again: 0." in capsys.readouterr().out


def test_lists_from_before_the_restore_are_taken_over(erased, settings, tmp_path, capsys):
    ben = factories.listener("ben")
    erased(ben)
    aside = settings.ERASURES.rename(tmp_path / "aside.jsonl")
    as_in_the_backup(ben)
    call_command("replay_erasures")
    assert User.objects.filter(username="ben").exists(), "nothing here says so"
    call_command("replay_erasures", str(aside))
    assert not User.objects.filter(username="ben").exists()
    assert ben.pseudonym in erasures_read(settings.ERASURES)


def test_a_list_is_of_the_last_three_years_and_each_once(settings):
    today, old, new = timezone.now().date(), uuid4(), uuid4()
    erasures_keep({old: today - KEPT - timedelta(days=2), new: today})
    erasures_keep({new: today - timedelta(days=1)})
    assert erasures_read(settings.ERASURES) == {new: today}


def test_what_is_no_list_erases_nobody(settings, tmp_path):
    ben = factories.listener("ben")
    for name, text in {"a": "no JSON", "b": json.dumps({"subject": str(ben.pseudonym)})}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(CommandError):
            call_command("replay_erasures", str(tmp_path / name))
    with pytest.raises(CommandError, match="There is no"):
        call_command("replay_erasures", str(tmp_path / "none"))
    assert User.objects.get(username="ben").is_active


def test_a_request_that_is_taken_back_is_in_no_list(settings):
    with transaction.atomic():
        erasure_request(user=factories.listener("ben"), confirm="ben")
        transaction.set_rollback(True)
    assert erasures_read(settings.ERASURES) == {}
