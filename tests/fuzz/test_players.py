"""The four protocols of players take whatever comes: an answer below 500 for each, in the shape that the protocol has."""

import json
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.discovery.protocols.dialects import FORM, Audioscrobbler, LastFm, player_of
from tests.fuzz.shapes import fuzzed, objects, values, words

pytestmark = pytest.mark.django_db

TRACKS = objects(
    artist_name=words, track_name=words, release_name=words,
    additional_info=objects(duration_ms=values, recording_mbid=words, artist_names=st.lists(words, max_size=3), submission_client=words),
)  # fmt: skip
LISTENS = objects(
    listen_type=st.sampled_from(["single", "import", "playing_now"]),
    payload=st.lists(objects(listened_at=st.integers(), track_metadata=TRACKS), max_size=3),
)
SCROBBLES = objects(
    artist=words, artists=st.lists(words, max_size=3), title=words, album=words, time=values, duration=values, length=values, key=words
)  # fmt: skip
PLACES = st.sampled_from([
    "/1/submit-listens", "/1/validate-token", "/1/feedback/recording-feedback", "/1/user/ada/listens", "/1/user/ada/playing-now",
    "/1/user/ada/listen-count", "/1/user/%00/listens", "/1/user/ada/playlists", "/1/user/ada/playlists/createdfor", "/1/playlist/x",
    "/1/playlist/Tm9kZTox", "/1/feedback/user/ada/get-feedback", "/apis/listenbrainz/1/submit-listens", "/1/nowhere",
])  # fmt: skip
METHODS = st.sampled_from([
    "track.scrobble", "track.updateNowPlaying", "track.love", "track.unlove", "auth.getMobileSession", "auth.getSession", "auth.getToken",
    "user.getRecentTracks", "user.getLovedTracks", "user.getInfo", "track.getInfo", "nothing.at.all",
])  # fmt: skip
NAMES = st.sampled_from([
    "artist", "track", "timestamp", "album", "duration", "mbid", "artist[0]", "track[0]", "timestamp[0]", "track[999999999]", "artist[-1]",
    "artist[x]", "limit", "page", "from", "to", "user", "username", "password", "authToken", "token", "format", "api_key", "callback",
])  # fmt: skip
FIELDS = st.sampled_from(
    [f"{name}[{place}]" for name in "atiorlbnm" for place in (0, 1, 50, -1, "x", "9" * 30)] + list("atlbnms")
)


@pytest.fixture
def player():
    return player_of(factories.sharer("ada"))


def ensure_answered(response, shape):
    assert response.status_code < 500, response.content
    shape(response.content)


def answered(client, *arguments, **options):
    client.raise_request_exception = False
    return client.generic(*arguments, **options)


def test_listenbrainz(player):
    @fuzzed
    @given(
        PLACES, st.sampled_from(["GET", "POST", "PUT"]),
        LISTENS.map(json.dumps) | values.map(json.dumps) | st.binary(max_size=100),
        st.dictionaries(st.sampled_from(["count", "min_ts", "max_ts", "offset", "token", "score", "recording_mbid"]), words, max_size=3),
        st.sampled_from([f"Token {player.token}", f"Bearer {player.token}", "Token \x7f", "Token", ""]),
    )  # fmt: skip
    def every(place, method, body, parameters, who):
        response = answered(
            Client(), method, place, body, "application/json", headers={"Authorization": who}, query_params=parameters
        )  # fmt: skip
        ensure_answered(response, json.loads)

    every()


def test_maloja(player):
    @fuzzed
    @given(
        SCROBBLES.map(lambda said: {"key": player.token, **said}) | SCROBBLES,
        st.sampled_from(["application/json", FORM, "text/plain"]),
        st.binary(max_size=60) | st.none(),
    )
    def every(said, kind, raw):
        body = raw if raw is not None else urlencode(said) if kind == FORM else json.dumps(said)
        body = body.encode("utf-8", "replace") if isinstance(body, str) else body
        response = answered(Client(), "POST", "/apis/mlj_1/newscrobble", body, kind)
        ensure_answered(response, json.loads)

    every()


def test_lastfm(player):
    mobile = LastFm(player)
    mobile.sign_in()

    @fuzzed
    @given(
        METHODS,
        st.dictionaries(NAMES, words, max_size=5),
        st.sampled_from(["POST", "GET"]),
        st.booleans(),
        st.booleans(),
    )
    def every(method, said, how, in_session, as_json):
        said = {name: value.encode("utf-8", "replace").decode() for name, value in said.items()}
        signed = mobile.signed(method=method, **said, **({"sk": mobile.sk} if in_session else {}))
        if not as_json:
            signed["format"] = "xml"  # which is not signed
        body = urlencode(signed) if how == "POST" else ""
        parameters = {} if how == "POST" else signed
        response = answered(Client(), how, "/2.0/", body, FORM, query_params=parameters)
        ensure_answered(response, json.loads if as_json else ET.fromstring)

    every()


def test_audioscrobbler(player):
    submitter = Audioscrobbler(player)
    submitter.handshake()

    @fuzzed
    @given(
        st.sampled_from([submitter.plays_url, submitter.now_url, "/submissions/", "/", "/submissions/plays"]),
        st.dictionaries(FIELDS, words, max_size=5), st.sampled_from(["POST", "GET"]), st.booleans(),
        st.dictionaries(st.sampled_from(["hs", "p", "c", "v", "u", "t", "a"]), words | st.just("1.2"), max_size=6),
    )  # fmt: skip
    def every(place, said, how, in_session, shake):
        said = {name: value.encode("utf-8", "replace") for name, value in said.items()}
        if in_session:
            said["s"] = submitter.session
        parameters = {"hs": "true", **shake} if place in {"/", "/submissions/"} else {}
        response = answered(Client(), how, place, urlencode(said), FORM, query_params=parameters)
        ensure_answered(response, lambda content: None if place == "/" else content.decode().splitlines()[0])

    every()
