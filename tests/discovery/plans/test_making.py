"""Plans through the API: what is understood, what is chosen and why, by whose plays, and what is kept of it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Block, PersonalizationLevel
from accounts.services.friendship import block_create, friendship_end
from discovery.models import PlanCompanion, PlaylistPlanKept, SocialUse
from discovery.plans.selectors import kept_understood
from discovery.plans.services import plan_refresh, plans_due
from discovery.platform import clock
from discovery.platform.errors import Conflict
from discovery.platform.graphql.node import global_id
from graph.models import (
    Feedback,
    FeedbackKind,
    ItemKind,
    LibraryAccount,
    Playlist,
    PlaylistEntry,
    TrackGuest,
)
from tasks.plans import plan_refresh as plan_refresh_task
from tasks.plans import plans_refresh
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

FIELDS = """
    words { text amount means } artists { text amount } tags { text } friends without unheard count lengthSeconds
    mood { valence energy } era { first last } refresh language grammar notUnderstood { text why }
    preview(first: 100) {
      count lengthSeconds estimated level shortfalls { code message asked reached }
      tracks { track { id title artist { name } } score remainder reasons { kind text contribution }
               words { word contribution share } }
    }
"""
PLAN = "query($text: String!) { viewer { plan(text: $text) { %s } } }" % FIELDS  # noqa: UP031
TOLD = "query($plan: PlaylistPlanInput!) { viewer { planTold(plan: $plan) { %s } } }" % FIELDS  # noqa: UP031
MAKE = """mutation($plan: PlaylistPlanInput!, $key: String) { makePlaylist(plan: $plan, idempotencyKey: $key) {
    ... on Playlist { id title } ... on OperationInfo { messages { code field message } } } }"""
KEPT = """query($id: ID!) { viewer { playlistPlan(playlistId: $id) { refresh refreshedAt plan { friends grammar }
    tracks(first: 10) { track { title } score reasons { kind text } words { word } } } } }"""
REFRESH = """mutation($id: ID!, $refresh: PlanRefresh!) { setPlaylistRefresh(playlistId: $id, refresh: $refresh) {
    ... on KeptPlan { refresh } ... on OperationInfo { messages { code } } } }"""


class Town:
    """Six artists with four tracks each: three play jazz of the 90s, three folk of no known year. Ada's friend is Mira."""

    def __init__(self, serve):
        self.ada, self.mira = factories.sharer("ada"), factories.sharer("mira")
        factories.befriended(self.ada, self.mira)
        self.artists = [factories.artist(f"Band {letter}") for letter in "ABCDEF"]
        self.tracks = []
        for number, artist in enumerate(self.artists):
            for part in range(4):
                words = ["jazz", "90s"] if number < 3 else ["folk"]
                self.tracks.append(
                    factories.track(
                        f"Song {number}{part}", by=artist, tags=words, duration_ms=1_000 * (170 + 20 * part)
                    )
                )
        self.jazz = factories.tag("jazz", self.tracks[0]).tag
        self.folk = factories.tag("folk", self.tracks[-1]).tag
        vectors = [
            [1.0 - n / 100, 0.0, n / 50] if n < 12 else [0.0, 1.0 - n / 100, n / 50] for n in range(24)
        ]
        serve(
            ItemKind.TRACK,
            small_index(
                vectors, ids=[track.pk for track in self.tracks],
                tags={self.jazz.pk: [1.0, 0.0, 0.0], self.folk.pk: [0.0, 1.0, 0.0]},
                artists={artist.pk: vectors[4 * n] for n, artist in enumerate(self.artists)},
            ),
        )  # fmt: skip

    def plan(self, text, *, asker=None):
        return App(asker or self.ada).data(PLAN, text=text)["viewer"]["plan"]

    def told(self, **plan):
        return App(self.ada).data(TOLD, plan=plan)["viewer"]["planTold"]

    def make(self, **plan):
        key = plan.pop("key", None)
        return App(self.ada).data(MAKE, plan=plan, key=key)["makePlaylist"]


@pytest.fixture
def town(serve):
    return Town(serve)


def titles(plan):
    return [planned["track"]["title"] for planned in plan["preview"]["tracks"]]


def codes(plan):
    return {shortfall["code"] for shortfall in plan["preview"]["shortfalls"]}


