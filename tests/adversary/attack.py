"""What an attack is here, and what it reads from answers. Whoever attacks has the API and nothing else."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
from django.db import transaction
from django.utils import timezone

from discovery.platform.graphql.node import global_id
from discovery.radio import store
from tests.api.client import App

GUESSING = 0.5  # the AUC of who knows nothing

ITEM = "item { ... on Track { id title } ... on Artist { id name } }"
RECOMMENDED = f"{{ {ITEM} score reasons {{ kind text evidence {{ id }} }} }}"
REFUSED = "... on OperationInfo { messages { code message field } }"
QUEUE = f"""{{ ... on RadioQueue {{ radioId step resume source now {RECOMMENDED} upcoming {RECOMMENDED} }} {REFUSED} }}"""
ROOM_ITEM = f"{{ {ITEM} score people {{ listener {{ id }} because {{ ... on Track {{ id }} }} }} }}"
ROOM_FIELDS = f"id step now {ROOM_ITEM} queue {ROOM_ITEM}"
ROOM = f"{{ ... on Room {{ {ROOM_FIELDS} }} {REFUSED} }}"


class Attack:
    """One way to learn something of one person, the prey, and how much it tells.

    ``estimate`` is read off answers, 0 for nothing. ``control`` is the same attack where the prey agreed to be seen,
    or where the guard is not there to hinder it; it has to succeed, or else the attack proves nothing.
    """

    bound = 0.0  # what the estimate may be at most
    works = 0.5  # what the control must be at least

    def estimate(self) -> float:
        raise NotImplementedError

    def control(self) -> float:
        raise NotImplementedError

    def hold(self) -> None:
        """Mount both, each in a world of its own; the guard must hold against one and not against the other."""
        with another_world():
            control = self.control()
        with another_world():
            estimate = self.estimate()
        print(f"{type(self).__name__}: {estimate:.3f} (at most {self.bound:.3f}; control {control:.3f})")
        assert control >= self.works, "the attack does not even work where nothing hinders it"
        assert estimate <= self.bound + 1e-9


@contextmanager
def another_world() -> Iterator[None]:
    """What happens in it did not happen."""
    store.client().flushdb()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Person(App):
    """Somebody at the API, honest or not; nobody in particular without a ``user``."""

    def __init__(self, user=None):
        super().__init__(user)
        self.user = user

    @property
    def id(self):
        return global_id("Listener", self.user.pk)

    def act(self, field, **arguments):
        """Send a mutation; True where it was not refused."""
        return self.told(field, "{ __typename }", **arguments)["__typename"] != "OperationInfo"

    def told(self, field, selection, **arguments):
        """What a mutation answers."""
        types = ARGUMENTS[field]
        declared = ", ".join(f"${name}: {types[name]}" for name in arguments)
        given = ", ".join(f"{name}: ${name}" for name in arguments)
        query = f"mutation {f'({declared})' if declared else ''} {{ told: {field}{f'({given})' if given else ''} {selection} }}"
        return self.data(query, **arguments)["told"]

    def plays(self, title, artist, number=0):
        """Record a play in one's own words."""
        play = {
            "source": "app", "sourceId": f"{title} {number}", "listenedAt": timezone.now().isoformat(), "msPlayed": 180_000,
            "track": {"title": title, "artist": artist, "durationMs": 180_000},
        }  # fmt: skip
        told = self.told(
            "recordListens", "{ ... on RecordedListens { stored refusals { code } } }", input=[play]
        )
        return told["stored"]

    def befriend(self, other):
        """Ask, and let the other ask back, which is a yes."""
        self.act("requestFriendship", listenerId=other.id)
        assert other.act("requestFriendship", listenerId=self.id)

    # -- what is shown ----------------------------------------------------------------------------

    def scores(self, field="discover", arguments="", of="Track"):
        """Everything that a surface lists, with its score, by id."""
        query = f"query ($after: String) {{ viewer {{ listed: {field}(first: 100, after: $after, kind: {of.upper()} {arguments})"
        return dict(
            self._pages(
                f"{query} {{ pageInfo {{ hasNextPage endCursor }} edges {{ node {RECOMMENDED} }} }} }} }}"
            )
        )

    def _pages(self, query):
        after, more = None, True
        while more:
            page = self.data(query, after=after)["viewer"]["listed"]
            for edge in page["edges"]:
                yield edge["node"]["item"]["id"], edge["node"]["score"]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    def radio(self, steps=6, **seed):
        """A radio's queues while everything that plays is skipped; none where it does not start."""
        queue, queues = self.told("startRadio", QUEUE, **seed), []
        while queue.get("now") and len(queues) < steps:
            queues.append(queue)
            queue = self.told(
                "advanceRadio", QUEUE, radioId=queue["radioId"], step=queue["step"], feedback="SKIP"
            )
        return queues

    def room(self, *guests, steps=6):
        """What a room with these guests, who come, plays and lines up while everything is skipped."""
        room = self.told("createRoom", ROOM, **{"with": [guest.id for guest in guests]})
        for guest in guests:
            assert guest.act("joinRoom", roomId=room["id"])
        listed = []
        for step in range(steps):
            room = self.told("skipInRoom", ROOM, roomId=room["id"], step=step)
            listed += [each["item"]["id"] for each in (room["now"], *room["queue"]) if each]
        return listed


