"""Requests as players send them, written after the sources of each: what is in them comes in, and they get what they read."""

import json
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils import timezone

from graph.ingest.incoming import IncomingPlay, Outcome, Verdict
from graph.models import Feedback, FeedbackKind, ItemKind, Listen
from graph.services.playlists import playlist_create, playlist_entry_add
from tests import factories
from tests.discovery.protocols.dialects import FORM, Audioscrobbler, LastFm, ListenBrainz, Maloja, md5, play
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
ARTIST = "5b11f4ce-a62d-471e-81fc-a69a8278c7da"
AT = int((timezone.now() - timedelta(hours=1)).timestamp())
NAMES = {"artist_name": "Nadir Vale", "track_name": "Ember"}


@pytest.fixture
def handed(monkeypatch):
    """What is handed to the ingest."""
    from discovery.protocols import handing

    told: list[IncomingPlay] = []

    def ingest(*, user, plays):
        told.extend(plays)
        return [Verdict(place, Outcome.STORED) for place in range(len(plays))]

    monkeypatch.setattr(handing, "plays_ingest", ingest)
    return told


def stored():
    return sorted(listen.track_as_told.title for listen in Listen.objects.select_related("track__artist"))


class TestNavidrome:
    """core/agents/listenbrainz: the base URL ends in /1/, ``Token``, what is empty is left out."""

    INFO: ClassVar = {"tracknumber": 3, "track_mbid": MBID, "artist_mbids": [ARTIST], "release_mbid": ARTIST}

    def test_validates_plays_and_now(self, player):
        brainz = ListenBrainz(player)
        for base in ("/1/", "/apis/listenbrainz/1/"):
            raw = brainz.client.generic("GET", base + "validate-token", b"{}", headers=brainz.headers)
            assert raw.json() == {"code": 200, "message": "Token valid.", "valid": True, "user_name": "ada"}
            metadata = NAMES | {"release_name": "Kiln", "additional_info": self.INFO}
            body = {"listen_type": "playing_now", "payload": [{"track_metadata": metadata}]}
            assert brainz.post(base + "submit-listens", body).json() == {"status": "ok"}
            body = {"listen_type": "single", "payload": [{"listened_at": AT, "track_metadata": metadata}]}
            assert brainz.post(base + "submit-listens", body).json() == {"status": "ok"}
        assert stored() == ["Ember"]

    def test_a_token_that_is_none_is_told_so(self, player):
        brainz = ListenBrainz(player)
        brainz.headers = {"Authorization": "Token nonsense"}
        assert brainz.get("/1/validate-token").json()["valid"] is False
        assert brainz.post("/1/submit-listens", {}).json()["code"] == 401
        assert Client().get("/1/validate-token").json()["code"] == 400


class TestWhatIsHandedOn:
    def test_of_a_listen_everything_that_identifies_it(self, player, handed):
        info = {
            "recording_mbid": MBID, "artist_mbids": [ARTIST], "artist_names": ["Nadir Vale"], "isrc": "DEUM71806001",
            "spotify_id": "https://open.spotify.com/track/1rrgWMXGCGHru5bIRxGFV0?si=x", "duration_ms": 201_000,
            "duration_played": 120,
        }  # fmt: skip
        metadata = NAMES | {"release_name": "Kiln", "additional_info": info}
        ListenBrainz(player).post(
            "/1/submit-listens",
            {"listen_type": "single", "payload": [{"listened_at": AT, "track_metadata": metadata}]},
        )
        assert handed == [IncomingPlay(
            source="listenbrainz:kitchen", listened_at=AT, ms_played=120_000, title="Ember", artist="Nadir Vale",
            artists=["Nadir Vale"], artist_mbids=[ARTIST], album="Kiln", mbid=MBID, isrc="DEUM71806001",
            uri="spotify:track:1rrgWMXGCGHru5bIRxGFV0", duration_ms=201_000,
        )]  # fmt: skip

    def test_of_a_scrobble(self, player, handed):
        LastFm(player).call_in_session(
            "track.scrobble", artist="Nadir Vale", track="Ember", timestamp=AT, album="Kiln", albumArtist="Various",
            duration=201, mbid=MBID, trackNumber=3,
        )  # fmt: skip
        assert handed == [IncomingPlay(
            source="lastfm:kitchen", listened_at=AT, title="Ember", artist="Nadir Vale", album="Kiln", mbid=MBID,
            duration_ms=201_000,
        )]  # fmt: skip

    def test_of_a_submission_a_skip_has_no_length(self, player, handed):
        Audioscrobbler(player).plays(play(rating="S"), play("Whole"))
        assert [(one.title, one.ms_played, one.duration_ms) for one in handed] == [
            ("Ember", 0, 200_000),
            ("Whole", None, 200_000),
        ]

    def test_of_a_maloja_scrobble(self, player, handed):
        said = {"key": player.token, "artists": ["Nadir Vale", "Otto Plum"], "title": "Ember", "album": "Kiln", "time": AT,
                "duration": 100, "length": 201}  # fmt: skip
        Maloja(player).post(said)
        assert handed == [IncomingPlay(
            source="maloja:kitchen", listened_at=AT, title="Ember", artist="Nadir Vale, Otto Plum",
            artists=["Nadir Vale", "Otto Plum"], album="Kiln", ms_played=100_000, duration_ms=201_000,
        )]  # fmt: skip


