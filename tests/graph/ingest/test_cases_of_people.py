"""Small inputs from the field: what people say and when, who is an artist, who is none, and words that are no names."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services.private_session import private_session_end, private_session_start
from discovery.platform.graphql.node import global_id
from graph.importers.lastfm import lastfm_import
from graph.models import Artist, ArtistName, FeedbackKind, ItemKind, Listen, Standing, Track
from graph.snapshot import take
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index
from tests.graph.ingest.doors import GraphQL, Submit, play, titles
from tests.graph.test_import_lastfm import write

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

M = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"


def gid(row):
    return global_id("Listener" if isinstance(row, User) else type(row).__name__, row.pk)


# --- 12: taken back --------------------------------------------------------------------------

GIVE = "mutation ($id: ID!, $kind: FeedbackKind!) { it: giveFeedback(itemId: $id, kind: $kind) { ... on GivenFeedback { kind } } }"
CLEAR = "mutation ($id: ID!) { it: clearFeedback(itemId: $id) { ... on ClearedFeedback { cleared } } }"
SAID = "{ viewer { feedback { edges { node { kind item { ... on Artist { name } ... on Track { title } } } } } } }"


@pytest.mark.parametrize("kind", list(FeedbackKind))
@pytest.mark.parametrize("item", [factories.track, factories.artist])
def test_12_whatever_was_said_is_listed_and_can_be_taken_back(ada, ben, kind, item):
    about, app = item("Foggy Bell"), App(ada)
    app.data(GIVE, id=gid(about), kind=kind.value)
    (edge,) = app.data(SAID)["viewer"]["feedback"]["edges"]
    assert (edge["node"]["kind"], [*edge["node"]["item"].values()]) == (kind.value, ["Foggy Bell"])
    assert App(ben).data(SAID)["viewer"]["feedback"]["edges"] == []
    assert app.data(CLEAR, id=gid(about))["it"]["cleared"] == [kind.value]
    assert app.data(SAID)["viewer"]["feedback"]["edges"] == []


# --- 14: private sessions -------------------------------------------------------------------


def test_14_private_is_when_it_was_played(door, ada):
    for _ in range(2):
        private_session_start(user=ada)
        private_session_end(user=ada)
    now = timezone.now().replace(microsecond=0)
    first = [now - timedelta(hours=5), now - timedelta(hours=4)]
    User.objects.filter(pk=ada.pk).update(
        private_from=now - timedelta(hours=3) + timedelta(milliseconds=400),
        private_until=now - timedelta(hours=2),
        private_before=[[(moment + timedelta(milliseconds=400)).isoformat() for moment in first]],
    )
    ada.refresh_from_db()
    door(ada).tell(
        play("In the first", at=now - timedelta(hours=4, minutes=30)),
        play("Between", at=now - timedelta(hours=3, minutes=30)),
        play("As the second began", at=now - timedelta(hours=3)),  # to the second, as players tell it
        play("A second before", at=now - timedelta(hours=3, seconds=1)),
        play("As the first began", at=now - timedelta(hours=5)),
        play("Before all", at=now - timedelta(hours=6)),
        play("As the second ended", at=now - timedelta(hours=2)),
        play("After", at=now - timedelta(hours=1, minutes=50)),
    )
    assert titles() == ["A second before", "After", "Before all", "Between"]


@pytest.mark.parametrize("later", [GraphQL, Submit])
def test_14_a_backlog_of_before_is_kept_while_a_session_runs(later, ada):
    private_session_start(user=ada)
    begun = User.objects.get(pk=ada.pk).private_from
    later(ada).tell(
        play("Before", at=begun.replace(microsecond=0) - timedelta(minutes=1)),
        play("Now", at=begun.replace(microsecond=0)),
    )
    assert titles() == ["Before"]


# --- 15: one rule of who is who -------------------------------------------------------------


@pytest.mark.parametrize("first", ["plays", "import"])
@pytest.mark.parametrize("words", ["Foggy Bell", "foggy  bell", "Foggy Béll", "Foggy Bell feat. Otto Plum"])
def test_15_an_import_and_plays_mean_one_artist(doors, ada, tmp_path, first, words):
    folder = tmp_path / "hetrec"
    folder.mkdir()
    write(folder, artists=["9\tFoggy Bell\t\t"])
    if first == "import":
        lastfm_import(folder=folder, assume_consent=True)
    doors[0](ada).tell(play("Ember", words, mbid=M))
    App(ada).data(GIVE, id=gid(Artist.objects.get(names__key="foggy bell")), kind="LIKE")
    if first == "plays":
        lastfm_import(folder=folder, assume_consent=True)
    (artist,) = Artist.objects.filter(key="foggy bell")
    assert (artist.external_id, artist.name, artist.standing) == ("9", "Foggy Bell", Standing.CATALOG)
    assert [listen.track.artist for listen in Listen.objects.select_related("track__artist")] == [artist]
    assert [said["node"]["item"]["name"] for said in App(ada).data(SAID)["viewer"]["feedback"]["edges"]] == [
        "Foggy Bell"
    ]
    before = Artist.objects.count(), ArtistName.objects.count()
    assert lastfm_import(folder=folder).stored == 0
    assert (Artist.objects.count(), ArtistName.objects.count()) == before


# --- 16: placeholders -----------------------------------------------------------------------

NOBODIES = (
    "Various Artists", "[unknown]", "null", "<Unknown>", "UNKNOWN ARTIST", "Unbekannter Künstler", "n/a", "-", "–", "?",
    "V.A.", "Artistes divers", "Vários intérpretes", "Неизвестный исполнитель", "群星", "Unknown  Artist", "None", "(none)", "NaN",
    "VA", "Various", "Verschiedene Interpreten", "Various_Artists", "<unknown artist>", "V. A.", "[Disney]", "Неизвестен", "未知艺人", "N.A.",
)  # fmt: skip


@pytest.mark.parametrize("name", NOBODIES)
def test_16_they_are_no_artists(doors, ada, name):
    doors[0](ada).tell(play("Ember", name), play("Dawn", "Nadir Vale"))
    assert dict(Artist.objects.values_list("name", "placeholder")) == {
        name.replace("  ", " "): True,
        "Nadir Vale": False,
    }


LISTS = """query ($kind: ItemKind!) { viewer { discover(kind: $kind) { ...all } fromFriends(kind: $kind) { ...all } }
    popular(kind: $kind) { ...all } }
    fragment all on RecommendationConnection { edges { node { item { ... on Artist { name } ... on Track { title } }
        reasons { text evidence { ... on Artist { name } } } } } }"""


@pytest.mark.parametrize("door_of_friends", [GraphQL, Submit])
def test_16_never_recommended_and_never_a_reason(door_of_friends, ada, ben, serve, monkeypatch):
    factories.befriended(ada, ben)
    names = ("Various Artists", "[unknown]", "null")
    for person in (ada, ben):
        door_of_friends(person).tell(*(play("Ember", name) for name in names))
    door_of_friends(ada).tell(play("Dawn", "Nadir Vale"))
    door_of_friends(ben).tell(play("Dusk", "Foggy Bell"))
    nobody = Artist.objects.get(name="[unknown]")
    for person in (ada, ben):  # said of nobody, it is no reason either
        App(person).data(GIVE, id=gid(nobody), kind="LIKE")
    lists = App(ada).data(LISTS, kind="ARTIST")  # where no model serves
    assert not any(shown["edges"] for shown in (*lists["viewer"].values(), lists["popular"]))
    taken = take()
    placeholders = set(Artist.objects.filter(placeholder=True).values_list("pk", flat=True))
    assert len(placeholders) == 3
    Artist.objects.update(standing=Standing.CATALOG)
    taken = take()
    assert {int(key) for key in taken.artists[taken.artists_open]} == set(
        taken.artists.tolist()
    ) - placeholders
    assert not placeholders & set(taken.artists[taken.artist_plays.item].tolist())
    ids = taken.artists.tolist()
    index = small_index([[1.0, 1.0]] * len(ids), ids=ids, prior=[5.0] * len(ids))
    index.open[:] = taken.artists_open
    serve(ItemKind.ARTIST, index)
    lists = App(ada).data(LISTS, kind="ARTIST")
    text = json.dumps(lists)
    assert "Foggy Bell" in text
    assert "Nadir Vale" in text
    assert not [name for name in names if f'"{name}"' in text or f"{name}," in text or f": {name}" in text]


SOMEBODIES = (
    "Data",
    "Disney",
    "Vanessa",
    "Nan Vernon",
    "The Unknown",
    "!!!",
    "Null Set",
    "Traditional Jazz Band",
    "Diverse",
)


@pytest.mark.parametrize("name", SOMEBODIES)
def test_16_who_is_only_called_a_little_like_it_is_somebody(doors, ada, name):
    doors[0](ada).tell(play("Ember", name))
    assert not Artist.objects.get().placeholder


BLENDED = """query ($others: [ID!]!, $other: ID!, $nobodys: ID!) { viewer {
    blend(with: $others, kind: TRACK) { items { item { ... on Track { title } } } }
    tasteMatch(with: $other, kind: TRACK) { shared { item { ... on Track { title } } } onlyYou { ... on Track { title } }
        onlyThem { ... on Track { title } } }
    connectionTo(id: $nobodys) { links { text } } } }"""
START = """mutation ($seed: ID) { it: startRadio(seedId: $seed, kind: TRACK) { __typename ... on OperationInfo { messages { code } }
    ... on RadioQueue { now { item { ... on Track { title } } } upcoming { item { ... on Track { title } } } } } }"""


@pytest.mark.parametrize(
    "name", ["<unknown>", "Unknown Artist", "n/a", "VA", "Various", "Verschiedene Interpreten", "null"]
)
def test_16_nor_is_what_nobody_made(doors, ada, ben, serve, name):
    """Everywhere a track could stand: lists, reasons, a blend, a match, a radio and its seed. One's own plays stay."""
    factories.befriended(ada, ben)
    doors[0](ada).tell(
        play("Alley", name), play("Both", name), play("Dawn", "Nadir Vale"), play("Shared", "Nadir Vale")
    )
    doors[1](ben).tell(
        play("Backstreet", name), play("Both", name), play("Dusk", "Foggy Bell"), play("Shared", "Nadir Vale")
    )
    nobodys = {"Alley", "Both", "Backstreet"}
    both = Track.objects.get(title="Both")
    for person in (ada, ben):
        App(person).data(GIVE, id=gid(both), kind="LIKE")
    Track.objects.update(standing=Standing.CATALOG)
    taken = take()
    ids = taken.tracks.tolist()
    assert set(ids) == set(Track.objects.exclude(title__in=nobodys).values_list("pk", flat=True))
    index = small_index([[1.0, 1.0]] * len(ids), ids=ids, prior=[5.0] * len(ids))
    serve(ItemKind.TRACK, index)
    answers = [
        App(ada).data(LISTS, kind="TRACK"),
        App(ada).data(
            BLENDED, others=[gid(ben)], other=gid(ben), nobodys=gid(Track.objects.get(title="Backstreet"))
        ),
        App(ada).data(START, seed=gid(Track.objects.get(title="Dawn"))),
    ]
    text = json.dumps(answers)
    assert "Dusk" in text
    assert "Shared" in text
    assert not [title for title in nobodys if title in text]
    assert App(ada).data(START, seed=gid(both))["it"]["messages"] == [{"code": "NOT_FOUND"}]
    assert {"Alley", "Both"} < set(titles())


