"""The operator's duties: the log of breaches with its deadline and its notices, and the record of processing."""

import json
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.breaches import BreachConcern, BreachEntry
from accounts.models import Purpose
from accounts.policy_text import ASKED, NOT_USED
from accounts.services.breach import breach_add, breach_list
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.privacy.retention import retention_table
from discovery.privacy.stores import STORES
from tests import factories
from tests.api.client import App
from tests.privacy.test_export import export_of

pytestmark = pytest.mark.django_db
NOTICES = "{ viewer { privacy { notices { happenedAt what done authorityToldAt } } } }"


@pytest.fixture
def people():
    return [factories.listener(name) for name in ("ada", "ben", "cleo")]


def log(*arguments, **options):
    call_command("breach_log", *arguments, **options)


def add(*arguments, hours=5):
    log(
        "add",
        "--what",
        "A backup lay open",
        "--happened",
        (timezone.now() - timedelta(hours=hours)).isoformat(),
        *arguments,
    )


def notices(user):
    return App(user).data(NOTICES)["viewer"]["privacy"]["notices"]


def test_whom_it_concerns_is_told_and_nobody_else(people, tmp_path, capsys):
    factories.answered(people[1], Purpose.CONTRIBUTE)
    handles = tmp_path / "handles"
    handles.write_text("ada\ncleo\n")
    add("--done", "Closed it", "--handles", "ada")
    add("--granting", "CONTRIBUTE")
    add("--handles-file", str(handles))
    add("--everybody")
    add()
    told = [
        [
            breach.number
            for breach in breach_list()
            if BreachConcern.objects.filter(breach=breach.number, user=user)
        ]
        for user in people
    ]
    assert told == [[4, 3, 1], [4, 2], [4, 3]]
    assert notices(people[0])[-1]["done"] == ["Closed it"]
    assert {notice["what"] for notice in notices(people[1])} == {"A backup lay open"}
    assert "concerns 3 people (everybody)" in capsys.readouterr().out


def test_the_deadline_of_72_hours_is_shown_until_the_authority_was_told(people, capsys):
    add("--handles", "ada")
    log("list")
    assert "authority: to be told until" in capsys.readouterr().out
    log("notify", "1", "--text", "Told by phone")
    assert "authority: told" in capsys.readouterr().out
    assert notices(people[0])[0]["authorityToldAt"] is not None
    noticed = timezone.now() - timedelta(hours=73)
    breach_add(what="Old", happened_at=noticed, noticed_at=noticed)
    log("list")
    _, _, late, _, in_time = re.split(r"^([12])  ", capsys.readouterr().out, flags=re.MULTILINE)
    assert "LATE" in late
    assert "LATE" not in in_time


def test_more_can_be_added_and_nothing_changed(people):
    add("--handles", "ada")
    log("notify", "1", "--text", "Rotated the keys", "--done")
    assert notices(people[0])[0]["done"] == ["Rotated the keys"]
    line = BreachEntry.objects.first()
    for act in (lambda: BreachEntry.objects.update(text="nothing"), line.delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            act()
    if connection.vendor == "postgresql":
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("TRUNCATE accounts_breachentry")
    with pytest.raises(CommandError, match="no breach 9"):
        log("notify", "9", "--text", "x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--handles", "nobody"], "Nobody here is called nobody"),
        (["--noticed", "2001-01-01"], "was noticed then or later"),
    ],
)
def test_what_cannot_be_is_not_logged(people, arguments, message):
    with pytest.raises(CommandError, match=message):
        add(*arguments)
    assert not BreachEntry.objects.exists()


def test_it_goes_into_the_export_and_is_no_more_with_the_account(people, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    add("--handles", "ada", "ben")
    (line,) = export_of(people[0])[1]["breach_notices.jsonl"].splitlines()
    assert json.loads(line)["what"] == "A backup lay open"
    erasure_advance(erasure_id=str(erasure_request(user=people[0], confirm="ada").pk))
    assert list(BreachConcern.objects.values_list("user", flat=True)) == [people[1].pk]
    assert BreachEntry.objects.count() == 1


def test_the_record_names_every_purpose_store_and_period(settings, capsys, tmp_path):
    settings.OPERATOR_NAME = "Choir of the House"
    call_command("processing_record", format="json")
    record = json.loads(capsys.readouterr().out)
    assert record["controller"]["name"] == "Choir of the House"
    assert {row["purpose"] for row in record["activities"]} - {None} == set(ASKED)
    told = {name for row in record["activities"] for name in row["data"]}
    assert {store.name for store in STORES} <= told
    assert {row["name"] for row in record["retention"]} == {row.name for row in retention_table()}
    file = tmp_path / "record.md"
    call_command("processing_record", output=file)
    text = file.read_text()
    assert all(f"| {purpose} |" in text for purpose in ASKED)
    assert not any(f"| {purpose} |" in text for purpose in NOT_USED)
    assert "| social_use | To whom you were shown, and why. | 90 | the day it happened |" in text