class TestListens:
    """What ListenBrainz itself says of a payload, by its place."""

    @pytest.mark.parametrize("listen", [
        None, 5, [], {}, {"listened_at": AT}, {"listened_at": AT, "track_metadata": 5},
        {"listened_at": AT, "track_metadata": {"track_name": "Ember"}},
        {"listened_at": AT, "track_metadata": NAMES | {"track_name": 5}}, {"track_metadata": NAMES},
        {"listened_at": "yesterday", "track_metadata": NAMES}, {"listened_at": True, "track_metadata": NAMES},
        {"listened_at": 1e300, "track_metadata": NAMES}, {"listened_at": 0, "track_metadata": NAMES},
    ])  # fmt: skip
    def test_a_bad_one_is_named_and_the_others_are_kept(self, player, listen):
        good = [{"listened_at": AT - 300 * number, "track_metadata": NAMES} for number in range(2)]
        raw = ListenBrainz(player).post(
            "/1/submit-listens", {"listen_type": "import", "payload": [good[0], listen, good[1]]}
        )
        assert raw.status_code == 400
        assert [error["index"] for error in raw.json()["errors"]] == [1]
        assert stored() == ["Ember", "Ember"]

    @pytest.mark.parametrize("info", [5, [], "x", None, {"duration": "long", "duration_ms": [], "isrc": 5, "spotify_id": 7,
                                                         "artist_mbids": 5, "recording_mbid": {}, "duration_played": "nan"}])  # fmt: skip
    def test_odd_additions_do_not_cost_the_play(self, player, info):
        metadata = NAMES | {"release_name": 5, "additional_info": info}
        raw = ListenBrainz(player).post(
            "/1/submit-listens",
            {"listen_type": "single", "payload": [{"listened_at": AT, "track_metadata": metadata}]},
        )
        assert raw.json() == {"status": "ok"}
        assert stored() == ["Ember"]

    @pytest.mark.parametrize("body", [
        {"payload": []}, {"listen_type": "single", "payload": []}, {"listen_type": "heard", "payload": [{}]},
        {"listen_type": "single", "payload": [{}, {}]}, {"listen_type": "playing_now", "payload": [{}, {}]},
        {"listen_type": "import", "payload": [{}] * 1_001}, {"listen_type": [], "payload": [{}]},
        {"listen_type": "playing_now", "payload": [{"listened_at": AT, "track_metadata": NAMES}]},
    ])  # fmt: skip
    def test_a_payload_of_another_shape_is_refused_whole(self, player, body):
        raw = ListenBrainz(player).post("/1/submit-listens", body)
        assert (raw.status_code, raw.json()["code"]) == (400, 400)

    def test_what_is_not_spoken_is_not_found_in_its_shape(self, player):
        assert ListenBrainz(player).get("/1/stats/user/ada/artists").json()["code"] == 404
        assert ListenBrainz(player).get("/1/submit-listens").json()["code"] == 405