def test_words_are_told_and_chosen_by(town):
    plan = town.plan("six jazz songs without Band A")
    assert [tag["text"] for tag in plan["tags"]] == ["jazz"]
    assert plan["count"] == 6
    assert plan["without"] == ["Band A"]
    chosen = plan["preview"]["tracks"]
    assert {planned["track"]["artist"]["name"] for planned in chosen} == {"Band B", "Band C"}
    for planned in chosen:
        assert planned["words"][0]["word"] == "jazz"
        assert planned["words"][0]["contribution"] > 0
        whole = sum(reason["contribution"] for reason in planned["reasons"]) + planned["remainder"]
        assert whole == pytest.approx(planned["score"], abs=1e-4)


def test_a_word_struck_out_takes_away_its_terms_and_nothing_else(town):
    told = [{"text": "jazz"}, {"text": "folk"}]
    artists = [{"text": "Band F", "amount": 0.5}]
    both = town.told(tags=told, artists=artists, count=24)
    one = town.told(tags=told[1:], artists=artists, count=24)
    before = {planned["track"]["id"]: planned for planned in both["preview"]["tracks"]}
    assert len(before) == 24
    for planned in one["preview"]["tracks"]:
        whole = before[planned["track"]["id"]]
        words = {said["word"]: said["contribution"] for said in whole["words"]}
        assert {said["word"]: said["contribution"] for said in planned["words"]} == pytest.approx(
            {word: value for word, value in words.items() if word != "jazz"}
        )
        assert planned["score"] == pytest.approx(whole["score"] - words["jazz"], abs=1e-5)


def test_unheard_leaves_out_what_was_heard_liked_or_turned_away(town):
    heard, liked, hidden = town.tracks[0], town.tracks[1], town.tracks[2]
    factories.listens(town.ada, heard)
    Feedback.objects.create(user=town.ada, track=liked, kind=FeedbackKind.LIKE, given_at=factories.NOON)
    Feedback.objects.create(user=town.ada, track=hidden, kind=FeedbackKind.HIDE, given_at=factories.NOON)
    everything = set(titles(town.plan("24 jazz songs")))
    assert {heard.title, liked.title} <= everything
    assert hidden.title not in everything
    unheard = set(titles(town.plan("24 jazz songs, nothing I know")))
    assert unheard == everything - {heard.title, liked.title}


def test_a_guest_who_is_not_wanted_keeps_a_track_away(town):
    TrackGuest.objects.create(track=town.tracks[5], artist=town.artists[0], position=1)
    plan = town.plan("24 jazz songs without Band A")
    assert town.tracks[5].title not in titles(plan)
    assert town.tracks[6].title in titles(plan)


def test_years_that_nobody_knows_are_told_and_not_taken(town):
    plan = town.plan("folk and jazz from the nineties")
    assert set(titles(plan)) == {track.title for track in town.tracks[:12]}
    assert "YEARS_UNKNOWN" in codes(plan)
    none = town.plan("jazz from before 1960")
    assert titles(none) == []
    assert {"TOO_FEW", "YEARS_UNKNOWN"} == codes(none)


def test_the_length_is_had_or_its_shortfall_told(town):
    plan = town.plan("half an hour of jazz")
    assert abs(plan["preview"]["lengthSeconds"] - 1_800) <= 30
    assert "LENGTH_NOT_REACHED" not in codes(plan)
    long = town.plan("ten hours of jazz")
    (shortfall,) = (each for each in long["preview"]["shortfalls"] if each["code"] == "LENGTH_NOT_REACHED")
    assert shortfall["asked"] == 36_000
    assert shortfall["reached"] == round(long["preview"]["lengthSeconds"])


def test_a_length_that_nobody_knows_is_an_estimate(town):
    town.tracks[0].duration_ms = None
    town.tracks[0].save()
    plan = town.told(tags=[{"text": "jazz"}], count=24, lengthSeconds=5_000)
    assert plan["preview"]["estimated"]
    assert "LENGTH_ESTIMATED" in codes(plan)
    assert not town.plan("three folk songs")["preview"]["estimated"]


def test_with_a_friend_their_plays_count_and_they_are_told(town):
    favorite = town.tracks[23]
    factories.listens(town.mira, favorite, 5)
    plan = town.plan("three songs with Mira")
    assert plan["friends"] == ["Mira"]
    assert titles(plan)[0] == favorite.title
    assert SocialUse.objects.filter(source=town.mira, recipient=town.ada).exists()
    factories.revoke(town.mira, "SOCIAL_OUT")
    silent = town.plan("three songs with Mira")
    assert titles(silent) == titles(town.plan("three songs"))
    assert "FRIEND_NOT_HEARD" in codes(silent)


