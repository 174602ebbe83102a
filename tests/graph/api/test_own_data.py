"""One's own: plays are corrected and deleted, words are taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from discovery.platform.graphql.node import global_id
from discovery.recommend.evidence import gather
from graph.models import Artist, ArtistPlayCount, Feedback, FeedbackKind, ItemKind, Listen
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

REFUSAL = "... on OperationInfo { messages { code field } }"
DELETE = f"""mutation ($ids: [ID!], $artist: ID, $from: DateTime, $until: DateTime, $all: Boolean) {{
    it: deleteListens(ids: $ids, artistId: $artist, from: $from, until: $until, all: $all) {{
    ... on DeletedListens {{ deleted playCounts }} {REFUSAL} }} }}"""
CORRECT = f"""mutation ($id: ID!, $input: ListenInput!) {{ it: correctListen(id: $id, input: $input) {{
    ... on Listen {{ id listenedAt msPlayed source track {{ title artist {{ name }} }} }} {REFUSAL} }} }}"""
CLEAR = f"""mutation ($item: ID!, $kind: FeedbackKind) {{ it: clearFeedback(itemId: $item, kind: $kind) {{
    ... on ClearedFeedback {{ cleared item {{ ... on Track {{ title }} ... on Artist {{ name }} }} }} {REFUSAL} }} }}"""
SAID = "{ viewer { feedback { edges { node { id kind givenAt item { __typename ... on Track { title } } } } } } }"
RECORD = """mutation ($input: [ListenInput!]!) { it: recordListens(input: $input) {
    ... on RecordedListens { stored duplicates } } }"""
NOON = factories.NOON


@pytest.fixture
def ada():
    return factories.sharer("ada")


def it(user, query, **variables):
    return App(user).data(query, **variables)["it"]


def code(answer):
    (message,) = answer["messages"]
    return message["code"]


def play_id(listen):
    return global_id("Listen", listen.pk)


class TestDeleting:
    @pytest.fixture
    def world(self, ada):
        """Two artists, three days: by title, the plays."""
        one, other = factories.track("One"), factories.track("Other")
        plays = {}
        for day in range(3):
            at = NOON + timedelta(days=day)
            (plays[f"one {day}"],) = factories.listens(ada, one, at=at)
            (plays[f"other {day}"],) = factories.listens(ada, other, at=at)
        for track in (one, other):
            ArtistPlayCount.objects.create(user=ada, artist=track.artist, count=5, source="import")
        factories.listens(factories.sharer("ben"), one)
        return plays

    def left(self, ada, world):
        kept = set(Listen.objects.filter(user=ada).values_list("pk", flat=True))
        return {name for name, listen in world.items() if listen.pk in kept}

    def test_one_play(self, ada, world):
        answer = it(ada, DELETE, ids=[play_id(world["one 1"])])
        assert answer == {"deleted": 1, "playCounts": 0}
        assert self.left(ada, world) == set(world) - {"one 1"}
        assert it(ada, DELETE, ids=[play_id(world["one 1"])]) == {"deleted": 0, "playCounts": 0}

    def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(self, ada, world):
        span = {"from": NOON.isoformat(), "until": (NOON + timedelta(days=2)).isoformat()}
        assert it(ada, DELETE, **span) == {"deleted": 4, "playCounts": 0}
        assert self.left(ada, world) == {"one 2", "other 2"}
        assert ArtistPlayCount.objects.filter(user=ada).count() == 2

    def test_an_artist_with_what_an_import_counted(self, ada, world):
        artist = world["one 0"].track.artist
        answer = it(ada, DELETE, artist=global_id("Artist", artist.pk))
        assert answer == {"deleted": 3, "playCounts": 1}
        assert self.left(ada, world) == {"other 0", "other 1", "other 2"}
        assert Listen.objects.count() == 4, "another listener keeps theirs"
        assert Artist.objects.filter(pk=artist.pk).exists()

    def test_what_is_given_together_narrows_down(self, ada, world):
        artist = global_id("Artist", world["one 0"].track.artist_id)
        answer = it(ada, DELETE, artist=artist, until=(NOON + timedelta(days=1)).isoformat(), all=True)
        assert answer == {"deleted": 1, "playCounts": 0}
        assert self.left(ada, world) == set(world) - {"one 0"}

    def test_everything(self, ada, world):
        assert it(ada, DELETE, all=True) == {"deleted": 6, "playCounts": 2}
        assert self.left(ada, world) == set()
        listens = App(ada).data("{ viewer { listens { edges { cursor } } } }")["viewer"]["listens"]
        assert listens["edges"] == []
        assert Listen.objects.count() == 1

    @pytest.mark.parametrize("nothing", [{}, {"all": False}])
    def test_nothing_given_deletes_nothing(self, ada, world, nothing):
        assert code(it(ada, DELETE, **nothing)) == "NOTHING_CHOSEN"
        assert it(ada, DELETE, ids=[]) == {"deleted": 0, "playCounts": 0}
        assert self.left(ada, world) == set(world)

    def test_what_is_not_ones_own_is_as_absent(self, ada, world):
        (foreign,) = factories.listens(factories.sharer(), factories.track())
        for key in (foreign.pk, 10**9):
            assert it(ada, DELETE, ids=[global_id("Listen", key)]) == {"deleted": 0, "playCounts": 0}
        assert Listen.objects.filter(pk=foreign.pk).exists()
        backwards = {"from": NOON.isoformat(), "until": NOON.isoformat()}
        assert code(it(ada, DELETE, **backwards)) == "INVALID"
        assert code(it(ada, DELETE, ids=["x"])) == "INVALID_ID"


class TestCorrecting:
    @pytest.mark.parametrize("ms", [None, 90_000])
    @pytest.mark.parametrize("later", [-50, 0, 50])
    @pytest.mark.parametrize("other", ["a9", "zz"])
    def test_a_play_that_two_told_keeps_its_id_and_source(self, ada, other, later, ms):
        track = {"title": "Alphax", "artist": "Twin C"}
        told = [("z9", NOON, ms), (other, NOON + timedelta(seconds=later), None)]
        rows = [
            {
                "source": source,
                "sourceId": "1",
                "track": track,
                "listenedAt": at.isoformat(),
                "msPlayed": played,
            }
            for source, at, played in told
        ]
        App(ada).data(RECORD, input=rows)
        listen = Listen.objects.get(user=ada)
        changed = {"track": {"title": "Alphax fixed", "artist": "Twin C"}, "listenedAt": NOON.isoformat()}
        answer = it(ada, CORRECT, id=play_id(listen), input=changed)
        assert (answer["id"], answer["source"]) == (play_id(listen), listen.source)
        assert Listen.objects.get(user=ada).track.title == "Alphax fixed"

    def test_keeps_the_play_and_says_what_it_was(self, ada):
        (listen,) = factories.listens(ada, factories.track("Wrong"))
        given = {
            "source": "other", "sourceId": "other", "track": {"title": "Right", "artist": "Somebody"},
            "listenedAt": "2026-01-02T08:00:00Z", "msPlayed": 60_000,
        }  # fmt: skip
        answer = it(ada, CORRECT, id=play_id(listen), input=given)
        assert answer == {
            "id": play_id(listen), "listenedAt": "2026-01-02T08:00:00+00:00", "msPlayed": 60_000, "source": "test",
            "track": {"title": "Right", "artist": {"name": "Somebody"}},
        }  # fmt: skip
        again = {
            "source": "test",
            "sourceId": listen.source_id,
            "trackId": global_id("Track", listen.track_id),
        }
        told = it(ada, RECORD, input=[{**again, "listenedAt": NOON.isoformat()}])
        assert told == {"stored": 0, "duplicates": 1}, "the app may tell it again"
        assert Listen.objects.get().track.title == "Right"

    def test_what_is_not_ones_own_or_cannot_be_is_refused(self, ada):
        (mine,) = factories.listens(ada, factories.track())
        (foreign,) = factories.listens(factories.sharer(), factories.track())
        given = {"source": "a", "sourceId": "b", "trackId": global_id("Track", mine.track_id)}
        now = {"listenedAt": timezone.now().isoformat()}
        assert code(it(ada, CORRECT, id=play_id(foreign), input=given | now)) == "NOT_FOUND"
        future = {"listenedAt": (timezone.now() + timedelta(days=1)).isoformat()}
        assert code(it(ada, CORRECT, id=play_id(mine), input=given | future)) == "INVALID_TIME"
        absent = given | now | {"trackId": global_id("Track", 10**9)}
        assert code(it(ada, CORRECT, id=play_id(mine), input=absent)) == "NOT_FOUND"
        assert Listen.objects.get(pk=mine.pk).listened_at == mine.listened_at
        begun = timezone.now() - timedelta(hours=2)
        User.objects.filter(pk=ada.pk).update(private_from=begun, private_until=begun + timedelta(hours=1))
        private = given | {"listenedAt": (begun + timedelta(minutes=1)).isoformat()}
        assert code(it(ada, CORRECT, id=play_id(mine), input=private)) == "PRIVATE_SESSION"


class TestTakingBack:
    def test_one_word_or_all_of_them(self, ada):
        track = factories.track("Loved")
        for kind in (FeedbackKind.LIKE, FeedbackKind.SKIP):
            Feedback.objects.create(user=ada, track=track, kind=kind, given_at=NOON)
        Feedback.objects.create(user=factories.sharer(), track=track, kind=FeedbackKind.LIKE, given_at=NOON)
        key = global_id("Track", track.pk)
        said = App(ada).data(SAID)["viewer"]["feedback"]["edges"]
        assert sorted(edge["node"]["kind"] for edge in said) == ["LIKE", "SKIP"]
        assert {edge["node"]["item"]["title"] for edge in said} == {"Loved"}
        assert it(ada, CLEAR, item=key, kind="SKIP") == {"cleared": ["SKIP"], "item": {"title": "Loved"}}
        assert it(ada, CLEAR, item=key)["cleared"] == ["LIKE"]
        assert it(ada, CLEAR, item=key)["cleared"] == []
        assert App(ada).data(SAID)["viewer"]["feedback"]["edges"] == []
        assert Feedback.objects.count() == 1
        assert code(it(ada, CLEAR, item=global_id("Track", 10**9))) == "NOT_FOUND"

    def test_what_was_hidden_may_come_again(self, ada, serve):
        tracks = [factories.track("Played"), factories.track("Hidden"), factories.track("Third")]
        serve(ItemKind.TRACK, small_index([[1.0], [0.9], [0.8]], ids=[track.pk for track in tracks]))
        factories.listens(ada, tracks[0], 5)
        Feedback.objects.create(user=ada, track=tracks[1], kind=FeedbackKind.HIDE, given_at=NOON)
        assert "Hidden" not in shown(ada)
        it(ada, CLEAR, item=global_id("Track", tracks[1].pk), kind="HIDE")
        assert "Hidden" in shown(ada)


def shown(user):
    query = "{ viewer { discover { edges { node { item { ... on Track { title } } } } } } }"
    edges = App(user).data(query)["viewer"]["discover"]["edges"]
    return {edge["node"]["item"]["title"] for edge in edges}


def test_deleted_plays_are_no_evidence_with_the_next_request(ada, serve):
    tracks = [factories.track(f"Track {number}") for number in range(3)]
    serve(ItemKind.TRACK, small_index([[1.0], [0.9], [0.8]], ids=[track.pk for track in tracks]))
    factories.listens(ada, tracks[0], 5)
    query = "{ viewer { discover { edges { node { reasons { kind } } } } } }"
    assert "OWN_PLAY" in str(App(ada).data(query))
    assert len(gather(ada, ItemKind.TRACK).channel)
    it(ada, DELETE, artist=global_id("Artist", tracks[0].artist_id))
    assert "OWN_PLAY" not in str(App(ada).data(query))
    assert not len(gather(ada, ItemKind.TRACK).channel)
