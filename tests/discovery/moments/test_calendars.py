"""The page's reader of calendars, in node: against answers written down, against an oracle, and what it makes moments of."""

import os
import random
from datetime import UTC, datetime

import pytest

from tests.discovery.moments.golden import GOLDEN, ZONE, calendar
from tests.discovery.moments.made import made
from tests.discovery.moments.oracle import case, expected, node

CALENDARS = int(os.environ.get("EARSHOT_CALENDARS", "150"))  # `make soak` makes many more
SEED = int(os.environ.get("EARSHOT_SEED", "1"))
NOT_THE_ORACLES = "a rule that nobody understands tells nothing"  # it follows such rules


def _at(text):
    return int(datetime.fromisoformat(f"2026-{text}:00+00:00").timestamp() * 1000)


def _window(text, begin, end):
    return case(calendar(text), datetime.fromisoformat(begin), datetime.fromisoformat(end), ZONE)


def test_what_calendars_hold_is_what_was_written_down(tmp_path):
    asked = [_window(text, begin, end) for _name, text, begin, end, _held in GOLDEN]
    found = node(tmp_path, "calendars.mjs", asked)
    for (name, *_rest, held), got in zip(GOLDEN, found, strict=True):
        wanted = [[_at(start), _at(end), title] for start, end, title in held]
        assert got == wanted, name


def test_and_what_an_oracle_says():
    for name, text, begin, end, held in GOLDEN:
        if name != NOT_THE_ORACLES:
            wanted = sorted([_at(start), _at(end), title] for start, end, title in held)
            assert expected(_window(text, begin, end)) == wanted, name


@pytest.mark.timeout(60 + CALENDARS // 10)
def test_calendars_made_by_chance_are_read_as_the_oracle_reads_them(tmp_path):
    chance = random.Random(SEED)  # noqa: S311
    asked = [made(chance) for _ in range(CALENDARS)]
    wanted = [expected(one) for one in asked]
    assert sum(map(len, wanted)) > 5 * CALENDARS
    for one, want, got in zip(asked, wanted, node(tmp_path, "calendars.mjs", asked), strict=True):
        assert sorted(got) == want, one["text"]


# --- what is told of it ---------------------------------------------------------------------

TITLES = {
    "Morning run": "RUN", "Lauftraining": "RUN", "Running late": None, "Run the payroll": None, "Laufzeitvertrag prüfen": None,
    "Gym": "SPORT", "Fußball mit Jan": "SPORT", "Yoga": "YOGA", "Radtour": "CYCLE", "Dinner with Ann": "DINNER", "Abendessen bei Oma": "DINNER",
    "Ann's birthday": "PARTY", "Geburtstagsfeier": "PARTY", "Partei-Treffen": None, "Flug nach Lissabon": "TRAVEL", "Focus time": "WORK",
    "Homeoffice": "WORK", "Statistik lernen": "STUDY", "Putzen": "CHORES", "Sauna": "RELAX", "Zahnarzt": None, "Physiotherapie Training": None,
    "Gottesdienst": None, "Reha-Sport": None, "Call with Sam": None, "": None,
}  # fmt: skip


def test_titles_become_labels_and_most_nothing(tmp_path):
    said = node(tmp_path, "told.mjs", {"titles": list(TITLES)})
    assert dict(zip(TITLES, said["labels"], strict=True)) == TITLES


def test_what_is_told_is_coarse_and_without_words(tmp_path):
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    minute = 60_000
    base = int(now.timestamp() * 1000)

    def held(summary, start, minutes, *, whole=False):
        return {
            "summary": summary,
            "start": base + start * minute,
            "end": base + (start + minutes) * minute,
            "allDay": whole,
        }

    events = [
        held("Run to the secret place", 61, 33), held("Call", 60, 60), held("Dinner", -180, 60), held("Yoga", -30, 60), held("Gym", 500, 0),
        held("Trip", 600, 3 * 1440, whole=True), held("Work", 600, 1440, whole=True), held("Party", 15 * 1440, 60),
        *[held("Work", 2000 + 60 * number, 30) for number in range(60)],
    ]  # fmt: skip
    told = node(tmp_path, "told.mjs", {"events": events, "now": base})["moments"]
    assert [(one["label"], one["startsAt"], one["minutes"]) for one in told[:4]] == [
        ("YOGA", "2026-07-01T11:30:00.000Z", 60),
        ("RUN", "2026-07-01T13:00:00.000Z", 35),
        ("SPORT", "2026-07-01T20:20:00.000Z", 30),
        ("TRAVEL", "2026-07-01T22:00:00.000Z", 1440),
    ]
    assert len(told) == 50
    assert {frozenset(one) for one in told} == {frozenset({"label", "startsAt", "minutes"})}


def test_a_place_is_where_one_is_and_nowhere_far(tmp_path):
    gym = {"label": "SPORT", "latitude": 52.52, "longitude": 13.405}
    home = {"label": "RELAX", "latitude": 52.53, "longitude": 13.405}
    at = [
        {"latitude": 52.5205, "longitude": 13.4052, "accuracy": 20}, {"latitude": 52.5302, "longitude": 13.405, "accuracy": 20},
        {"latitude": 52.525, "longitude": 13.405, "accuracy": 20}, {"latitude": 52.52, "longitude": 13.405, "accuracy": 4000},
    ]  # fmt: skip
    assert node(tmp_path, "told.mjs", {"places": [gym, home], "at": at})["found"] == [
        "SPORT",
        "RELAX",
        None,
        None,
    ]