def test_of_all_friends_only_those_asked_for_are_heard(town):
    other = factories.sharer("noor")
    factories.befriended(town.ada, other)
    factories.listens(other, town.tracks[20], 5)
    factories.listens(town.mira, town.tracks[23], 5)
    assert titles(town.plan("one song with Mira")) == [town.tracks[23].title]
    assert not SocialUse.objects.filter(source=other).exists()


def test_a_stranger_is_no_name(town):
    factories.sharer("odile")
    plan = town.plan("three songs with Odile")
    assert plan["friends"] == []
    assert plan["notUnderstood"] == [{"text": "Odile", "why": "UNKNOWN"}]


def test_two_friends_of_one_name_are_told_apart_by_handle(town):
    other = factories.sharer("mira2")
    other.display_name = "Mira"
    other.save()
    factories.befriended(town.ada, other)
    plan = town.plan("three songs with Mira")
    assert plan["notUnderstood"] == [{"text": "Mira", "why": "AMBIGUOUS"}]
    assert town.plan("three songs with mira2")["friends"] == ["mira2"]


def test_at_off_no_word_counts_and_nothing_is_made(town):
    town.ada.level = PersonalizationLevel.OFF
    town.ada.save()
    plan = town.plan("six jazz songs")
    assert titles(plan) == []
    assert codes(plan) == {"LEVEL_OFF"}
    answer = town.make(tags=[{"text": "jazz"}], count=6)
    assert [message["code"] for message in answer["messages"]] == ["PLAN_LEVEL"]
    assert not Playlist.objects.exists()


def test_at_basic_words_count_and_plays_do_not(town):
    factories.listens(town.ada, town.tracks[20], 50)
    town.ada.level = PersonalizationLevel.BASIC
    town.ada.save()
    plan = town.plan("24 jazz songs, nothing I know")
    kinds = {reason["kind"] for planned in plan["preview"]["tracks"] for reason in planned["reasons"]}
    assert kinds == {"TAG"}
    assert town.tracks[20].title in titles(plan)
    assert "HEARD_NOT_KNOWN" in codes(plan)


def test_a_playlist_is_made_once_and_says_its_plan(town):
    factories.listens(town.mira, town.tracks[0], 5)
    told = {"tags": [{"text": "jazz"}], "friends": ["mira"], "count": 5, "title": "Evening", "key": "one"}
    made = town.make(**told)
    assert town.make(**told) == made
    playlist = Playlist.objects.get()
    assert playlist.title == "Evening"
    assert PlaylistEntry.objects.filter(playlist=playlist).count() == 5
    kept = App(town.ada).data(KEPT, id=made["id"])["viewer"]["playlistPlan"]
    assert kept["plan"]["friends"] == ["mira"]
    assert {said["word"] for planned in kept["tracks"] for said in planned["words"]} == {"jazz"}
    assert "mira" not in PlaylistPlanKept.objects.get().grammar
    assert any(reason["kind"] == "FRIEND" for planned in kept["tracks"] for reason in planned["reasons"])
    factories.revoke(town.mira, "SOCIAL_OUT")
    kept = App(town.ada).data(KEPT, id=made["id"])["viewer"]["playlistPlan"]
    assert {reason["kind"] for planned in kept["tracks"] for reason in planned["reasons"]} <= {
        "TAG",
        "POPULARITY",
    }


def test_a_plan_is_its_owners_alone(town):
    made = town.make(tags=[{"text": "jazz"}], count=5)
    assert App(town.mira).code(KEPT, id=made["id"]) == "NOT_FOUND"
    answer = App(town.mira).data(REFRESH, id=made["id"], refresh="DAILY")["setPlaylistRefresh"]
    assert [message["code"] for message in answer["messages"]] == ["NOT_FOUND"]


def test_a_friend_who_goes_takes_their_place_in_plans_along(town):
    town.make(tags=[{"text": "jazz"}], friends=["mira"], count=5)
    assert PlanCompanion.objects.count() == 1
    town.mira.delete()
    assert PlanCompanion.objects.count() == 0
    assert PlaylistPlanKept.objects.count() == 1


