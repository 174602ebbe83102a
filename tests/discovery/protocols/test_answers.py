"""Every yes and no of Last.fm and Audioscrobbler, in their numbers and words."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from graph.models import Feedback, FeedbackKind
from tests.discovery.protocols.dialects import FORM, Audioscrobbler, LastFm, md5, play
from tests.discovery.protocols.test_recorded import AT, stored

pytestmark = pytest.mark.django_db


class TestLastFm:
    @pytest.mark.parametrize("spelled", ["ada", "Ada"])
    def test_an_auth_token_is_as_good_as_the_password(self, player, spelled):
        mobile = LastFm(player)
        token = md5(spelled.lower() + md5(player.secret))
        assert (
            mobile.call("auth.getMobileSession", username=spelled, authToken=token).json()["session"]["name"]
            == "ada"
        )
        assert mobile.call("auth.getMobileSession", username="ben", authToken=token).json()["error"] == 4

    def test_a_session_is_given_for_the_second_secret_alone(self, player):
        mobile = LastFm(player)
        session = mobile.call("auth.getSession", token=player.secret).json()["session"]
        assert session["name"] == "ada"
        mobile.sk = session["key"]
        assert mobile.plays(play()).ok
        for wrong in ("", "nonsense", player.token, "é", "\x00"):
            assert mobile.call("auth.getSession", token=wrong).json()["error"] == 14
        assert (
            LastFm(player, secret="wrong").call("auth.getSession", token=player.secret).json()["error"] == 13
        )

    def test_every_no_has_its_number(self, player):
        mobile = LastFm(player)
        assert (
            mobile.call("track.scrobble", sk="nonsense", artist="a", track="b", timestamp=AT).json()["error"]
            == 9
        )
        assert mobile.call_in_session("user.getTopArtists").json()["error"] == 3
        assert mobile.call_in_session("track.scrobble").json()["error"] == 6
        assert mobile.call_in_session("track.love", artist="a").json()["error"] == 6
        assert mobile.call_in_session("user.getRecentTracks", user="ben").json()["error"] == 6
        many = {f"{name}[{number}]": "1" for number in range(51) for name in ("artist", "track", "timestamp")}
        assert mobile.call_in_session("track.scrobble", **many).json()["error"] == 6
        assert Client().get("/2.0/", {"method": "track.scrobble", "format": "json"}).json()["error"] == 10
        said = mobile.signed(method="track.scrobble", artist="a", track="b", timestamp=AT, sk=mobile.sk)
        assert Client().get("/2.0/", said).json()["error"] == 6  # what stands in an address stands in logs
        assert (
            Client().post("/2.0/", urlencode(said | {"api_sig": "0" * 32}), content_type=FORM).json()["error"]
            == 13
        )
        assert stored() == []

    def test_of_a_batch_what_cannot_be_taken_is_ignored_and_the_rest_is_kept(self, player):
        rows = {"artist[0]": "Nadir Vale", "track[0]": "Ember", "timestamp[0]": AT, "artist[2]": "Nadir Vale", "track[2]": "",
                "timestamp[2]": AT, "artist[7]": "Nadir Vale", "track[7]": "Soot", "timestamp[7]": "soon"}  # fmt: skip
        said = LastFm(player).call_in_session("track.scrobble", **rows).json()["scrobbles"]
        assert said["@attr"] == {"accepted": "1", "ignored": "2"}
        assert [row["ignoredMessage"]["code"] for row in said["scrobble"]] == ["0", "2", "2"]
        assert stored() == ["Ember"]


class TestAudioscrobbler:
    def test_the_handshake_is_told_from_the_page(self, player):
        assert Audioscrobbler(player).handshake("/").ok
        assert Client().get("/").status_code == 302  # the page asks to sign in
        assert Client().get("/", {"hs": "false"}).status_code == 302

    def test_every_no_of_a_handshake(self, player):
        speaks = Audioscrobbler(player)
        assert speaks.handshake(moment=timezone.now() - timedelta(hours=2)).text() == "BADTIME\n"
        assert speaks.handshake(a="0" * 32).text() == "BADAUTH\n"
        assert speaks.handshake(u="ben").text() == "BADAUTH\n"
        assert speaks.handshake(u="a\x00da").text() == "BADAUTH\n"
        assert speaks.handshake(p="1.1").text().startswith("FAILED ")
        assert speaks.handshake(t="soon").text() == "BADTIME\n"
        assert not speaks.plays(play()).raw.content.startswith(b"FAILED")

    def test_loved_and_banned_ones_are_said_so(self, player):
        assert (
            Audioscrobbler(player)
            .plays(play("Loved", rating="L"), play("Banned", rating="B"), play("Heard"))
            .ok
        )
        said = {word.track.title: word.kind for word in Feedback.objects.select_related("track")}
        assert said == {"Loved": FeedbackKind.LIKE, "Banned": FeedbackKind.DISLIKE}

    def test_one_that_cannot_be_read_does_not_hold_up_the_batch(self, player):
        good, bad = play("Good"), play("")
        assert Audioscrobbler(player).plays(good, bad).ok
        assert stored() == ["Good"]
