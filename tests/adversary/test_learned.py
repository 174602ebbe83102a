"""What a model learned from people: whoever asks it, without having to do with any of them, for what one of them plays.

The small towns here are for the suite; `tests/soak/soak_adversary.py` mounts the same attacks on larger ones.
"""

import numpy as np
import pytest

from discovery.platform.graphql.node import global_id
from graph.serving import active_model
from tests import factories
from tests.adversary.attack import QUEUE, Attack, Person, another_world, auc, bootstrap
from tests.adversary.learned import Town, learn, songs, townspeople, withdrawn

pytestmark = pytest.mark.django_db

TOLD = 0.6  # the AUC that an attack on a model may reach


@pytest.fixture(autouse=True)
def registry(artifact_dir, monkeypatch, redis_url):
    monkeypatch.setattr(active_model, "_served", None)


class Learned(Attack):
    """An estimate of AUC: 0.5 is guessing.

    Of a small town it is the lower end of what chance allows, so that the attack fails the suite only where it is sure
    to work; `tests/soak/soak_adversary.py` takes the middle, of many more people.
    """

    bound, works = TOLD, 0.65
    size = (130, 36)  # people, artists: with a hundred and more, a model leaves some of them out

    def control(self):
        return auc(*self.mount(self.crowd))

    def estimate(self):
        inside, outside = self.mount(self.alone)
        return self.read(inside, outside)

    alone, crowd = 1, 20  # how many the attack is about, and how many it would have to be about to work

    def read(self, inside, outside):
        return bootstrap(inside, outside)[0]

    def mount(self, people):
        """By what it reads: numbers of what the prey plays, and of what they do not play."""
        raise NotImplementedError

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

    hermits, tracks_each = 6, 4
    alone, crowd = 0, 12

    def __init__(self, of):
        self.of = of

    def mount(self, fans):
        town = Town.founded(*self.size)
        sets = [songs(f"Lone {hermit}", self.tracks_each) for hermit in range(self.hermits)]
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
        return inside, outside

    def id(self, track):
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


@pytest.mark.parametrize(("attack", "of"), [(LoneItems, "Track"), (LoneItemsByRadio, "Artist")])
def test_from_an_item_of_one_listener_nothing_else_of_theirs_is_found(attack, of):
    attack(of).hold()


class OneLess(Learned):
    """Somebody leaves between two models. What moved in what is shown to strangers: is it what this person plays?

    The control: twenty who play the same leave together, which is what a model is for.
    """

    bound = 0.7  # of so few: what a model leaves out moves all of one person's artists together
    leaving = 3  # people, one after another, whose artists are told apart

    def __init__(self, look):
        self.look = look

    def mount(self, together):
        inside, outside = [], []
        for number in range(self.leaving):
            with another_world():
                moved, played = self.one(number, together)
            inside += [moved[artist] for artist in played]
            outside += [value for artist, value in moved.items() if artist not in played]
        return inside, outside

    def one(self, number, together):
        """By artist, how much its score fell; and what those played who left, as far as the attacker did not know it."""
        town = Town.founded(*self.size, seed=number)
        chosen = np.random.default_rng(100 + number).choice(len(town.tracks), size=8, replace=False)
        known = [town.tracks[place] for place in chosen[:3]]
        return self.fallen(town, known, [town.tracks[place] for place in chosen], together)

    def fallen(self, town, known, played, together):
        leaving = townspeople(together)
        town.record((person, track, 8) for person in leaving for track in played)
        look = self.look(self, known)
        learn()
        before = look()
        for person in leaving:
            withdrawn(person)
        learn()
        after = look()
        of = {track: global_id("Artist", track.artist_id) for track in town.tracks if track not in known}
        moved = {artist: before.get(artist, 0.0) - after.get(artist, 0.0) for artist in of.values()}
        return moved, {of[track] for track in played if track in of}


def popular(_attack, _known):
    """What anybody reads who is not signed in."""
    nobody = Person()
    query = "{ popular(kind: ARTIST, first: 100) { edges { node { score item { ... on Artist { id } } } } } }"
    return lambda: {
        edge["node"]["item"]["id"]: edge["node"]["score"] for edge in nobody.data(query)["popular"]["edges"]
    }


def by_probing(attack, known):
    """The scores of a listener made for it, who plays the three artists that are known of the one who leaves."""
    prober = attack.prober(*known)
    return lambda: prober.scores(of="Artist")


def by_radio(_attack, known):
    """What a radio from one of these artists lines up, for somebody who plays nothing."""
    person, seed = Person(factories.sharer()), global_id("Artist", known[0].artist_id)

    def look():
        queue = person.told("startRadio", QUEUE, seedId=seed, kind="ARTIST")
        return {node["item"]["id"]: node["score"] for node in (queue["now"], *queue["upcoming"])}

    return look


@pytest.mark.parametrize("look", [popular, by_radio])
def test_two_models_in_a_row_do_not_tell_what_the_one_plays_who_left(look):
    OneLess(look).hold()


class Probing(OneLess):
    """Whoever reads scores off learns a part of it, as `docs/privacy.md` says: less than where nobody is left out."""

    bound, works = 0.93, 0.95


def test_who_probes_two_models_in_a_row_learns_a_part_and_not_the_whole():
    Probing(by_probing).hold()


class NineAndOne(OneLess):
    """Nine accounts made for it play what the one might play; with the one, there are ten."""

    def one(self, number, together):
        town = Town.founded(*self.size, seed=number)
        learn()  # there is a model before the attack begins
        mine = songs("Candidate", 16)
        town.record((puppet, track, 1) for puppet in townspeople(9) for track in mine)
        chosen = np.random.default_rng(number).choice(len(mine), size=8, replace=False)
        town.tracks = mine
        return self.fallen(town, [], [mine[place] for place in chosen], together)


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
