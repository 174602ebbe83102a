"""What a model learned from people: whoever asks it, without having to do with any of them, for what one of them plays.

The small towns here are for the suite; `tests/soak/test_adversary.py` mounts the same attacks on larger ones.
"""

import numpy as np
import pytest

from graph.serving import active_model
from tests import factories
from tests.adversary.attack import Attack, Person, another_world, auc
from tests.adversary.learned import Town, learn, withdrawn

pytestmark = pytest.mark.django_db

TOLD = 0.6  # the AUC that an attack on a model may reach


@pytest.fixture(autouse=True)
def registry(artifact_dir, monkeypatch, redis_url):
    monkeypatch.setattr(active_model, "_served", None)


class Learned(Attack):
    """An estimate of AUC: 0.5 is guessing. The control has to reach 0.8."""

    bound, works = TOLD, 0.8
    size = (130, 36)  # people, artists: with a hundred and more, a model leaves some of them out

    def prober(self, *played):
        """Somebody new who plays this and contributes nothing."""
        person = factories.sharer()
        withdrawn(person)
        Town.record((person, track, 5) for track in played)
        return Person(person)


class LoneItems(Learned):
    """Hermits play tracks that nobody else plays. From one of them, are the hermit's others found?

    The control: each hermit's tracks are played by twelve more people, so that they may be learned.
    """

    hermits, tracks_each, fans = 6, 4, 12

    def __init__(self, of):
        self.of = of

    def control(self):
        return self.mount(self.fans)

    def estimate(self):
        return self.mount(0)

    def mount(self, fans):
        town = Town.founded(*self.size)
        sets = [
            [factories.track(f"Lone {hermit} {n}") for n in range(self.tracks_each)]
            for hermit in range(self.hermits)
        ]
        for hermit, tracks in enumerate(sets):
            players = [town.people[hermit], *town.people[20 + hermit * fans : 20 + (hermit + 1) * fans]]
            town.record((player, track, 6) for player in players for track in tracks)
        learn()
        inside, outside = [], []
        for hermit, tracks in enumerate(sets):
            scores = self.scores(tracks[0])
            inside += [scores.get(self.id(track), -1e9) for track in tracks[1:]]
            outside += [
                scores.get(self.id(track), -1e9)
                for other, others in enumerate(sets) if other != hermit for track in others[1:]
            ]  # fmt: skip
        return auc(inside, outside)

    def id(self, track):
        from discovery.platform.graphql.node import global_id

        return global_id(self.of, track.pk if self.of == "Track" else track.artist_id)

    def scores(self, track):
        return self.prober(track).scores(of=self.of)


class LoneItemsByRadio(LoneItems):
    """From a radio that is begun from it, by somebody without any plays; all that it lines up counts alike."""

    def scores(self, track):
        person = Person(factories.sharer())
        queues = person.radio(steps=3, seedId=self.id(track), kind=self.of.upper())
        nodes = [node for queue in queues for node in (queue["now"], *queue["upcoming"])]
        return {node["item"]["id"]: 1.0 for node in nodes}


@pytest.mark.parametrize("of", ["Track", "Artist"])
@pytest.mark.parametrize("attack", [LoneItems, LoneItemsByRadio])
def test_from_an_item_of_one_listener_nothing_else_of_theirs_is_found(attack, of):
    attack(of).hold()


class OneLess(Learned):
    """Somebody leaves between two models. What moved in what is shown to strangers: is it what this person plays?

    The control: twenty who play the same leave together, which is what a model is for.
    """

    leaving = 3  # people, one after another, whose artists are told apart

    def __init__(self, look):
        self.look = look

    def estimate(self):
        return self.mount(1)

    def control(self):
        return self.mount(20)

    def mount(self, together):
        inside, outside = [], []
        for number in range(self.leaving):
            with another_world():
                moved, played = self.one(number, together)
            inside += [moved[artist] for artist in played]
            outside += [value for artist, value in moved.items() if artist not in played]
        return max(auc(inside, outside), 1 - auc(inside, outside))

    def one(self, number, together):
        town = Town.founded(*self.size, seed=number)
        chosen = np.random.default_rng(100 + number).choice(len(town.tracks), size=8, replace=False)
        leaving = [factories.sharer() for _ in range(together)]
        town.record((person, town.tracks[place], 8) for person in leaving for place in chosen)
        look = self.look(self, town)
        learn()
        before = look()
        for person in leaving:
            withdrawn(person)
        learn()
        after = look()
        played = {town.artists[place] for place in chosen}
        return {
            artist: abs(after.get(artist, 0.0) - before.get(artist, 0.0)) for artist in town.artists
        }, played


def popular(_attack, _town):
    """What anybody reads who is not signed in."""
    nobody = Person()
    query = "{ popular(kind: ARTIST, first: 100) { edges { node { score item { ... on Artist { id } } } } } }"
    return lambda: {
        edge["node"]["item"]["id"]: edge["node"]["score"] for edge in nobody.data(query)["popular"]["edges"]
    }


def by_probing(attack, town):
    """The scores of a listener made for it, who plays three of the artists."""
    prober = attack.prober(*town.tracks[:3])
    return lambda: prober.scores(of="Artist")


@pytest.mark.parametrize("look", [popular, by_probing])
def test_two_models_in_a_row_do_not_tell_what_the_one_plays_who_left(look):
    OneLess(look).hold()


class NineAndOne(OneLess):
    """Nine accounts made for it play what the one might play; with the one, there are ten."""

    def one(self, number, together):
        town = Town.founded(*self.size, seed=number)
        mine = [factories.track(f"Candidate {place}") for place in range(16)]
        for _ in range(9):
            puppet = factories.sharer()
            town.record((puppet, track, 1) for track in mine)
        chosen = np.random.default_rng(number).choice(len(mine), size=8, replace=False)
        leaving = [factories.sharer() for _ in range(together)]
        town.record((person, mine[place], 8) for person in leaving for place in chosen)
        town.tracks = mine
        look = self.look(self, town)
        learn()
        before = look()
        for person in leaving:
            withdrawn(person)
        learn()
        after = look()
        played = {town.artists[place] for place in chosen}
        return {
            artist: abs(after.get(artist, 0.0) - before.get(artist, 0.0)) for artist in town.artists
        }, played


def test_nine_accounts_do_not_tell_what_the_tenth_plays():
    NineAndOne(popular).hold()


def test_what_models_were_made_of_is_told_to_nobody():
    town = Town.founded(30, 12)
    learn()
    query = "{ activeModel { metrics } }"
    for person in (Person(), Person(town.people[0])):
        assert person.data(query)["activeModel"]["metrics"] is None
    staff = factories.listener(is_staff=True)
    assert Person(staff).data(query)["activeModel"]["metrics"] == {"data": {"users": 30}}