ARGUMENTS = {
    "requestFriendship": {"listenerId": "ID!"},
    "answerFriendRequest": {"requestId": "ID!", "accept": "Boolean!"},
    "endFriendship": {"listenerId": "ID!"},
    "block": {"listenerId": "ID!"},
    "unblock": {"listenerId": "ID!"},
    "setConsent": {"purpose": "Purpose!", "granted": "Boolean!", "friendId": "ID"},
    "withdrawAllConsent": {},
    "setPersonalizationLevel": {"level": "PersonalizationLevel!"},
    "recordListens": {"input": "[ListenInput!]!"},
    "giveFeedback": {"itemId": "ID!", "kind": "FeedbackKind!"},
    "createPlaylist": {"input": "PlaylistInput!"},
    "renamePlaylist": {"playlistId": "ID!", "title": "String!"},
    "addToPlaylist": {"playlistId": "ID!", "trackId": "ID!"},
    "sharePlaylist": {"playlistId": "ID!", "listenerId": "ID!", "role": "PlaylistRole!"},
    "recommendItem": {"itemId": "ID!", "listenerId": "ID!", "note": "String!"},
    "startRadio": {"seedId": "ID", "tag": "String", "kind": "ItemKind", "variety": "Float!"},
    "advanceRadio": {"radioId": "ID!", "feedback": "FeedbackKind", "step": "Int", "resume": "String"},
    "createRoom": {"title": "String", "with": "[ID!]"},
    "inviteToRoom": {"roomId": "ID!", "listenerId": "ID!"},
    "joinRoom": {"roomId": "ID!"},
    "advanceRoom": {"roomId": "ID!", "step": "Int!"},
    "skipInRoom": {"roomId": "ID!", "step": "Int!"},
    "voteInRoom": {"roomId": "ID!", "itemId": "ID!"},
    "vetoInRoom": {"roomId": "ID!", "itemId": "ID!"},
    "excludeFromTaste": {"id": "ID!", "excluded": "Boolean!"},
    "startPrivateSession": {},
    "endPrivateSession": {},
    "requestDataExport": {"password": "String"},
    "requestErasure": {"confirm": "String!", "password": "String"},
}


# -- estimates ------------------------------------------------------------------------------------


def auc(inside: Collection[float], outside: Collection[float]) -> float:
    """How well a number tells the one from the other: 0.5 is guessing, 1 is knowing."""
    wins = np.sign(np.subtract.outer(np.array(list(inside), float), np.array(list(outside), float)))
    return float((wins.mean() + 1) / 2)


def advantage(inside: Collection[float], outside: Collection[float]) -> float:
    """From 0 (guessing) to 1 (knowing), whichever way round the number tells."""
    return abs(auc(inside, outside) - GUESSING) * 2


def lifted(queues):
    """What something speaks for, of all that a radio played or lined up: ids with a score above 0."""
    nodes = [node for queue in queues for node in (queue["now"], *queue["upcoming"])]
    return [node["item"]["id"] for node in nodes if node["score"] > 1e-6]


def part_of(found: Collection[str], wanted: Collection[str]) -> float:
    """Which part of what was ``wanted`` is among what was found."""
    return len(set(found) & set(wanted)) / len(set(wanted))


def bootstrap(
    inside: Collection[float], outside: Collection[float], *, rounds: int = 1000, seed: int = 7
) -> tuple[float, float]:
    """The middle 95 % of the AUC, both samples drawn anew each round."""
    random, (one, other) = (
        np.random.default_rng(seed),
        (np.array(list(values), float) for values in (inside, outside)),
    )
    drawn = [auc(random.choice(one, len(one)), random.choice(other, len(other))) for _ in range(rounds)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