class TestJellyfin:
    """lyarenei/jellyfin-plugin-listenbrainz: ``token`` in small letters; favorites and playlists besides."""

    @pytest.fixture
    def brainz(self, player):
        brainz = ListenBrainz(player)
        brainz.headers = {"Authorization": f"token {player.token}"}
        return brainz

    def test_syncs_the_weekly_mix(self, brainz, ada, serve):
        tracks = [factories.track(f"Song {number}", mbid=MBID if number == 0 else "") for number in range(4)]
        serve(
            ItemKind.TRACK,
            small_index([[1.0 - number / 10] for number in range(4)], ids=[one.pk for one in tracks]),
        )
        factories.listens(ada, tracks[3], 5)
        page = brainz.get("/1/user/ada/playlists/createdfor", count=100, offset=0).json()
        (playlist,) = [each["playlist"] for each in page["playlists"]]
        assert (playlist["title"], playlist["track"]) == ("Weekly mix", [])
        about = playlist["extension"]["https://musicbrainz.org/doc/jspf#playlist"]
        assert "weekly-jams" in about["additional_metadata"]["algorithm_metadata"]["source_patch"]
        assert about["created_for"] == "ada"
        whole = brainz.get("/1/playlist/" + playlist["identifier"].rsplit("/", 1)[1]).json()["playlist"]
        assert {track["title"] for track in whole["track"]} == {"Song 0", "Song 1", "Song 2"}
        assert [track["identifier"] for track in whole["track"] if track["title"] == "Song 0"] == [
            [f"https://musicbrainz.org/recording/{MBID}"]
        ]
        assert brainz.get("/1/user/ben/playlists/createdfor").json()["code"] == 404

    def test_says_and_reads_favorites_and_its_listens(self, brainz):
        factories.track("Loved", mbid=MBID)
        raw = brainz.post("/1/feedback/recording-feedback", {"recording_mbid": MBID, "score": 1})
        assert raw.json() == {"status": "ok"}
        said = brainz.get("/1/feedback/user/ada/get-feedback", count=100, offset=0, score=1).json()
        assert [(word["recording_mbid"], word["score"]) for word in said["feedback"]] == [(MBID, 1)]
        brainz.plays(play())
        listens = brainz.get("/1/user/ada/listens", count=10).json()["payload"]
        msid = listens["listens"][0]["recording_msid"]
        brainz.post(
            "/1/feedback/recording-feedback", {"recording_mbid": None, "recording_msid": msid, "score": -1}
        )
        assert {word.kind: word.track.title for word in Feedback.objects.all()} == {
            "LIKE": "Loved",
            "DISLIKE": "Ember",
        }
        assert brainz.get("/1/user/ada/listen-count").json() == {"payload": {"count": 1}}

    @pytest.mark.parametrize("body", [{}, {"score": 1}, {"recording_mbid": "x", "score": 1}, {"recording_mbid": MBID, "score": 2},
                                      {"recording_mbid": MBID, "score": True}, {"recording_mbid": MBID, "score": [1]}])  # fmt: skip
    def test_odd_feedback_is_refused(self, brainz, body):
        assert brainz.post("/1/feedback/recording-feedback", body).status_code == 400

    def test_reads_own_playlists_and_no_others(self, brainz, ada):
        mine = playlist_create(owner=ada, title="Mine", description="For rain")
        playlist_entry_add(user=ada, playlist_id=mine.pk, track_id=factories.track("Drizzle").pk)
        page = brainz.get("/1/user/ada/playlists").json()
        (word,) = [each["playlist"]["identifier"].rsplit("/", 1)[1] for each in page["playlists"]]
        whole = brainz.get(f"/1/playlist/{word}").json()["playlist"]
        assert (whole["title"], whole["annotation"], [track["title"] for track in whole["track"]]) == (
            "Mine", "For rain", ["Drizzle"],
        )  # fmt: skip
        ben = factories.sharer("ben")
        mine.owner = ben
        mine.save()
        assert brainz.get(f"/1/playlist/{word}").status_code == 404
        assert brainz.get("/1/playlist/nonsense").status_code == 404


class TestPano:
    """kawaiiDango/pano-scrobbler as GNU FM: key and secret are one word; the password in clear; ``format`` is not signed."""

    KEY = "panoScrobbler"

    def post(self, **said):
        said = {name: str(value) for name, value in said.items()} | {"api_key": self.KEY}
        text = "".join(name + said[name] for name in sorted(said)) + self.KEY
        body = urlencode(dict(sorted((said | {"api_sig": md5(text), "format": "json"}).items())))
        return Client().post("/2.0/", body, content_type=FORM)

    def test_signs_in_plays_loves_and_reads(self, player):
        session = self.post(method="auth.getMobileSession", username="ada", password=player.secret).json()[
            "session"
        ]
        sk = session["key"]
        now = self.post(
            method="track.updateNowPlaying", artist="Nadir Vale", track="Ember", duration=200, sk=sk
        ).json()
        assert now["nowplaying"]["ignoredMessage"] == {"#text": "", "code": "0"}
        rows = {f"{name}[{number}]": value for number in range(2) for name, value in (
            ("artist", "Nadir Vale"), ("track", f"Song {number}"), ("timestamp", AT + 300 * number), ("chosenByUser", 1))}  # fmt: skip
        said = self.post(method="track.scrobble", sk=sk, **rows).json()["scrobbles"]
        assert said["@attr"] == {"accepted": "2", "ignored": "0"}
        assert self.post(method="track.love", artist="Nadir Vale", track="Song 0", sk=sk).json() == {}
        query = {"method": "user.getRecentTracks", "user": "ada", "limit": 2, "page": 1, "extended": 1, "format": "json",
                 "api_key": self.KEY, "sk": sk}  # fmt: skip
        recent = Client().get("/2.0/", query).json()["recenttracks"]
        assert recent["@attr"]["total"] == "2"
        assert [(track["name"], track.get("@attr")) for track in recent["track"]] == [
            ("Ember", {"nowplaying": "true"}), ("Song 1", None), ("Song 0", None),
        ]  # fmt: skip
        assert Feedback.objects.get().kind == FeedbackKind.LIKE


