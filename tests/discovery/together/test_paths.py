import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Block, PersonalizationLevel, Purpose
from accounts.presentation import Ref
from discovery.together.paths import connection_to
from graph.models import ArtistPlayCount
from tests import factories

pytestmark = pytest.mark.django_db


def to_track(track):
    return Ref("Track", track.pk)


def to_artist(artist):
    return Ref("Artist", artist.pk)


def to_person(user):
    return Ref("Listener", user.pk)


def test_through_a_friend_to_a_track_and_its_artist():
    world = factories.triangle_of_friends()
    theirs = world.favorites["ben"]
    path = connection_to(world.ada, to_artist(theirs.artist)).answer
    assert path.nodes == (world.ada, world.ben, theirs, theirs.artist)
    assert [link.text for link in path.links] == [
        "Ben is your friend",
        f"Ben plays Ben's Favorite ({theirs.artist.name})",
        f"Ben's Favorite ({theirs.artist.name}) is by {theirs.artist.name}",
    ]
    assert connection_to(world.ada, to_track(theirs)).answer.nodes == (world.ada, world.ben, theirs)


def test_ones_own_play_is_shorter_than_a_friends():
    world = factories.triangle_of_friends()
    assert connection_to(world.ada, to_track(world.common)).answer.nodes == (world.ada, world.common)


def test_along_another_track_of_the_artist():
    ada, artist = factories.sharer("ada"), factories.artist("One")
    played, other = factories.track("Played", by=artist), factories.track("Other", by=artist)
    factories.listens(ada, played)
    assert connection_to(ada, to_track(other)).answer.nodes == (ada, played, artist, other)


def test_an_imported_count_leads_to_the_artist():
    ada, artist = factories.sharer("ada"), factories.artist("One")
    ArtistPlayCount.objects.create(user=ada, artist=artist, count=3, source="test")
    assert connection_to(ada, to_artist(artist)).answer.nodes == (ada, artist)


def test_of_equal_ways_the_most_played():
    ada, often, seldom = factories.sharer("ada"), factories.sharer("often"), factories.sharer("seldom")
    song = factories.track()
    factories.befriended(ada, seldom, often)
    factories.listens(seldom, song, 1)
    factories.listens(often, song, 9)
    assert connection_to(ada, to_track(song)).answer.nodes == (ada, often, song)


@pytest.mark.parametrize("purpose", [Purpose.SOCIAL_OUT, Purpose.NAMED])
def test_a_friends_plays_are_no_way_without_their_consent(purpose):
    world = factories.triangle_of_friends()
    factories.revoke(world.ben, purpose)
    assert connection_to(world.ada, to_track(world.favorites["ben"])).answer is None


@pytest.mark.parametrize("level", [PersonalizationLevel.OFF, PersonalizationLevel.OWN])
def test_a_level_below_social_uses_no_friends(level):
    world = factories.triangle_of_friends()
    world.ada.level = level
    world.ada.save()
    assert connection_to(world.ada, to_track(world.favorites["ben"])).answer is None
    own = connection_to(world.ada, to_track(world.favorites["ada"])).answer
    assert (own is None) is (level is PersonalizationLevel.OFF)


def test_a_strangers_plays_are_no_way():
    ada, stranger, song = factories.sharer("ada"), factories.sharer("stranger"), factories.track()
    factories.listens(stranger, song)
    assert connection_to(ada, to_track(song)).answer is None


def test_what_does_not_exist_and_oneself_have_no_way():
    ada = factories.sharer("ada")
    for kind in ("Track", "Artist", "Listener"):
        assert connection_to(ada, Ref(kind, 10**9)).answer is None
    assert connection_to(ada, to_person(ada)).answer is None


@pytest.fixture
def chain():
    """Ada – Ben – Cleo, all of whom can be found."""
    ada, ben, cleo = factories.sharer("ada"), factories.sharer("ben"), factories.sharer("cleo")
    factories.befriended(ben, ada, cleo)
    return ada, ben, cleo


def test_to_a_friend_and_through_a_bridge(chain):
    ada, ben, cleo = chain
    assert connection_to(ada, to_person(ben)).answer.nodes == (ada, ben)
    path = connection_to(ada, to_person(cleo)).answer
    assert path.nodes == (ada, ben, cleo)
    assert [link.text for link in path.links] == ["Ben is your friend", "Ben is a friend of Cleo"]


@pytest.mark.parametrize("who", [0, 1, 2])
def test_every_end_and_the_bridge_must_be_found(chain, who):
    factories.revoke(chain[who], Purpose.DISCOVERABLE)
    assert connection_to(chain[0], to_person(chain[2])).answer is None
    assert connection_to(chain[0], to_person(chain[1])).answer is not None


@pytest.mark.parametrize(("one", "other"), [(0, 2), (2, 0), (1, 0), (2, 1)])
def test_no_way_leads_across_a_block(chain, one, other):
    Block.objects.create(blocker=chain[one], blocked=chain[other])
    assert connection_to(chain[0], to_person(chain[2])).answer is None


def test_query_count_does_not_grow(chain):
    ada, *_ = chain
    song, counts = factories.track(), []
    for size in (1, 8):
        for _ in range(size):
            friend = factories.sharer()
            factories.befriended(ada, friend)
            factories.listens(friend, song, 2)
        with CaptureQueriesContext(connection) as asked:
            connection_to(ada, to_artist(song.artist))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 9
