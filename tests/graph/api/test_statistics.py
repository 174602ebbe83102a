"""The viewer's plays, added up: exact, by whose clock, and nobody else's."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import DeviceScope
from accounts.services.token import token_create
from graph.models import Listen
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db
NOON = factories.NOON
ASK = """query ($from: DateTime, $until: DateTime, $zone: String! = "UTC", $kind: ItemKind! = TRACK) {
  viewer { it: statistics(from: $from, until: $until, timeZone: $zone, kind: $kind) {
    plays secondsPlayed tracks artists newArtists
    top(first: 2) { plays item { ... on Track { title } ... on Artist { name } } }
    topArtists { plays item { ... on Artist { name } } } overTime { unit counts { begin plays } } } } }"""


def asked(user, **variables):
    return App(user).data(ASK, **variables)["viewer"]["it"]


def played(user, track, at, ms=None):
    (play,) = factories.listens(user, track, at=at)
    Listen.objects.filter(pk=play.pk).update(ms_played=ms)
    return play


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture
def tracks():
    by = {name: factories.artist(name) for name in ("Nerloo Choir", "Vesna & Tides")}
    return [
        factories.track(title, by=by[name], duration_ms=200_000)
        for title, name in (("One", "Nerloo Choir"), ("Two", "Nerloo Choir"), ("Three", "Vesna & Tides"))
    ]


def test_a_period_is_added_up(ada, tracks):
    one, two, three = tracks
    for day in range(3):
        played(ada, one, NOON + timedelta(days=day), ms=100_000)
    played(ada, two, NOON - timedelta(days=1))  # before the period
    played(ada, three, NOON + timedelta(days=1))  # as long as the track
    played(ada, two, NOON, ms=1_000)  # a skip
    ben = factories.sharer("ben")
    factories.befriended(ada, ben)
    played(ben, two, NOON)

    answer = asked(ada, **{"from": NOON.isoformat()}, until=(NOON + timedelta(days=2, hours=1)).isoformat())

    assert answer == {
        "plays": 4, "secondsPlayed": 500, "tracks": 2, "artists": 2,
        "newArtists": 1,  # the choir was played before
        "top": [{"plays": 3, "item": {"title": "One"}}, {"plays": 1, "item": {"title": "Three"}}],
        "topArtists": [{"plays": 3, "item": {"name": "Nerloo Choir"}}, {"plays": 1, "item": {"name": "Vesna & Tides"}}],
        "overTime": {"unit": "DAY", "counts": [
            {"begin": "2026-01-01", "plays": 1}, {"begin": "2026-01-02", "plays": 2}, {"begin": "2026-01-03", "plays": 1}]},
    }  # fmt: skip


def test_a_day_is_that_of_the_viewers_clock_and_a_long_period_is_counted_by_month(ada, tracks):
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    played(ada, tracks[0], late)
    whole = asked(ada)["overTime"]
    assert whole == {"unit": "MONTH", "counts": [{"begin": "2026-03-01", "plays": 1}]}
    assert asked(ada, zone="Europe/Vienna")["overTime"]["counts"] == [{"begin": "2026-04-01", "plays": 1}]
    span = {"from": (late - timedelta(days=1)).isoformat(), "until": (late + timedelta(days=1)).isoformat()}
    assert asked(ada, zone="America/Lima", **span)["overTime"]["counts"] == [
        {"begin": "2026-03-31", "plays": 1}
    ]


def test_artists_are_ranked_where_they_are_asked_for(ada, tracks):
    for track in tracks:
        played(ada, track, NOON)
    assert [row["item"]["name"] for row in asked(ada, kind="ARTIST")["top"]] == [
        "Nerloo Choir",
        "Vesna & Tides",
    ]


def test_what_cannot_be_counted_is_refused(ada):
    query = "query ($from: DateTime, $until: DateTime, $zone: String!) { viewer { statistics(from: $from, until: $until, timeZone: $zone) { plays } } }"
    assert App(ada).code(query, zone="Europe/Atlantis") == "INVALID"
    backwards = {"from": NOON.isoformat(), "until": NOON.isoformat()}
    assert App(ada).code(query, zone="UTC", **backwards) == "INVALID"
    assert App().data(query, zone="UTC")["viewer"] is None


def test_an_app_needs_the_scope(ada, client):
    def code(*scopes):
        headers = {"Authorization": f"Bearer {token_create(user=ada, name='app', scopes=list(scopes))[1]}"}
        answer = client.post(
            "/graphql/", {"query": "{ viewer { statistics { plays } } }"}, "application/json", headers=headers
        ).json()
        return answer.get("errors", [{}])[0].get("extensions", {}).get("code")

    assert code(DeviceScope.DISCOVER) == "INSUFFICIENT_SCOPE"
    assert code(DeviceScope.PLAYS_READ) is None


def test_the_number_of_queries_does_not_grow(ada):
    counts = []
    for _more in range(2):
        for _number in range(4):
            played(ada, factories.track(), NOON)
        with CaptureQueriesContext(connection) as queries:
            asked(ada)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 20


class AddedUp(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=12))
    def test_the_days_of_a_period_and_all_tracks_make_up_its_plays(self, plays):
        ada = factories.sharer(f"ada{Listen.objects.count()}x{len(plays)}")
        tracks = [factories.track() for _ in range(4)]
        for number, (track, hours) in enumerate(plays):
            played(ada, tracks[track], NOON + timedelta(hours=hours, minutes=number))
        query = """{ viewer { it: statistics(timeZone: "Asia/Tokyo") { plays tracks topTracks { plays }
            topArtists { plays } overTime { counts { plays } } } } }"""
        answer = App(ada).data(query)["viewer"]["it"]
        assert answer["plays"] == len(plays)
        assert answer["tracks"] == len({track for track, _ in plays}) == len(answer["topTracks"])
        for rows in (answer["topTracks"], answer["topArtists"], answer["overTime"]["counts"]):
            assert sum(row["plays"] for row in rows) == len(plays)
        ada.delete()