class TestAudacious:
    """src/scrobbler2: XML, a built-in key and secret, one play a request, and a look whether the session holds."""

    KEY, SHARED = "4b4f73bda181868353f9b438604adf52", "716cc0a784bb62835de5bd674e65eb57"

    def post(self, method, **said):
        said = {name: str(value) for name, value in said.items()} | {"method": method, "api_key": self.KEY}
        signature = md5("".join(name + said[name] for name in sorted(said)) + self.SHARED)
        raw = Client().post("/2.0/", urlencode(said | {"api_sig": signature}), content_type=FORM)
        return ET.fromstring(raw.content)  # noqa: S314  # our own answer

    def test_asks_who_it_is_plays_and_is_told_what_was_ignored(self, player):
        mobile = LastFm(player)
        mobile.sign_in()
        assert self.post("user.getInfo", sk=mobile.sk).findtext("user/name") == "ada"
        row = {
            "artist": "Nadir Vale",
            "album": "",
            "track": "Ember",
            "trackNumber": "3",
            "duration": "200",
            "albumArtist": "",
        }
        good = self.post("track.scrobble", **row, timestamp=AT, sk=mobile.sk)
        assert (good.get("status"), good.find("scrobbles").get("accepted")) == ("ok", "1")
        bad = self.post("track.scrobble", **row | {"track": "\x07"}, timestamp=AT, sk=mobile.sk)
        assert (
            bad.find("scrobbles").get("ignored"),
            bad.find("scrobbles/scrobble/ignoredMessage").get("code"),
        ) == ("1", "2")
        late = self.post("track.scrobble", **row, timestamp=AT + 10**7, sk=mobile.sk)
        assert late.find("scrobbles/scrobble/ignoredMessage").get("code") == "4"
        nobody = self.post("user.getInfo", sk="nonsense")
        assert (nobody.get("status"), nobody.find("error").get("code")) == ("failed", "9")
        assert stored() == ["Ember"]


class TestWebScrobbler:
    """web-scrobbler: ListenBrainz by the whole address of submit-listens, or Maloja."""

    def test_as_listenbrainz(self, player):
        info = {"submission_client": "Web Scrobbler", "submission_client_version": "3.0", "music_service_name": "Spotify",
                "origin_url": "https://open.spotify.com/track/1rrgWMXGCGHru5bIRxGFV0", "duration": 201}  # fmt: skip
        listen = {"listened_at": AT, "track_metadata": NAMES | {"additional_info": info}}
        raw = Client().post(
            "/1/submit-listens", json.dumps({"listen_type": "single", "payload": [listen]}),
            content_type="application/json; charset=UTF-8", headers={"Authorization": f"Token {player.token}"},
        )  # fmt: skip
        assert raw.json()["status"] == "ok"

    def test_as_maloja(self, player):
        said = {
            "artist": "Nadir Vale",
            "title": "Ember",
            "time": AT,
            "album": "Kiln",
            "albumartists": ["Nadir Vale"],
        }
        raw = Maloja(player).post(said | {"key": player.token})
        assert (raw.status_code, raw.json()["status"]) == (200, "success")
        raw = Maloja(player).post(urlencode(said | {"key": player.token}), FORM)
        assert raw.status_code == 200
        assert stored() == ["Ember"]
        assert Maloja(player).post(said | {"key": "nonsense"}).status_code == 403
        assert Maloja(player).post({"key": player.token, "title": "Ember"}).status_code == 400
        assert Client().get("/apis/mlj_1/newscrobble", said | {"key": player.token}).status_code == 405