@pytest.mark.parametrize("end", [friendship_end, block_create])
def test_a_friend_goes_out_of_plans_with_the_friendship(town, end):
    """And comes back into none by a new one; plans of others with them stay."""
    other = factories.sharer("noor")
    factories.befriended(town.mira, other)
    made = town.make(tags=[{"text": "jazz"}], friends=["mira"], count=5)
    theirs = App(other).data(MAKE, plan={"tags": [{"text": "jazz"}], "friends": ["mira"]}, key=None)
    assert PlanCompanion.objects.count() == 2
    end(user=town.mira, other=town.ada)
    assert [row.plan.user for row in PlanCompanion.objects.all()] == [other], theirs
    Block.objects.all().delete()
    factories.befriended(town.ada, town.mira)
    plan = App(town.ada).data(KEPT, id=made["id"])["viewer"]["playlistPlan"]["plan"]
    assert plan["friends"] == []


def test_made_anew_it_is_for_the_same_friend_whatever_others_call_themselves(town):
    town.make(tags=[{"text": "jazz"}], friends=["mira"], count=5, refresh="DAILY")
    for _ in range(2):
        other = factories.sharer()
        other.display_name = "mira"
        other.save()
        factories.befriended(town.ada, other)
    understood = kept_understood(PlaylistPlanKept.objects.get())
    assert understood.meant.friends == (town.mira.pk,)


def test_made_for_a_friend_who_is_none_any_more_it_is_not_made_of_all_friends_instead(town):
    town.make(tags=[{"text": "jazz"}], friends=["mira"], count=5, refresh="DAILY")
    friendship_end(user=town.ada, other=town.mira)
    PlaylistPlanKept.objects.update(due_at=clock.now() - timedelta(minutes=1))
    assert not plan_refresh(plan_id=PlaylistPlanKept.objects.get().pk).made
    assert PlaylistEntry.objects.count() == 5


def test_a_friend_who_is_to_stay_away_does_not_stand_in_the_title(town):
    grammar = town.plan("jazz without Mira")["grammar"].lower()
    assert "title:(jazz)" in grammar


def test_the_clock_makes_it_anew_once_when_its_time_has_come(town):
    made = town.make(tags=[{"text": "jazz"}], count=5, unheard=True, refresh="WEEKLY")
    playlist = Playlist.objects.get()
    kept = PlaylistPlanKept.objects.get()
    assert plans_due() == []
    assert not plan_refresh(plan_id=kept.pk).made
    first = set(PlaylistEntry.objects.filter(playlist=playlist).values_list("track", flat=True))
    for track in town.tracks[:4]:
        factories.listens(town.ada, track)
    PlaylistPlanKept.objects.update(due_at=clock.now() - timedelta(minutes=1))
    assert plans_due() == [str(kept.pk)]
    assert plan_refresh(plan_id=kept.pk).made
    assert not plan_refresh(plan_id=kept.pk).made
    entries = set(PlaylistEntry.objects.filter(playlist=playlist).values_list("track", flat=True))
    assert entries.isdisjoint(track.pk for track in town.tracks[:4])
    assert entries != first
    assert App(town.ada).data(REFRESH, id=made["id"], refresh="NEVER")["setPlaylistRefresh"] == {
        "refresh": "NEVER"
    }
    assert PlaylistPlanKept.objects.get().due_at is None


@pytest.mark.parametrize("way", ["off", "private", "frozen"])
def test_where_words_may_not_count_the_playlist_stays_as_it_is(town, way):
    town.make(tags=[{"text": "jazz"}], count=5, refresh="DAILY")
    before = list(PlaylistEntry.objects.order_by("position").values_list("pk", flat=True))
    now = clock.now()
    if way == "off":
        town.ada.level = PersonalizationLevel.OFF
    elif way == "private":
        town.ada.private_from, town.ada.private_until = now - timedelta(hours=1), now + timedelta(hours=1)
    else:
        town.ada.is_active = False
    town.ada.save()
    PlaylistPlanKept.objects.update(due_at=now - timedelta(minutes=1))
    assert not plan_refresh(plan_id=PlaylistPlanKept.objects.get().pk).made
    assert list(PlaylistEntry.objects.order_by("position").values_list("pk", flat=True)) == before
    assert PlaylistPlanKept.objects.get().due_at > now


