"""What people do, one thing at a time, arriving at a constant rate whether or not earlier ones were answered.

Run by locust in an environment of its own: nothing of ours is imported. ``EARSHOT_LOAD`` is a JSON object: ``port``, ``rate`` (arrivals
in a second), ``seconds``, ``people`` (the file that ``tests.load.people`` wrote), ``output``. There goes a line for
each request: what it was, milliseconds since the moment it was to begin, and what was wrong with its answer.
"""

import json
import os
import random
import time
import uuid
from datetime import UTC, datetime

import gevent
from geventhttpclient import HTTPClient
from locust import User, task

LOAD = json.loads(os.environ["EARSHOT_LOAD"])
SECONDS = 30.0  # after which whoever asked has gone
TRACK = "... on Track { id title artist { name } }"
RECOMMENDED = (
    f"score remainder item {{ {TRACK} }} reasons {{ kind text contribution share action {{ kind label }} }}"
)
RADIO = f"... on RadioQueue {{ radioId step now {{ {RECOMMENDED} }} upcoming {{ item {{ {TRACK} }} }} }} ... on OperationInfo {{ messages {{ code }} }}"
DISCOVER = f"{{ viewer {{ discover(kind: TRACK, first: 20) {{ level degraded pageInfo {{ endCursor }} edges {{ cursor node {{ {RECOMMENDED} }} }} }} }} }}"
FRIENDS = f"{{ viewer {{ fromFriends(kind: TRACK, first: 20) {{ edges {{ node {{ {RECOMMENDED} }} }} }} }} }}"
ACTIVITY = f"{{ viewer {{ activity(first: 20) {{ edges {{ node {{ kind at listener {{ handle }} item {{ {TRACK} }} }} }} }} friends {{ edges {{ node {{ handle displayName }} }} }} }} }}"
SEARCH = f"query ($text: String!) {{ search(text: $text, kind: TRACK) {{ edges {{ node {{ {TRACK} }} }} }} }}"
PLAYLISTS = "{ viewer { playlists { edges { node { id title size entries(first: 10) { edges { node { track { id title } } } } } } } } }"
PRIVACY = "{ viewer { privacy { level purposes { purpose state since } } consentHistory(first: 20) { edges { node { purpose newState } } } shownTo(first: 20) { edges { node { __typename } } } } }"
REFUSED = "... on OperationInfo { messages { code } }"
MAKE = f"mutation ($input: PlaylistInput!) {{ createPlaylist(input: $input) {{ ... on Playlist {{ id }} {REFUSED} }} }}"
PUT = f"mutation ($list: ID!, $track: ID!) {{ addToPlaylist(playlistId: $list, trackId: $track) {{ ... on Playlist {{ size }} {REFUSED} }} }}"
CONSENT = f"mutation ($purpose: Purpose!, $yes: Boolean!) {{ setConsent(purpose: $purpose, granted: $yes) {{ __typename {REFUSED} }} }}"
FEEDBACK = f"mutation ($item: ID!) {{ giveFeedback(itemId: $item, kind: LIKE) {{ __typename {REFUSED} }} }}"
PURPOSES = ("SELF", "SOCIAL_IN", "SOCIAL_OUT", "NAMED", "DISCOVERABLE")
PAGES = ("/", "/search/", "/music/", "/music/statistics/", "/together/", "/privacy/", "/me/")


class Wrong(Exception):
    """An answer that is none."""