def test_16_an_empty_name_is_no_play(doors, ada):
    assert doors[0](ada).tell(play("Ember", ""), play("Dawn")) == [0]


@pytest.mark.parametrize("whole", ["Various Artists feat. Nadir Vale", "[unknown] ft. Nadir Vale"])
def test_16_beside_somebody_nobody_is_left_out(doors, ada, whole):
    doors[0](ada).tell(play("Ember", whole))
    assert Artist.objects.get().name == "Nadir Vale"
    assert Listen.objects.get().track_as_told.artist.name == whole


@pytest.mark.parametrize("whole", ["Nadir Vale feat. Various Artists", "Nadir Vale ft. [unknown]"])
def test_16_nor_is_a_guest_who_is_nobody(doors, ada, whole):
    doors[0](ada).tell(play("Ember", whole))
    (track,) = Track.objects.select_related("artist")
    assert track.artist.name == "Nadir Vale"
    assert not track.artist.placeholder


# --- 19: prose ------------------------------------------------------------------------------

MAKE = 'mutation ($description: String) { it: createPlaylist(input: {title: "A\\n B", description: $description}) { ... on Playlist { title description } } }'
HAND_ON = "mutation ($item: ID!, $to: ID!, $note: String!) { it: recommendItem(itemId: $item, listenerId: $to, note: $note) { ... on ItemRecommendation { note } } }"
PROSE = [
    ("A\n- B", "A\n- B"), ("one\n\ntwo", "one\n\ntwo"), ("one\r\n\r\ntwo\rthree", "one\n\ntwo\nthree"), ("  indented\n  more  ", "indented\n  more"),
    ("  ", ""), ("zero\u200bwidth\ufeff", "zerowidth"), ("a\u2028b", "a\nb"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "kept"), PROSE)