def test_of_a_private_session_no_time_is_kept_with_a_plan(town):
    """When it is due tells when it was asked for, so that it is counted from the day."""
    now = clock.now()
    town.ada.private_from, town.ada.private_until = now - timedelta(hours=1), now + timedelta(hours=1)
    town.ada.save()
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    made = town.make(tags=[{"text": "jazz"}], count=5, refresh="DAILY")
    assert PlaylistPlanKept.objects.get().due_at == day + timedelta(days=1)
    App(town.ada).data(REFRESH, id=made["id"], refresh="WEEKLY")
    assert PlaylistPlanKept.objects.get().due_at == day + timedelta(weeks=1)


def test_what_nothing_fits_is_not_made(town):
    answer = town.make(tags=[{"text": "jazz"}], era={"last": 1960})
    assert [message["code"] for message in answer["messages"]] == ["PLAN_NOTHING_FITS"]
    assert not Playlist.objects.exists()


def test_what_is_sent_of_a_plan_is_checked(town):
    answer = town.make(tags=[{"text": "jazz"}], count=9_000)
    assert [(message["code"], message["field"]) for message in answer["messages"]] == [
        ("PLAN_UNREACHABLE", "count")
    ]


@pytest.mark.parametrize("away", [False, True])
def test_after_a_refresh_the_music_server_is_handed_the_playlist(town, monkeypatch, away):
    handed, asked = [], []

    def send(*, user, playlist_id, library_id):
        handed.append((user, playlist_id, library_id))
        if away:
            raise Conflict("It does not answer.", code="LIBRARY_UNREACHABLE")

    monkeypatch.setattr("discovery.plans.services.playlist_send", send)
    town.make(tags=[{"text": "jazz"}], count=5, refresh="DAILY")
    library = LibraryAccount.objects.create(user=town.ada, url="http://music.example", username="a", name="m")
    PlaylistPlanKept.objects.update(due_at=clock.now() - timedelta(minutes=1), library=library)
    kept = PlaylistPlanKept.objects.get()
    monkeypatch.setattr("tasks.plans.errands_again", lambda _task, keys: asked.extend(keys))
    plans_refresh.run()
    assert asked == [str(kept.pk)]
    plan_refresh_task.run(key=str(kept.pk))
    plan_refresh_task.run(key=str(kept.pk))
    assert handed == [(town.ada, kept.playlist_id, library.pk)]
    assert PlaylistPlanKept.objects.get().due_at > clock.now()


def test_a_library_of_somebody_else_is_none(town):
    made = town.make(tags=[{"text": "jazz"}], count=5)
    theirs = LibraryAccount.objects.create(user=town.mira, url="http://music.example", username="a", name="m")
    answer = App(town.ada).data(
        """mutation($id: ID!, $library: ID) { setPlaylistRefresh(playlistId: $id, refresh: DAILY, libraryId: $library) {
        ... on KeptPlan { refresh } ... on OperationInfo { messages { code } } } }""",
        id=made["id"], library=global_id("Library", theirs.pk),
    )["setPlaylistRefresh"]  # fmt: skip
    assert [message["code"] for message in answer["messages"]] == ["NOT_FOUND"]
    assert PlaylistPlanKept.objects.get().refresh == "NEVER"


def test_the_command_makes_a_playlist_or_only_shows_it(town, capsys):
    call_command("make_playlist", "ada", "jazz, 5 songs", preview=True)
    assert "5 tracks" in capsys.readouterr().out
    assert not Playlist.objects.exists()
    call_command("make_playlist", "ada", "jazz, 5 songs")
    assert PlaylistEntry.objects.filter(playlist__owner=town.ada).count() == 5
    with pytest.raises(CommandError, match="PLAN_NOT_UNDERSTOOD"):
        call_command("make_playlist", "ada", "xyzzyq")
    with pytest.raises(CommandError, match="Nobody"):
        call_command("make_playlist", "nobody", "jazz")


def test_a_plan_that_says_nothing_makes_nothing_and_one_without_a_title_gets_one(town):
    assert town.make()["messages"][0]["code"] == "PLAN_NOT_UNDERSTOOD"
    assert town.make(artists=[{"text": "No Such Band"}])["messages"][0]["code"] == "PLAN_NOT_UNDERSTOOD"
    assert not Playlist.objects.exists()
    assert town.make(tags=[{"text": "jazz"}], count=5)["title"] == "Jazz"


def test_a_word_said_often_is_one_word(town):
    assert len(town.plan("jazz " * 30)["tags"]) == 1
