import numpy as np
import pytest

from discovery.room.services import room_create, room_join
from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index

NAMES = ("ada", "ben", "cleo")


class Friends:
    """Ada, Ben and Cleo, who share everything, and six tracks each that point one's own way; the first is played.

    What somebody likes falls off slowly from their first track to their last.
    """

    def __init__(self):
        self.people = {name: factories.sharer(name) for name in NAMES}
        for name, person in self.people.items():
            factories.befriended(person, *(self.people[other] for other in NAMES[: NAMES.index(name)]))
        self.tracks = {name: [factories.track(f"{name} {n}") for n in range(6)] for name in NAMES}
        for name, person in self.people.items():
            factories.listens(person, self.tracks[name][0], 5)

    def index(self):
        ways = np.eye(len(NAMES))
        vectors = [(1 - 0.1 * n) * ways[way] for way in range(len(NAMES)) for n in range(6)]
        return small_index(vectors, ids=[track.pk for name in NAMES for track in self.tracks[name]])

    def __getattr__(self, name):
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None


@pytest.fixture
def friends(db, redis_url, serve):
    world = Friends()
    serve(ItemKind.TRACK, world.index())
    return world


@pytest.fixture
def room(friends):
    """Ada's room, and Ben is in it; Cleo is invited."""
    opened = room_create(user=friends.ada, title="Tuesday", friends=[friends.ben, friends.cleo])
    return room_join(user=friends.ben, room_id=opened.pk)