def test_19_prose_is_no_name(ada, ben, written, kept):
    factories.befriended(ada, ben)
    made = App(ada).data(MAKE, description=written)["it"]
    assert made == {"title": "A B", "description": kept}
    song = factories.track()
    assert App(ada).data(HAND_ON, item=gid(song), to=gid(ben), note=written)["it"]["note"] == kept


# --- 22: credits ----------------------------------------------------------------------------

PLUM = "Otto Plum"


@pytest.mark.parametrize(
    "words",
    [
        {"artist": "Nadir Vale feat. Otto Plum"}, {"artist": "Nadir Vale ft. Otto Plum"}, {"artist": "Nadir Vale (featuring Otto Plum)"},
        {"artist": "Nadir Vale FEAT Otto Plum"}, {"artist": "Nadir Vale [feat. Otto Plum]"},
        {"title": "Ember (feat. Otto Plum)"}, {"title": "Ember [ft. Otto Plum]"}, {"title": "Ember feat. Otto Plum"},
        {"title": "Ember (feat. Otto Plum)", "artist": "Nadir Vale feat. Otto Plum"},
        {"artist": "Nadir Vale & Otto Plum", "artists": ["Nadir Vale", "Otto Plum"]},
    ],
    ids=str,
)  # fmt: skip
def test_22_a_play_counts_for_all_of_its_credit(doors, ada, ben, words):
    doors[1](ben).tell(play(artist="Otto Plum", title="Own"), play())
    doors[0](ada).tell(play(**words))
    (listen,) = Listen.objects.filter(user=ada).select_related("track__artist")
    assert sorted(Artist.objects.values_list("name", flat=True)) == ["Nadir Vale", PLUM]
    assert listen.track.artist.name == "Nadir Vale"
    assert [guest.artist.name for guest in listen.track.guests.all()] == [PLUM]


@pytest.mark.parametrize(
    "name", ["Simon & Test", "Earth, Wind & Test", "Tyler, The Test", "AC/DT", "Feat", "Craft. Works"]
)
def test_22_who_is_one_is_not_taken_apart(doors, ada, name):
    doors[0](ada).tell(play(artist=name))
    assert [*Artist.objects.values_list("name", flat=True)] == [name]
