"""Who is shown as near: whoever plays one artist more or less, to see in the order who plays it too."""

import numpy as np
import pytest

from discovery.platform.graphql.node import global_id
from graph.models import Listen
from graph.serving import active_model
from tests import factories
from tests.adversary.attack import Person
from tests.adversary.learned import Town, learn
from tests.adversary.test_learned import Learned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def registry(artifact_dir, monkeypatch, redis_url):
    monkeypatch.setattr(active_model, "_served", None)


class Toggle(Learned):
    """The attacker plays one artist more. Who rises in the list: those who play it?

    The control reads a list by what people play together, as nobody shows it.
    """

    size, toggled = (80, 36), 4
    works = 0.9

    def __init__(self, surface):
        self.surface = surface

    def mount(self, people):
        town = Town.founded(*self.size)
        attacker = Person(factories.sharer())
        town.record((attacker.user, track, 4) for track in town.tracks[:: len(town.tracks) // 8])
        factories.befriended(attacker.user, *town.people[:3])
        for number, person in enumerate(town.people[:3]):
            factories.befriended(person, *town.people[10 + number * 8 : 18 + number * 8])
        learn()
        listed = self.listed(town, attacker) if people == self.alone else self.by_overlap(town, attacker)
        inside, outside = [], []
        unplayed = [place for place in range(1, len(town.tracks)) if place % (len(town.tracks) // 8)]
        for place in unplayed[: self.toggled]:
            before = listed()
            town.record([(attacker.user, town.tracks[place], 6)])
            after = listed()
            Listen.objects.filter(user=attacker.user, track=town.tracks[place]).delete()
            for row, person in enumerate(town.people):
                key = global_id("Listener", person.pk)
                if key in before and key in after:
                    (inside if town.plays[row, place] else outside).append(before[key] - after[key])
        assert inside, "somebody who plays it is listed"
        return inside, outside

    def listed(self, _town, attacker):
        """Places by listener."""
        node = "node { listener { id } }" if self.surface == "friendSuggestions" else "node { id }"
        query = f"{{ viewer {{ {self.surface}(first: 100) {{ edges {{ {node} }} }} }} }}"

        def look():
            edges = attacker.data(query)["viewer"][self.surface]["edges"]
            ids = [edge["node"].get("listener", edge["node"])["id"] for edge in edges]
            return {key: place for place, key in enumerate(ids)}

        return look

    def by_overlap(self, town, attacker):
        keys = [global_id("Listener", person.pk) for person in town.people]

        def look():
            mine = set(Listen.objects.filter(user=attacker.user).values_list("track_id", flat=True))
            played = np.array([track.pk in mine for track in town.tracks])
            order = np.argsort(-((town.plays > 0) @ played.astype(int)), kind="stable")
            return {keys[row]: place for place, row in enumerate(order)}

        return look


@pytest.mark.parametrize("surface", ["friendSuggestions", "similarListeners"])
def test_one_artist_more_does_not_tell_who_plays_it(surface):
    Toggle(surface).hold()
