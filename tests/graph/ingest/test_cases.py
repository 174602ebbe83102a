"""Small inputs from the field, each through several doors: what is kept, what is one, and what costs nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from graph.importers.history import history_import
from graph.models import Artist, ItemKind, Listen, Track
from graph.selectors import search
from tests import factories
from tests.api.client import App
from tests.graph.formats.files import EXTENDED, LISTEN, SHORT
from tests.graph.formats.test_scrobbles import FLAT, PAGED
from tests.graph.ingest.doors import RECORD, GraphQL, Submit, play, titles, tracks

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

M, N = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "1c4a3a44-0000-4c53-8d5c-0123456789ab"


# --- 1, 2, 3: nothing costs more than itself ------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {"title": None, "artist": None}, {"title": ""}, {"artist": " \u200b"}, {"title": "\u200b"}, {"title": "a\x00b"},
        {"title": 5}, {"artist": {"name": "x"}}, {"title": "\ud800"}, {"title": "x" * 1001}, {"at": "01 Mar 2021, 10:05"},
        {"at": None}, {"at": 10**30}, {"at": "soon"}, {"at": [1]}, {"at": True},
    ],
    ids=str,
)  # fmt: skip
def test_1_one_bad_play_costs_itself_alone(doors, ada, bad):
    good = [play(f"Song {number}") for number in range(59)]
    assert doors[0](ada).tell(*good[:30], play() | bad, *good[30:]) == [30]
    assert len(titles()) == 59


# What no field means, or no column holds.
ODD = st.sampled_from(
    [10**20, 10**400, -(10**400), 1e300, float("inf"), float("nan"), "\u3164", "\ud800", "a\x00b", "x" * 1001, "ß" * 900, "\u0958" * 600,
     "9" * 5000, "1e999", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "²", [[]], ["\ud800"], ["y" * 1000] * 30,
     {"uts": []}, {"#text": 5}, "spotify:track:" + "x" * 300]
)  # fmt: skip
ANYTHING = ODD | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
TOLD: dict[str, Any] = LISTEN["track_metadata"]  # type: ignore[assignment]
LISTENS = TOLD["additional_info"] | {
    "duration": 5,
    "duration_played": 3,
    "artist_names": ["a"],
}
OURS = LISTENS | {
    "submission_client": "Earshot",
    "source": "app",
    "source_id": "1",
    "listened_at": "2021-05-04T12:00:00Z",
}
FILES = {
    "spotify": (EXTENDED | {"offline": True, "offline_timestamp": 1_619_000_000}, json.dumps),
    "spotify, short": (SHORT, json.dumps),
    "listenbrainz": (LISTEN, json.dumps),
    "earshot": (LISTEN | {"track_metadata": TOLD | {"additional_info": OURS}}, json.dumps),
    "last.fm": (PAGED, lambda rows: json.dumps([{"track": rows}])),
    "last.fm, flat": (FLAT, json.dumps),
    "maloja": ({"time": 1_620_129_600, "duration": 5, "track": {"artists": ["N"], "title": "T", "length": 5, "album": {"albumtitle": "A"}}},
               lambda rows: json.dumps({"scrobbles": rows})),
}  # fmt: skip


@st.composite
def _spoiled(draw, row):
    """The row, with anything in one of its fields, however deep."""
    name = draw(st.sampled_from(sorted(row)))
    deeper = isinstance(row[name], dict) and draw(st.booleans())
    return row | {name: draw(_spoiled(row[name]) if deeper else ANYTHING)}


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("kind", FILES)
def test_1_any_value_in_any_field_of_a_file_costs_its_row_alone(kind, data, tmp_path):
    good, written = FILES[kind]
    rows = data.draw(st.lists(_spoiled(good) | ANYTHING, min_size=10, max_size=40))
    path = tmp_path / "x"
    path.write_text(written([good, *rows]))
    ada = factories.sharer(f"ada{User.objects.count()}")
    history = history_import(user=ada, path=path)
    counted = history.stored + history.duplicates + history.corrected + history.skipped + history.refused
    assert (history.state, counted) == ("DONE", 1 + len(rows))
    assert Listen.reports.filter(user=ada).exists(), "the good one"


@pytest.mark.parametrize(
    ("part", "field", "code"),
    [
        ({"duration_ms": 0}, "track.durationMs", "INVALID_DURATION"),
        ({"duration_ms": -1}, "track.durationMs", "INVALID_DURATION"),
        ({"duration_ms": 3_000_000_000}, "track.durationMs", "INVALID_DURATION"),
        ({"duration_ms": "long"}, "track.durationMs", "INVALID_DURATION"),
        ({"duration_ms": {}}, "track.durationMs", "INVALID_DURATION"),
        ({"isrc": "n/a"}, "track.isrc", "INVALID_ISRC"),
        ({"isrc": 7}, "track.isrc", "INVALID_ISRC"),
        ({"mbid": "n/a"}, "track.mbid", "INVALID_MBID"),
        ({"mbid": [M]}, "track.mbid", "INVALID_MBID"),
        ({"mbid": f"https://musicbrainz.org/recording/{M}"}, "track.mbid", "MENDED"),
        ({"album": "a\x00b"}, "track.album", "INVALID_CHARACTERS"),
        ({"album": {}}, "track.album", "INVALID_TYPE"),
        ({"album": "x" * 1001}, "track.album", "INVALID_TOO_LONG"),
        ({"uri": "no address"}, "track.uri", "INVALID_URI"),
        ({"uri": "spotify:track:\ud800"}, "track.uri", "INVALID_URI"),
        ({"uri": "spotify:local:" + "x" * 200}, "track.uri", "INVALID_URI"),
        ({"artist_mbids": ["unknown"]}, "track.artistMbids", "INVALID_MBID"),
        ({"ms_played": 86_400_001}, "msPlayed", "INVALID_DURATION"),
        ({"ms_played": 3_000_000_000}, "msPlayed", "INVALID_DURATION"),
        ({"ms_played": "NaN"}, "msPlayed", "INVALID_DURATION"),
    ],
    ids=str,
)  # fmt: skip
def test_2_an_optional_part_never_costs_the_play(door, ada, part, field, code):
    told = door(ada)
    assert told.tell(play(**part)) == []
    (listen,) = Listen.objects.select_related("track")
    assert (listen.ms_played, listen.track.duration_ms, listen.track.isrc, listen.track.album) == (
        None,
        None,
        "",
        "",
    )
    assert listen.track.mbid == (M if code == "MENDED" else "")
    if isinstance(told, GraphQL):
        assert told.answer["dropped"] == [{"index": 0, "code": code, "field": field}]


@pytest.mark.parametrize(
    "track", [5, "x", [], [{"title": "a", "artist": "b"}], {}, {"unknown": 1}, True], ids=str
)
def test_1_a_track_of_any_shape_costs_its_play_alone(ada, track):
    told = GraphQL(ada)
    rows = [told.listen(**play(f"Song {number}")) for number in range(3)]
    answer = told.app.data(RECORD, input=[rows[0], rows[1] | {"track": track}, rows[2]])["it"]
    assert (answer["stored"], [refusal["index"] for refusal in answer["refusals"]]) == (2, [1])
    assert titles() == ["Song 0", "Song 2"]


def test_1_a_play_of_any_shape_costs_itself_alone_and_a_field_that_is_none_nothing(ada):
    told = GraphQL(ada)
    good = told.listen(**play())
    good["track"] |= {"bpm": 120}
    answer = told.app.data(RECORD, input=[None, 5, "x", [good], {"unknown": 1}, good | {"app": "player"}])[
        "it"
    ]
    assert (answer["stored"], [refusal["index"] for refusal in answer["refusals"]]) == (1, [0, 1, 2, 3, 4])
    one = 'mutation ($track: TrackInput, $at: LenientDateTime) { it: recordListens(input: [{ source: "a", listenedAt: $at, track: $track }]) { ... on RecordedListens { stored } } }'
    assert told.app.data(one, track=5, at=good["listenedAt"])["it"] == {"stored": 0}
    assert told.app.data(one, track={"title": "a", "artist": "b"}, at=good["listenedAt"])["it"] == {
        "stored": 1
    }
    assert "errors" in told.app.ask(RECORD, input=5), "no list of plays at all"
    assert "errors" in told.app.ask(one.replace("$track }", "5 }"), at=good["listenedAt"]), (
        "in the document itself"
    )


@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        ({"source": "ß" * 21}, "source", "INVALID_TOO_LONG"),  # 42 letters without their case
        ({"source": "\u0958" * 21}, "source", "INVALID_TOO_LONG"),  # and composed
        ({"source": "\ud800"}, "source", "INVALID_CHARACTERS"),
        ({"source_id": "a" + " " * 128}, "sourceId", "INVALID_TOO_LONG"),  # to the letter
        ({"source_id": "a" + "\u200b" * 128}, "sourceId", "INVALID_TOO_LONG"),
        ({"source_id": " \u200b"}, "sourceId", "INVALID_EMPTY"),
        ({"source_id": "a\ud800"}, "sourceId", "INVALID_CHARACTERS"),
    ],
    ids=ascii,
)
def test_2_a_source_is_measured_in_the_form_in_which_it_is_kept(ada, bad, field, code):
    told = GraphQL(ada)
    good = [{"source": "ß" * 20}, {"source_id": "a" + "\u200b" * 127}, {"source_id": ""}]
    assert told.tell(play(), play(**bad), *[play(**each) for each in good]) == [1]
    assert told.answer["refusals"] == [{"index": 1, "code": code, "field": field}]
    assert {row.source for row in Listen.objects.all()} == {"app", "s" * 40}


def test_2_an_artist_without_anything_to_see_is_none(door, ada):
    assert door(ada).tell(play("Ember (feat. \u3164)"), play("Tide", "Nadir Vale feat. \u3164")) == []
    assert [artist.name for artist in Artist.objects.all()] == ["Nadir Vale"]


def test_2_a_credit_out_of_very_long_names_holds_as_many_as_it_can(ada):
    names = [letter * 400 for letter in "xyz"]
    assert GraphQL(ada).tell(play(), play(artist=None, artists=names)) == []
    assert {listen.track_as_told.artist.name for listen in Listen.objects.all()} == {
        "Nadir Vale",
        ", ".join(names[:2]),
    }


@pytest.mark.parametrize("title", ["x" * 511, "ä" * 1000, "ハ" * 600, "word " * 120 + "end"])
def test_3_lengths_of_the_real_world(door, ada, title):
    told = door(ada)
    assert told.tell(play(title), play(title, "y" * 1000)) == []
    assert titles() == [title, title]
    assert tracks() == [1, 1]


# --- 4, 5, 6, 7, 8: what is one, and what is two --------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"mbid": M}, {"mbid": N}),
        ({"isrc": "GBAYE0000351"}, {"isrc": "USRC17607839"}),
        ({"mbid": M, "album": "North"}, {"mbid": N, "album": "North"}),
        ({"album": "North"}, {"album": "South"}),
        ({"title": "ハハ"}, {"title": "パパ"}),
        ({"title": "パパ"}, {"title": "ババ"}),
        ({"title": "たい"}, {"title": "だい"}),
        ({"title": "کتاب"}, {"title": "کباب"}),
        ({"title": "йод"}, {"title": "иод"}),
        ({"title": "कि"}, {"title": "की"}),
        ({"artist": "ハハ"}, {"artist": "ババ"}),
        ({"title": "❤"}, {"title": "💔"}),
        ({"title": "A/B"}, {"title": "A-B"}),
        ({"title": "C"}, {"title": "C++"}),
        ({"title": "!!!"}, {"title": "???"}),
    ],
    ids=str,
)  # fmt: skip
def test_4_6_two_stay_two(doors, ada, ben, one, other):
    doors[0](ada).tell(play(**one))
    doors[1](ben).tell(play(**other))
    assert tracks() == [1, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": "Bare"}, {"title": "Bare", "mbid": M, "duration_ms": 201_000}),
        ({"title": "Oslo"}, {"title": "\ufeffOslo"}),
        ({"title": "Oslo"}, {"title": "Oslo\u200b"}),
        ({"title": "Oslo"}, {"title": "Os\u00adlo"}),
        ({"artist": "Oslo"}, {"artist": "Os\u2060lo\u200e"}),
        ({"title": "A B"}, {"title": " A\u00a0 \u3000B\t"}),
        ({"title": "❤"}, {"title": "❤\ufe0f"}),
        ({"artist": "❤"}, {"artist": "❤\ufe0f"}),
        ({"title": "It's"}, {"title": "It’s"}),
        ({"title": "It's"}, {"title": "It`s"}),
        ({"title": "It's"}, {"title": "Itʼs"}),
        ({"artist": "Salt-N-Test"}, {"artist": "Salt\u2010N\u2010Test"}),
        ({"title": "This - That"}, {"title": "This – That"}),
        ({"title": "This - That"}, {"title": "This \u2212 That"}),
        ({"title": 'Say "Yes"'}, {"title": "Say “Yes”"}),
        ({"title": 'Say "Yes"'}, {"title": "Say „Yes“"}),
        ({"title": "Wait..."}, {"title": "Wait…"}),
        ({"title": "AC/DC"}, {"title": "AC⁄DC"}),
        ({"title": "Ｅｍｂｅｒ"}, {"title": "Ember"}),
        ({"title": "ﾊﾊ"}, {"title": "ハハ"}),
        ({"title": "パパ"}, {"title": "ハ\u309aハ\u309a"}),
        ({"artist": "Björk"}, {"artist": "BJO\u0308RK"}),
        ({"artist": "Sigur Rós"}, {"artist": "sigur ros"}),
        ({"artist": "Straße"}, {"artist": "STRASSE"}),
        ({"artist": "ΣΊΣΥΦΟΣ"}, {"artist": "Σίσυφος"}),
    ],
    ids=str,
)  # fmt: skip
def test_5_7_8_what_looks_the_same_is_one(doors, ada, ben, one, other):
    doors[0](ada).tell(play(**one))
    doors[1](ben).tell(play(**other))
    assert tracks() == [2]
    assert Artist.objects.count() == 1


def test_5_what_is_known_grows_and_nobodys_spelling_rules(door, ada, ben):
    cleo = factories.sharer("cleo")
    door(ada).tell(play("Bare"))
    door(ben).tell(play("Bare", mbid=M, duration_ms=201_000))
    door(cleo).tell(play("Bare (Remaster)", mbid=M))
    (track,) = Track.objects.all()
    assert (track.mbid, track.duration_ms, track.title) == (M, 201_000, "Bare")
    for person, words in ((ada, "Bare"), (ben, "Bare"), (cleo, "Bare (Remaster)")):
        (row,) = App(person).data("{ viewer { listens { nodes: edges { node { track { title } } } } } }")[
            "viewer"
        ]["listens"]["nodes"]
        assert row["node"]["track"]["title"] == words


# --- 9: search ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dødheim", "Dodheim"), ("Dødheim", "DØDHEIM"), ("Paweł", "Pawel"), ("Cœur", "Coeur"), ("Ægir", "aegir"),
        ("Þór", "thor"), ("Đorđe", "dorde"), ("Straße", "strasse"), ("It’s Oh", "it's"), ("Sigur Rós", "ros"),
        ("ハハ", "ﾊﾊ"), ("ŁÓDŹ", "lodz"), ("Ελλάδα", "ΕΛΛΆΔΑ"), ("Ħal", "hal"), ("Kırk", "kirk"), ("Istanbul", "ıstanbul"),
    ],
)  # fmt: skip
def test_9_letters_that_are_not_taken_apart_are_found(doors, ada, name, text):
    doors[0](ada).tell(play("Ember", name))
    doors[1](ada).tell(play(name, "Nadir Vale"))
    for kind in ItemKind:
        ((_hit, found),) = search(viewer=ada, text=text, kind=kind, count=5).answer.items
        assert str(found) == name
    assert search(viewer=ada, text="ババ", kind=None, count=5).answer.items == []


# --- 10, 11: which play it is ---------------------------------------------------------------


def test_10_one_play_whoever_tells_it(door, ada):
    at = timezone.now().replace(microsecond=0) - timedelta(days=3)
    GraphQL(ada).tell(play(at=at, source="spotify", source_id="1"))
    door(ada).tell(play(at=at + timedelta(seconds=20)))
    told = GraphQL(ada)
    told.tell(play(at=at, source="Spotify", source_id="1"))
    assert (told.answer["stored"], told.answer["duplicates"]) == (0, 1)
    assert Listen.objects.count() == 1
    assert Listen.reports.count() == 2
    told.tell(
        play(at=at, source="spotify", source_id="a  b"),
        play("Dawn", at=at, source="spotify", source_id="a b"),
    )
    assert Listen.objects.count() == 3


def test_11_told_again_otherwise_it_is_corrected(ada):
    told, known = GraphQL(ada), {"source": "spotify", "source_id": "1"}
    told.tell(play("Embre", **known))
    told.tell(play("Ember", **known, ms_played=5_000))
    assert (told.answer["stored"], told.answer["corrected"]) == (0, 1)
    (listen,) = Listen.objects.all()
    assert (listen.track_as_told.title, listen.ms_played) == ("Ember", 5_000)
    assert Track.objects.filter(title="Embre", namings__isnull=False).count() == 0


def test_11_a_players_play_told_again_in_other_words_is_corrected_by_none(ada):
    """Without an id of its own a play is known by its moment and its words."""
    at = timezone.now().replace(microsecond=0) - timedelta(days=3)
    submit = Submit(ada)
    submit.tell(play("Ember", at=at))
    submit.tell(play("EMBER", at=at))
    assert titles() == ["EMBER"]