class Person:
    """Does one thing when told to, and remembers what comes of it."""

    def __init__(self, number, told, tracks):
        self.told, self.tracks = told, tracks
        self.radio = self.playlist = None
        self.items = []
        self.denied = set()
        self.common = {
            "Host": "music.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": f"10.1.{number // 250}.{number % 250 + 1}",
        }

    def ask(self, client, query, **variables):
        """The data of an answer, and the codes of refusals in it."""
        body = json.dumps({"query": query, "variables": variables})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.told['token']}"}
        answer = json.loads(self.fetch(client, "POST", "/graphql/", body, headers))
        if "errors" in answer:
            raise Wrong(answer["errors"][0]["extensions"]["code"])
        return answer["data"]

    def fetch(self, client, method, path, body=None, headers=None):
        response = client.request(method, path, body or b"", self.common | (headers or {}))
        content = response.read()
        if response.status_code != 200:
            raise Wrong(f"HTTP {response.status_code}")
        return content

    def discover(self, client):
        edges = self.ask(client, DISCOVER)["viewer"]["discover"]["edges"]
        self.items = [edge["node"]["item"]["id"] for edge in edges]

    def radio_on(self, client):
        """Starts a radio, or goes on with it: one in three is skipped."""
        if self.radio is None:
            queue = self.ask(client, f"mutation {{ startRadio(kind: TRACK) {{ {RADIO} }} }}")["startRadio"]
        else:
            skip = random.random() < 0.33
            advance = f"mutation ($id: ID!, $f: FeedbackKind) {{ advanceRadio(radioId: $id, feedback: $f) {{ {RADIO} }} }}"
            queue = self.ask(client, advance, id=self.radio, f="SKIP" if skip else None)["advanceRadio"]
        self.radio = queue.get("radioId")
        return codes(queue)

    def play(self, client):
        """As a player says it: ListenBrainz."""
        title, artist = random.choice(self.tracks)
        listen = {
            "listened_at": int(time.time()) - random.randrange(60),
            "track_metadata": {"artist_name": artist, "track_name": title},
        }
        body = json.dumps({"listen_type": "single", "payload": [listen]})
        headers = {"Content-Type": "application/json", "Authorization": f"Token {self.told['token']}"}
        self.fetch(client, "POST", "/1/submit-listens", body, headers)

    def play_in_app(self, client):
        title, artist = random.choice(self.tracks)
        now = datetime.now(UTC).isoformat()
        play = {
            "source": "load",
            "sourceId": str(uuid.uuid4()),
            "track": {"title": title, "artist": artist},
            "listenedAt": now,
            "msPlayed": 180_000,
        }
        query = f"mutation ($input: [ListenInput!]!) {{ recordListens(input: $input) {{ ... on RecordedListens {{ stored refusals {{ code }} }} {REFUSED} }} }}"
        done = self.ask(client, query, input=[play])["recordListens"]
        return codes(done) or [refusal["code"] for refusal in done["refusals"]]

    def playlists(self, client):
        if self.playlist is None or random.random() < 0.5:
            edges = self.ask(client, PLAYLISTS)["viewer"]["playlists"]["edges"]
            if edges:
                self.playlist = edges[0]["node"]["id"]
                return None
            made = self.ask(client, MAKE, input={"title": "Of the load"})["createPlaylist"]
            self.playlist = made.get("id")
            return codes(made)
        if not self.items:
            return self.discover(client)
        return codes(
            self.ask(client, PUT, list=self.playlist, track=random.choice(self.items))["addToPlaylist"]
        )

    def activity(self, client):
        self.ask(client, ACTIVITY if random.random() < 0.7 else FRIENDS)

    def search(self, client):
        self.ask(client, SEARCH, text=random.choice(self.tracks)[0][:4])

    def like(self, client):
        if not self.items:
            return self.discover(client)
        return codes(self.ask(client, FEEDBACK, item=random.choice(self.items))["giveFeedback"])

    def privacy(self, client):
        self.ask(client, PRIVACY)

    def consent(self, client):
        """Takes something back, or allows it again."""
        purpose = random.choice(PURPOSES)
        again = purpose in self.denied
        done = self.ask(client, CONSENT, purpose=purpose, yes=again)["setConsent"]
        self.denied ^= {purpose}
        return codes(done)

    def page(self, client):
        self.fetch(
            client, "GET", random.choice(PAGES), headers={"Cookie": f"sessionid={self.told['session']}"}
        )


# How often of a hundred.
LIFE = {
    "discover": 20, "radio_on": 23, "play": 15, "play_in_app": 4, "playlists": 8, "activity": 9, "search": 5,
    "like": 3, "privacy": 3, "consent": 2, "page": 8,
}  # fmt: skip


def codes(payload):
    return [message["code"] for message in payload.get("messages", ())]


class Arrivals(User):  # type: ignore[misc]  # locust is in another environment
    """One for all: somebody arrives, and whoever arrived before need not have got an answer."""

    @task
    def arrive(self):
        with open(LOAD["people"]) as file:  # noqa: PTH123
            told = json.load(file)
        people = [Person(number, each, told["tracks"]) for number, each in enumerate(told["people"])]
        client = HTTPClient(
            "127.0.0.1", LOAD["port"], concurrency=400, connection_timeout=5.0, network_timeout=SECONDS
        )
        chosen, asked = random.Random(LOAD.get("seed", 1)), []
        with open(LOAD["output"], "w") as output:  # noqa: PTH123
            due = time.monotonic()
            until = due + LOAD["seconds"]
            while due < until:
                due += chosen.expovariate(LOAD["rate"])
                gevent.sleep(max(0.0, due - time.monotonic()))
                (kind,) = chosen.choices(list(LIFE), list(LIFE.values()))
                asked = [each for each in asked if not each.ready()] if len(asked) > 500 else asked
                asked.append(gevent.spawn(self.once, client, chosen.choice(people), kind, due, output))
            gevent.joinall(asked)
        self.environment.runner.quit()

    def once(self, client, person, kind, due, output):
        wrong, refused = "", None
        try:
            refused = getattr(person, kind)(client)
        except (Wrong, OSError, ValueError, KeyError, TypeError) as error:
            wrong = f"{type(error).__name__} {error}"
        took = 1000 * (time.monotonic() - due)
        output.write(json.dumps([kind, round(took, 1), wrong, refused or []]) + "\n")
        self.environment.events.request.fire(
            request_type="as life",
            name=kind,
            response_time=took,
            response_length=0,
            context={},
            exception=wrong or None,
        )
