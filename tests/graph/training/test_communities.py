"""Communities of taste, on graphs small enough to see them."""

import pytest

from accounts.models import Purpose
from graph import snapshot
from graph.models import Community
from graph.training.communities import _coarse, communities_refresh
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_scenes():
    """Twelve listeners of two jazz artists and ten of two metal ones; one listener hears one artist of each."""
    scenes = {}
    for word, size in (("jazz", 12), ("metal", 10)):
        tracks = [
            factories.track(by=factories.artist(f"{word} {number}", tags=[word, "live"]))
            for number in range(2)
        ]
        people = [factories.sharer() for _ in range(size)]
        for person in people:
            for track in tracks:
                factories.listens(person, track, 3)
        scenes[word] = (people, tracks)
    factories.listens(scenes["jazz"][0][0], scenes["metal"][1][0], 1)
    return scenes


def found():
    return {community.name: (community.size, community.artists) for community in Community.objects.all()}


def artists(scene):
    return sorted(track.artist_id for track in scene[1])


def refresh():
    return communities_refresh(snapshot.take())


@pytest.mark.parametrize(("size", "told"), [(10, 10), (19, 10), (20, 20), (49, 20), (99, 50), (1234, 1000)])
def test_a_size_is_told_coarsely(size, told):
    assert _coarse(size) == told


def test_who_plays_alike_is_one_community_named_by_what_sets_it_apart(two_scenes):
    assert refresh() == 2
    assert {name: (size, sorted(shown)) for name, (size, shown) in found().items()} == {
        "jazz": (10, artists(two_scenes["jazz"])),
        "metal": (10, artists(two_scenes["metal"])),
    }


def test_the_same_snapshot_has_the_same_communities(two_scenes):
    refresh()
    before = found()
    refresh()
    assert found() == before


def test_a_withdrawal_takes_a_community_below_ten_out_of_sight(two_scenes):
    refresh()
    person = two_scenes["metal"][0][0]
    factories.revoke(person, Purpose.CONTRIBUTE)
    assert refresh() == 1
    assert {name: size for name, (size, _) in found().items()} == {
        "jazz, live": 10
    }  # nothing to set it apart from


def test_an_artist_that_fewer_than_ten_members_play_is_not_shown(two_scenes):
    few = factories.track(by=factories.artist("Insider", tags=["secret"]))
    for person in two_scenes["jazz"][0][:9]:
        factories.listens(person, few, 50)
    refresh()
    shown = found()["jazz"][1]
    assert sorted(shown) == artists(two_scenes["jazz"])
    assert all("secret" not in community.tags for community in Community.objects.all())


def test_without_anybody_there_are_none():
    factories.listens(factories.listener(), factories.track())
    assert refresh() == 0
    assert found() == {}
