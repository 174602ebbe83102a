"""The four protocols as players speak them, each with the same few things to say."""

import hashlib
import json
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

from django.test import Client
from django.utils import timezone

from tests.api.client import App

CREATE = """mutation ($name: String!, $scopes: [DeviceScope!]!, $player: Boolean!) {
    createDevice(name: $name, scopes: $scopes, forPlayer: $player) {
        ... on Device { id secret playerSecret isPlayer } ... on OperationInfo { messages { code } } } }"""
REVOKE = "mutation ($id: ID!) { revokeDevice(id: $id) { ... on Device { id } } }"
SCOPES = ("PLAYS_WRITE", "PLAYS_READ", "PLAYLISTS")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def player_of(user, *, scopes=SCOPES, name="kitchen"):
    """A device for a player: what its owner is told once."""
    made = App(user).data(CREATE, name=name, scopes=list(scopes), player=True)["createDevice"]
    return SimpleNamespace(
        user=user, handle=user.username, id=made["id"], token=made["secret"], secret=made["playerSecret"]
    )


def revoke(player):
    App(player.user).data(REVOKE, id=player.id)


@dataclass
class Answer:
    """What a player understands of an answer. ``again``: it will send the same once more."""

    ok: bool
    raw: object

    def text(self):
        return self.raw.content.decode()


def play(title="Ember", artist="Nadir Vale", at=None, **more):
    return {"title": title, "artist": artist, "at": int((at or timezone.now()).timestamp()), **more}


class ListenBrainz:
    batches = True

    def __init__(self, player, client=None):
        self.player, self.client = player, client or Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Token {player.token}"}

    def post(self, path, body, **headers):
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post(path, raw, content_type=JSON, headers=self.headers | headers)

    def get(self, path, **query):
        return self.client.get(path, query, headers=self.headers)

    def listen(self, one, *, now=False):
        listen = {"track_metadata": {"track_name": one["title"], "artist_name": one["artist"]}}
        return listen if now else {"listened_at": one["at"], **listen}

    def plays(self, *plays):
        kind = "single" if len(plays) == 1 else "import"
        body = {"listen_type": kind, "payload": [self.listen(one) for one in plays]}
        return self._understood(self.post("/1/submit-listens", body))

    def now(self, one):
        body = {"listen_type": "playing_now", "payload": [self.listen(one, now=True)]}
        return self._understood(self.post("/1/submit-listens", body))

    def _understood(self, raw):
        return Answer(raw.status_code == 200 and raw.json() == {"status": "ok"}, raw)


class LastFm:
    batches = True

    def __init__(self, player, client=None, *, secret=None, key="a program"):
        self.player, self.client = player, client or Client(enforce_csrf_checks=True)
        self.key, self.shared, self.sk = key, secret or player.secret, None

    def signed(self, **said):
        said = {name: str(value) for name, value in said.items()} | {"api_key": self.key}
        text = "".join(name + said[name] for name in sorted(said))
        return said | {"api_sig": md5(text + self.shared), "format": "json"}

    def call(self, method, **said):
        return self.client.post("/2.0/", urlencode(self.signed(method=method, **said)), content_type=FORM)

    def sign_in(self):
        raw = self.call("auth.getMobileSession", username=self.player.handle, password=self.player.secret)
        self.sk = raw.json().get("session", {}).get("key")
        return raw

    def call_in_session(self, method, **said):
        if self.sk is None:
            self.sign_in()
        return self.call(method, sk=self.sk or "", **said)

    def plays(self, *plays):
        rows = {}
        for number, one in enumerate(plays):
            rows |= {
                f"artist[{number}]": one["artist"],
                f"track[{number}]": one["title"],
                f"timestamp[{number}]": one["at"],
            }
        raw = self.call_in_session("track.scrobble", **rows)
        counts = raw.json().get("scrobbles", {}).get("@attr")
        return Answer(counts == {"accepted": str(len(plays)), "ignored": "0"}, raw)

    def now(self, one):
        raw = self.call_in_session("track.updateNowPlaying", artist=one["artist"], track=one["title"])
        return Answer("nowplaying" in raw.json(), raw)

    def love(self, one, *, love=True):
        raw = self.call_in_session(
            "track.love" if love else "track.unlove", artist=one["artist"], track=one["title"]
        )
        return Answer(raw.json() == {}, raw)


class Audioscrobbler:
    batches = True

    def __init__(self, player, client=None):
        self.player, self.client = player, client or Client(enforce_csrf_checks=True)
        self.session = self.now_url = self.plays_url = None

    def handshake(self, path="/submissions/", *, moment=None, **said):
        moment = str(int((moment or timezone.now()).timestamp()))
        query = {
            "hs": "true", "p": "1.2.1", "c": "tst", "v": "1.0", "u": self.player.handle, "t": moment,
            "a": md5(md5(self.player.secret) + moment), **said,
        }  # fmt: skip
        raw = self.client.get(path, query)
        lines = raw.content.decode().splitlines()
        if lines[0] == "OK":
            self.session = lines[1]
            self.now_url, self.plays_url = (urlsplit(url).path for url in lines[2:4])
        return Answer(lines[0] == "OK", raw)

    def _post(self, url, said):
        if self.session is None and not (answer := self.handshake()).ok:
            return answer
        raw = self.client.post(getattr(self, url), urlencode({"s": self.session} | said), content_type=FORM)
        return Answer(raw.content == b"OK\n", raw)

    def plays(self, *plays):
        said = {}
        for number, one in enumerate(plays):
            row = {"a": one["artist"], "t": one["title"], "i": one["at"], "o": "P", "r": one.get("rating", ""), "l": "200",
                   "b": "", "n": "", "m": ""}  # fmt: skip
            said |= {f"{name}[{number}]": value for name, value in row.items()}
        return self._post("plays_url", said)

    def now(self, one):
        return self._post(
            "now_url", {"a": one["artist"], "t": one["title"], "b": "", "l": "200", "n": "", "m": ""}
        )


class Maloja:
    batches = False
    now = None

    def __init__(self, player, client=None):
        self.player, self.client = player, client or Client(enforce_csrf_checks=True)

    def post(self, body, content_type=JSON):
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post("/apis/mlj_1/newscrobble", raw, content_type=content_type)

    def plays(self, one):
        raw = self.post(
            {"key": self.player.token, "artist": one["artist"], "title": one["title"], "time": one["at"]}
        )
        return Answer(raw.status_code == 200 and raw.json()["status"] == "success", raw)


DIALECTS = (ListenBrainz, LastFm, Audioscrobbler, Maloja)
