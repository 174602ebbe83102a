"""What somebody left out of their taste: whoever has it come back, as a seed or as a statement of the session."""

import numpy as np
import pytest

from accounts.models import PersonalizationLevel
from discovery.platform.graphql.node import global_id
from graph.models import ItemKind
from tests import factories
from tests.adversary.attack import QUEUE, Attack, Person
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db


class Shelf:
    """A listener, ``size`` artists with a track each; the first is what is left out. Nothing speaks for anything yet."""

    def __init__(self, serve, level, kind, size=8):
        self.person = Person(factories.sharer("ada"))
        self.tracks = [factories.track(f"Piece {number}") for number in range(size)]
        items = [track.pk if kind == "TRACK" else track.artist_id for track in self.tracks]
        serve(ItemKind(kind), small_index(np.eye(size) + 0.1, ids=items, prior=[1.0, *[0.0] * (size - 1)]))
        self.track = global_id("Track", self.tracks[0].pk)
        self.artist = global_id("Artist", self.tracks[0].artist_id)
        self.ids = {self.track, self.artist}
        assert self.person.act("setPersonalizationLevel", level=level)

    def leave_out(self, thing):
        match thing:
            case "track":
                out = self.track
            case "artist":
                out = self.artist
            case "playlist":
                made = self.person.told(
                    "createPlaylist", "{ ... on Playlist { id } }", input={"title": "Out"}
                )
                assert self.person.act("addToPlaylist", playlistId=made["id"], trackId=self.track)
                out = made["id"]
        assert self.person.act("excludeFromTaste", id=out, excluded=True)


class Seed(Attack):
    """A radio from it: cited anywhere, or anything with another score than without a seed."""

    works = 1.0

    def __init__(self, serve, level, kind, thing, seed):
        self.shelf = Shelf(serve, level, kind)
        self.kind, self.thing, self.seed = kind, thing, seed

    def control(self):
        return self.mount()

    def estimate(self):
        self.shelf.leave_out(self.thing)
        return self.mount()

    def mount(self):
        person, seed = self.shelf.person, getattr(self.shelf, self.seed)
        queues = [
            person.told("startRadio", QUEUE, kind=self.kind, seedId=seed),
            person.told("startRadio", QUEUE, kind=self.kind),
        ]
        nodes = [[queue["now"], *queue["upcoming"]] if queue.get("now") else [] for queue in queues]
        cited = {each["id"] for node in nodes[0] for reason in node["reasons"] for each in reason["evidence"]}
        with_seed, without = ({node["item"]["id"]: node["score"] for node in listed} for listed in nodes)
        moved = [
            item for item in with_seed.keys() & without.keys() if abs(with_seed[item] - without[item]) > 1e-6
        ]
        return float(bool(moved or cited & self.shelf.ids))


class Statement(Seed):
    """It is what played and was liked, and left out since."""

    def mount(self):
        person = self.shelf.person
        queue = person.told("startRadio", QUEUE, kind=self.kind)
        while queue["now"]["item"]["id"] not in self.shelf.ids:
            queue = person.told("advanceRadio", QUEUE, radioId=queue["radioId"], step=queue["step"])
        if self.thing_is_left_out:
            self.shelf.leave_out(self.thing)
        queue = person.told(
            "advanceRadio", QUEUE, radioId=queue["radioId"], step=queue["step"], feedback="LIKE"
        )
        nodes = [node for node in (queue["now"], *queue["upcoming"]) if node]
        cited = {each["id"] for node in nodes for reason in node["reasons"] for each in reason["evidence"]}
        return float(bool(cited & self.shelf.ids))

    thing_is_left_out = False

    def estimate(self):
        self.thing_is_left_out = True
        return self.mount()


LEVELS = ("BASIC", "OWN", "SOCIAL")
# What is left out, and by what a radio of tracks or artists is begun from it.
SEEDS = [
    ("TRACK", "track", "track"), ("TRACK", "artist", "track"), ("TRACK", "playlist", "track"),
    ("ARTIST", "artist", "artist"), ("ARTIST", "track", "track"), ("ARTIST", "artist", "track"), ("ARTIST", "playlist", "track"),
]  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("kind", "thing", "seed"), SEEDS)
def test_a_radio_from_what_is_left_out_is_one_from_nothing(serve, redis_url, level, kind, thing, seed):
    Seed(serve, level, kind, thing, seed).hold()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("thing", ["track", "artist", "playlist"])
def test_what_was_said_of_what_is_left_out_since_counts_for_nothing(serve, redis_url, level, thing):
    Statement(serve, level, "TRACK", thing, "track").hold()


class OfAFriend(Attack):
    """A friend plays it: the viewer still hears of it where they left it out."""

    works = 1.0

    def __init__(self, street, surface):
        self.street, self.surface = street, surface
        street.befriended(street.prey)

    def control(self):
        return self.mount()

    def estimate(self):
        assert self.street.mallory.act("excludeFromTaste", id=self.street.prey_tracks[0], excluded=True)
        return self.mount()

    def mount(self):
        before = self.street.mallory.scores(self.surface)
        for play in self.street.prey.user.listens.filter(
            track=self.street.tracks[self.street.prey.user.username][0]
        ):
            play.delete()
        after = self.street.mallory.scores(self.surface)
        return float(before != after)


@pytest.mark.parametrize("surface", ["discover", "fromFriends"])
def test_what_a_friend_plays_of_it_counts_for_nothing_either(street, surface):
    OfAFriend(street, surface).hold()


def test_levels_are_the_ones_there_are():
    assert set(LEVELS) | {"OFF", "CONTEXT"} == {level.name for level in PersonalizationLevel}
