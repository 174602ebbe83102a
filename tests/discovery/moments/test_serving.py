"""What a moment does to an answer: some words of its label enter the sum, are named, and are gone with the permission."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Purpose
from accounts.services.consent import consent_set
from accounts.services.private_session import private_session_start
from discovery.models import MomentLabel
from discovery.platform import clock
from discovery.recommend import evidence as gathering
from discovery.recommend.explain import Cited, ReasonKind
from discovery.recommend.occasion import _FITS, DayPart, day_part, gather_now, words_of
from discovery.recommend.wording import Wording
from graph import snapshot
from graph.models import ItemKind
from tests import factories
from tests.api.client import App
from tests.discovery.moments.test_moments import soon, tells, told
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

DISCOVER = """query ($level: PersonalizationLevel) { viewer { discover(level: $level) { level degraded notUsed used edges { node {
  score remainder item { ... on Track { title } } reasons { kind text contribution share action { kind level label } } } } } } }"""
RADIO = """mutation { startRadio { ... on RadioQueue { radioId step upcoming { score item { ... on Track { title } } reasons { kind } } } } }"""
ADVANCE = """mutation ($id: ID!) { advanceRadio(radioId: $id) { ... on RadioQueue { upcoming { reasons { kind } } } } }"""
LEVELS = ("OFF", "BASIC", "OWN", "SOCIAL")


@pytest.fixture
def world(serve):
    """Two people who play the same, and eight tracks: the odd ones are lively, and nobody likes them better."""
    tracks = [factories.track(f"{'Lively' if number % 2 else 'Calm'} {number}") for number in range(8)]
    known = factories.track("Known")
    index = small_index(
        [*([[1.0, 0.01 * number] for number in range(8)]), [1.0, 1.0]],
        ids=[track.pk for track in [*tracks, known]],
    )
    index.moods = np.array(
        [*([[0.0, 1.0 if number % 2 else -1.0] for number in range(8)]), [0.0, 0.0]], np.float32
    )
    serve(ItemKind.TRACK, index)
    people = [
        factories.answered(factories.listener(name), Purpose.RECORD, Purpose.SELF) for name in ("ada", "ben")
    ]
    for person in people:
        consent_set(user=person, purpose=Purpose.CALENDAR, granted=True)
        factories.listens(person, known, 2)
    return people


def discover(user, level=None):
    return App(user).data(DISCOVER, level=level)["viewer"]["discover"]


def titles(answer):
    return [edge["node"]["item"]["title"] for edge in answer["edges"]]


def occasions(answer):
    return [
        reason
        for edge in answer["edges"]
        for reason in edge["node"]["reasons"]
        if reason["kind"] == "OCCASION"
    ]


def test_a_run_brings_what_is_lively_says_so_and_adds_up(world):
    ada, _ben = world
    before = discover(ada)
    assert occasions(before) == []
    tells(ada, told("RUN", minutes=60))
    during = discover(ada)
    assert titles(before) != titles(during)
    assert all(title.startswith("Lively") for title in titles(during)[:4])
    part = {"MORNING": "this morning", "DAY": "today", "EVENING": "this evening", "NIGHT": "tonight"}[
        day_part(soon())
    ]
    assert {reason["text"] for reason in occasions(during)} == {f"For your run {part}"}
    assert occasions(during)[0]["action"] == {
        "kind": "SET_LEVEL",
        "level": "SOCIAL",
        "label": "Leave the occasion out",
    }
    for edge in during["edges"]:
        node = edge["node"]
        assert sum(r["contribution"] for r in node["reasons"]) + node["remainder"] == pytest.approx(
            node["score"]
        )
    assert (during["level"], during["used"]) == ("CONTEXT", ["SELF", "CALENDAR"])
    tells(ada, told("SLEEP", minutes=60))
    assert all(title.startswith("Calm") for title in titles(discover(ada))[:4]), (
        "another label, another answer"
    )


def test_equal_labels_make_equal_answers_whatever_stood_in_the_calendars(world):
    ada, ben = world
    tells(ada, told("RUN", soon(), 30))
    tells(ben, told("RUN", soon(), 55), told("PARTY", soon(600), 60))
    assert discover(ada) == discover(ben)
    tells(ben, told("WORK", soon(), 55))
    assert discover(ada) != discover(ben)


def test_below_context_and_without_a_moment_nothing_depends_on_moments(world):
    ada, ben = world
    factories.befriended(ada, ben)
    before = {level: discover(ada, level) for level in LEVELS}
    context = discover(ada)
    assert {**context, "level": "SOCIAL"} == before["SOCIAL"], "CONTEXT without a moment is SOCIAL"
    tells(ada, told("PARTY", soon(15)), told("SLEEP", soon(-60), 55))
    assert discover(ada) == context, "neither what begins later nor what is over"
    others = discover(ben)
    tells(ada, told("PARTY", soon(), 60))
    assert discover(ada) != context
    assert {level: discover(ada, level) for level in LEVELS} == before
    assert discover(ben) == others, "nobody else's answer knows of it"
    private_session_start(user=ada)
    assert occasions(discover(ada)) == []


def test_ten_minutes_before_it_begins_it_counts_and_it_takes_one_question(world):
    ada, _ben = world
    tells(ada, told("RUN", soon(10)))
    assert occasions(discover(ada))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        discover(ada)
    about = [query["sql"] for query in asked if "discovery_moment" in query["sql"]]
    assert len(about) == 1
    with CaptureQueriesContext(connection) as asked:
        discover(ada, "SOCIAL")
    assert not [query for query in asked if "discovery_moment" in query["sql"]]


@pytest.mark.parametrize("ends", ["withdrawn", "expired after 90 days", "over"])
def test_the_next_answer_and_the_next_track_know_nothing_any_more(world, redis_url, ends):
    ada, _ben = world
    before = discover(ada)
    tells(ada, told("RUN", minutes=60))
    assert discover(ada) != before
    radio = App(ada).data(RADIO)["startRadio"]
    assert any(reason["kind"] == "OCCASION" for item in radio["upcoming"] for reason in item["reasons"])
    match ends:
        case "withdrawn":
            consent_set(user=ada, purpose=Purpose.CALENDAR, granted=False)
        case "expired after 90 days":
            row = ada.consents.get(purpose=Purpose.CALENDAR)
            assert timedelta(days=89) < row.valid_until - clock.now() <= timedelta(days=90)
            ada.consents.filter(pk=row.pk).update(valid_until=clock.now())
        case "over":
            ada.moments.update(starts_at=clock.now() - timedelta(hours=1), ends_at=clock.now())
    assert discover(ada) == before
    following = App(ada).data(ADVANCE, id=radio["radioId"])["advanceRadio"]["upcoming"]
    assert not any(reason["kind"] == "OCCASION" for item in following for reason in item["reasons"])


def test_every_label_has_its_words_at_every_part_of_the_day_in_both_languages():
    assert _FITS.keys() == set(MomentLabel)
    said = {"en": set(), "de": set()}
    for language, sentences in said.items():
        with translation.override(language):
            wording = Wording({})
            for label in MomentLabel:
                for part in DayPart:
                    words = words_of(label, part, Purpose.CALENDAR)
                    assert all(-1 <= value <= 1 for word in words for value in word.axis)
                    assert all(word.occasion for word in words)
                    sentences.add(wording.reason(Cited(ReasonKind.OCCASION, 1.0, 0.5, (), 1, words=words)))
    assert len(said["en"]) == len(said["de"]) == len(MomentLabel) * len(DayPart)
    assert "For your run this morning" in said["en"]
    assert "Für deinen Lauf heute Morgen" in said["de"]


def test_the_part_of_the_day_is_told_by_the_installations_clock(settings):
    settings.LOCAL_TIME_ZONE = "Europe/Berlin"
    parts = [day_part(datetime(2026, 7, 1, hour, 30, tzinfo=UTC)).value for hour in (2, 3, 9, 15, 20, 22)]
    assert parts == ["NIGHT", "MORNING", "DAY", "EVENING", "NIGHT", "NIGHT"]


def test_neither_a_training_nor_a_list_of_everybody_asks_for_moments(world):
    ada, ben = world
    tells(ada, told("RUN", minutes=60))
    with CaptureQueriesContext(connection) as asked:
        snapshot.take()
        gathered = gathering.gather_many([ada, ben], ItemKind.TRACK)
    assert not [query for query in asked if "discovery_moment" in query["sql"]]
    assert [evidence.words for evidence in gathered] == [(), ()]
    assert gather_now(ada, ItemKind.TRACK).words, "the control"
