"""An older copy of the database brings no permission back that was withdrawn after it was made."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Consent, ConsentState, LedgerHead, Purpose
from accounts.services.consent import consent_set
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.privacy.withdrawals_kept import (
    KEPT,
    digest,
    withdrawals_compact,
    withdrawals_note,
    withdrawals_read,
)
from tasks.privacy import withdrawals_complete
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]
KEYS = ["1" * 64, "2" * 64]
# No digest can spell it: its letters are not all of the sixteen of a hexadecimal number.
NAME = "ada.rivers"


@pytest.fixture
def answer(django_capture_on_commit_callbacks):
    def answer(user, purpose, *, granted, **more):
        with django_capture_on_commit_callbacks(execute=True):
            consent_set(user=user, purpose=purpose, granted=granted, **more)

    return answer


@pytest.fixture
def people(answer):
    """Ada and Ben are friends; both allow two things, Ada one of them towards Ben alone."""
    ada, ben = factories.listener(NAME), factories.listener("ben")
    factories.befriended(ada, ben)
    for user in (ada, ben):
        answer(user, Purpose.CONTRIBUTE, granted=True)
        answer(user, Purpose.SOCIAL_OUT, granted=True)
    answer(ada, Purpose.NAMED, granted=True, friend=ben)
    return ada, ben


def lines(settings):
    return withdrawals_read(settings.WITHDRAWALS)[0]


def granted(user):
    rows = Consent.objects.filter(user=user, state=ConsentState.GRANTED)
    return {(row.purpose, row.friend_id) for row in rows}


def as_in_the_backup(*users):
    """What the older copy holds: yes to everything, said yesterday."""
    before = timezone.now() - timedelta(days=1)
    Consent.objects.filter(user__in=users).update(state=ConsentState.GRANTED, changed_at=before)


def test_what_was_withdrawn_is_taken_back_again_and_nothing_else(people, answer, settings, capsys):
    ada, ben = people
    assert lines(settings) == [], "a yes is in no list"
    answer(ada, Purpose.CONTRIBUTE, granted=False)
    answer(ada, Purpose.NAMED, granted=False, friend=ben)
    text = settings.WITHDRAWALS.read_text()
    assert settings.WITHDRAWALS.stat().st_mode & 0o077 == 0
    assert not any(word in text for word in (NAME, str(ada.pseudonym), ada.pseudonym.hex))
    as_in_the_backup(ada, ben)
    assert len(granted(ada)) == 3
    call_command("replay_withdrawals")
    assert "Taken back again: 2. Expired, for nobody can tell: 0." in capsys.readouterr().out
    assert (granted(ada), len(granted(ben))) == ({("SOCIAL_OUT", None)}, 2)
    call_command("replay_withdrawals")
    assert "Taken back again: 0." in capsys.readouterr().out


def test_a_yes_that_came_later_stands(people, answer, settings):
    ada, _ben = people
    answer(ada, Purpose.CONTRIBUTE, granted=False)
    answer(ada, Purpose.CONTRIBUTE, granted=True)
    call_command("replay_withdrawals")
    assert ("CONTRIBUTE", None) in granted(ada)
    withdrawals_compact()
    assert lines(settings) == []


def test_a_no_that_was_the_first_answer_stands_too(people, answer):
    ada, _ben = people
    answer(ada, Purpose.SELF, granted=False)
    Consent.objects.filter(user=ada, purpose=Purpose.SELF).delete()
    call_command("replay_withdrawals")
    assert Consent.objects.get(user=ada, purpose=Purpose.SELF).state == ConsentState.DENIED


def test_what_a_killed_process_left_out_the_clock_adds_once(people, settings):
    ada, _ben = people
    consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=False)  # nobody was told of the commit
    assert lines(settings) == []
    withdrawals_complete()
    assert [(line.who, line.purpose) for line in lines(settings)] == [(digest(ada.pseudonym), "CONTRIBUTE")]
    assert withdrawals_note() == 0


def test_a_list_that_is_gone_is_made_again(people, settings):
    ada, _ben = people
    withdrawals_note()
    assert settings.WITHDRAWALS.read_text() == ""
    settings.WITHDRAWALS.unlink()
    consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=False)
    Consent.objects.update(changed_at=timezone.now() - timedelta(days=30))
    withdrawals_note()
    assert [line.purpose for line in lines(settings)] == ["CONTRIBUTE"]


def test_a_line_torn_off_harms_no_other_and_a_replay_of_it_is_refused(people, answer, settings):
    ada, ben = people
    settings.WITHDRAWALS.write_text('{"who": "12')
    answer(ada, Purpose.CONTRIBUTE, granted=False)
    assert [len(lines(settings)), withdrawals_read(settings.WITHDRAWALS)[1]] == [1, 1]
    with pytest.raises(CommandError, match="1 lines that cannot be read"):
        call_command("replay_withdrawals")
    call_command("replay_withdrawals", "--lost")
    assert granted(ada) == granted(ben) == set()
    assert set(Consent.objects.filter(user=ben).values_list("state", flat=True)) == {"EXPIRED"}, "asked again"
    withdrawals_compact()
    assert withdrawals_read(settings.WITHDRAWALS)[1] == 0


def test_without_a_list_or_with_one_that_is_too_young_nothing_opens(people, settings, tmp_path):
    ada, _ben = people
    with pytest.raises(CommandError, match="There is no list"):
        call_command("replay_withdrawals")
    with pytest.raises(CommandError, match="There is no "):
        call_command("replay_withdrawals", str(tmp_path / "none"))
    settings.WITHDRAWALS.touch()
    call_command("replay_withdrawals")
    assert len(granted(ada)) == 3


def test_a_copy_older_than_the_list_reaches_is_refused(settings):
    settings.WITHDRAWALS.touch()
    call_command("replay_withdrawals")
    LedgerHead.objects.create(
        number=1, position=1, hash="0", document={}, published_at=timezone.now() - KEPT - timedelta(days=1)
    )
    with pytest.raises(CommandError, match="older than the list"):
        call_command("replay_withdrawals")


def test_lines_of_another_key_are_read_with_it_and_else_close_for_everybody(
    people, answer, settings, tmp_path, capsys
):
    ada, ben = people
    settings.SIGNING_KEY = KEYS[0]
    answer(ada, Purpose.CONTRIBUTE, granted=False)
    settings.SIGNING_KEY = KEYS[1]
    as_in_the_backup(ada, ben)
    (tmp_path / "key").write_text(f"{KEYS[0]}\n")
    call_command("replay_withdrawals", "--signing-key", str(tmp_path / "key"))
    assert ("CONTRIBUTE", None) not in granted(ada)
    assert ("CONTRIBUTE", None) in granted(ben)
    as_in_the_backup(ada, ben)
    call_command("replay_withdrawals")
    assert "Expired, for nobody can tell: 2." in capsys.readouterr().out
    assert {purpose for user in people for purpose, _ in granted(user)} == {"SOCIAL_OUT", "NAMED"}


def test_after_a_change_of_keys_the_clock_writes_the_list_anew(people, answer, settings):
    ada, _ben = people
    settings.SIGNING_KEY = KEYS[0]
    answer(ada, Purpose.CONTRIBUTE, granted=False)
    settings.SIGNING_KEY = KEYS[1]
    withdrawals_compact()
    (line,) = lines(settings)
    assert line.who == digest(ada.pseudonym, KEYS[1])


def test_the_list_forgets_the_erased_what_is_old_and_what_stands_twice(people, answer, settings):
    ada, ben = people
    answer(ada, Purpose.NAMED, granted=False, friend=ben)
    answer(ben, Purpose.CONTRIBUTE, granted=False)
    settings.WITHDRAWALS.write_text(settings.WITHDRAWALS.read_text() * 2)
    withdrawals_compact()
    assert len(lines(settings)) == 2
    row = json.loads(settings.WITHDRAWALS.read_text().splitlines()[0])
    old = {**row, "purpose": "SELF", "at": (timezone.now() - KEPT - timedelta(days=1)).isoformat()}
    settings.WITHDRAWALS.write_text(settings.WITHDRAWALS.read_text() + json.dumps(old) + "\n")
    assert withdrawals_compact() == 1
    erasure_advance(erasure_id=str(erasure_request(user=ben, confirm="ben").pk))
    gone = digest(ben.pseudonym)
    assert not [line for line in lines(settings) if gone in {line.who, line.towards}], "nor as a friend"
    withdrawals_note()
    withdrawals_compact()
    assert gone not in settings.WITHDRAWALS.read_text()
