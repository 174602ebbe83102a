"""A title that only one listener's plays brought is theirs, and the friends' with whom they share it: on every way to it."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Consent, Purpose, User
from accounts.services.friendship import friendship_end
from discovery.platform.graphql.node import global_id
from graph.models import Artist, Listen, Standing, Track
from graph.services.standing import catalog_sweep, standing_refresh
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

WORDS = "Voice memo: what I told nobody"
RECORD = """mutation ($title: String!, $artist: String!, $id: String!, $at: DateTime!) { recordListens(input: [
    {source: "recorder", sourceId: $id, listenedAt: $at, msPlayed: 200000, track: {title: $title, artist: $artist}}])
    { __typename ... on RecordedListens { stored } } }"""


@pytest.fixture
def owner():
    return factories.sharer("owner")


@pytest.fixture
def track(owner):
    record(owner)
    return Track.objects.get(title=WORDS)


def record(user, title=WORDS, artist="Owner, alone"):
    at = timezone.now() - timedelta(hours=2)
    answer = App(user).data(RECORD, title=title, artist=artist, id=f"{user.pk} {title}", at=at.isoformat())
    assert answer["recordListens"]["stored"] == 1


def ways_to(track, viewer, *, acting=True):
    """What each way through the API answers this viewer of the track and its artist; ``acting``: also what leaves rows."""
    app, key, artist = App(viewer), global_id("Track", track.pk), global_id("Artist", track.artist_id)
    asked = {
        "search": 'query { search(text: "voice memo") { edges { node { __typename } } } }',
        "search artist": 'query { search(text: "owner, al") { edges { node { __typename } } } }',
        "node": f'query {{ node(id: "{key}") {{ __typename }} }}',
        "artist": f'query {{ node(id: "{artist}") {{ __typename }} }}',
    }
    if viewer is not None and acting:
        asked |= {
            "like": f'mutation {{ giveFeedback(itemId: "{key}", kind: SKIP) {{ __typename }} }}',
            "radio": f'mutation {{ startRadio(seedId: "{key}") {{ __typename }} }}',
            "path": f'query {{ viewer {{ pathTo(id: "{key}") {{ __typename }} }} }}',
            "played again": 'mutation { recordListens(input: [{source: "a", sourceId: "b", listenedAt: "2026-01-01T12:00:00Z", '
            f'trackId: "{key}"}}]) {{ ... on RecordedListens {{ stored }} }} }}',
        }
    return {name: app.ask(query) for name, query in asked.items()}


def reached(track, viewer, **how):
    """The ways that answer differently than for a track that does not exist."""
    absent = Track(pk=track.pk + 1000, artist_id=track.artist_id + 1000)
    there, nowhere = ways_to(track, viewer, **how), ways_to(absent, viewer, **how)
    found = {name for name in there if name.startswith("search") and there[name]["data"]["search"]["edges"]}
    return found | {name for name in there if not name.startswith("search") and there[name] != nowhere[name]}


def test_its_listener_reaches_it_on_every_way(owner, track):
    assert reached(track, owner) >= {
        "search",
        "search artist",
        "node",
        "artist",
        "like",
        "path",
        "played again",
    }


@pytest.mark.parametrize(
    "viewer", ["anonymous", "stranger", "friend who is not shared with", "blocked", "staff"]
)
def test_nobody_else_reaches_it_on_any(owner, track, viewer):
    other = None if viewer == "anonymous" else factories.sharer("other")
    if viewer == "friend who is not shared with":
        factories.befriended(owner, other)
        factories.revoke(owner, Purpose.SOCIAL_OUT)
    if viewer == "blocked":
        factories.befriended(owner, other)
        factories.blocked(owner, other)
    if viewer == "staff":
        User.objects.filter(pk=other.pk).update(is_staff=True)
    assert reached(track, other) == set()


def test_a_friend_reaches_it_while_the_listener_shares_by_name(owner, track):
    friend = factories.sharer("friend")
    factories.befriended(owner, friend)
    assert reached(track, friend, acting=False) == {"search", "search artist", "node", "artist"}
    factories.revoke(owner, Purpose.NAMED)
    assert reached(track, friend) == set()


def test_friends_without_a_name_reach_it_by_three(owner, track):
    viewer, others = factories.sharer("viewer"), [factories.sharer() for _ in range(3)]
    for other in others[:2]:
        record(other)
    factories.befriended(viewer, owner, *others)
    factories.revoke(owner, Purpose.NAMED)
    for other in others:
        factories.revoke(other, Purpose.NAMED)
    assert "node" in reached(track, viewer, acting=False)
    friendship_end(user=viewer, other=others[2])  # who did not even play it: all of them fall silent
    assert reached(track, viewer) == set()


def test_two_friends_without_a_name_are_too_few(owner, track):
    viewer, others = factories.sharer("viewer"), [factories.sharer() for _ in range(3)]
    record(others[0])
    factories.befriended(viewer, owner, *others)
    for friend in (owner, *others):
        factories.revoke(friend, Purpose.NAMED)
    assert reached(track, viewer) == set()


def test_ten_contributors_make_it_everybodys_and_nine_do_not(owner, track):
    for _ in range(8):
        record(factories.sharer())
    standing_refresh()
    assert reached(track, None) == set()
    last = factories.sharer()
    record(last)
    standing_refresh()
    assert reached(track, None) == {"search", "search artist", "node", "artist"}
    factories.revoke(last, Purpose.CONTRIBUTE)
    standing_refresh()
    assert reached(track, None) == set()


def test_everybody_sees_their_own_plays_in_their_own_words(owner, track):
    other = factories.sharer("other")
    record(other, title=WORDS.upper(), artist="OWNER, ALONE")
    assert Track.objects.count() == 1
    ask = "query { viewer { listens { edges { node { track { title artist { name } } } } } } }"
    told = {user: json.dumps(App(user).data(ask)) for user in (owner, other)}
    assert WORDS in told[owner]
    assert "Owner, alone" in told[owner]
    assert WORDS.upper() in told[other]
    assert "OWNER, ALONE" in told[other]
    assert WORDS not in told[other]
    assert WORDS.upper() not in told[owner]


def test_with_the_last_of_its_listeners_it_goes(owner, track):
    other = factories.sharer("other")
    record(other)
    known = factories.track("In the catalog")
    Listen.objects.filter(user=owner).delete()
    assert catalog_sweep() == 0
    Listen.objects.filter(user=other).delete()
    assert catalog_sweep() == 2
    assert list(Track.objects.all()) == [known]
    assert list(Artist.objects.values_list("standing", flat=True)) == [Standing.CATALOG]


def test_what_somebody_still_holds_does_not_go(owner, track):
    friend = factories.sharer("friend")
    factories.befriended(owner, friend)
    app, key = App(friend), global_id("Track", track.pk)
    made = app.data('mutation { createPlaylist(input: {title: "Kept"}) { ... on Playlist { id } } }')
    playlist = made["createPlaylist"]["id"]
    add = "mutation ($list: ID!, $track: ID!) { addToPlaylist(playlistId: $list, trackId: $track) { __typename } }"
    assert app.data(add, list=playlist, track=key)["addToPlaylist"]["__typename"] == "Playlist"
    Consent.objects.filter(user=owner).delete()
    Listen.objects.filter(user=owner).delete()
    assert catalog_sweep() == 0
    assert "node" in reached(track, friend)
