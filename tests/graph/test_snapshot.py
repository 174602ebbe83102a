"""The snapshot holds what CONTRIBUTE permits, exactly, and nothing else."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import policies
from accounts.models import Consent, Friendship, Purpose, pair
from discovery.models import PlaylistPlanKept
from graph import snapshot
from graph.models import (
    HEARD,
    LIKE_AS_PLAYS,
    ArtistPlayCount,
    Feedback,
    FeedbackKind,
    Listen,
    Playlist,
    PlaylistEntry,
    TasteExclusion,
)
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def edges(users, items, plays):
    """The plays as {(user id, item id): count}."""
    return {
        (int(users[u]), int(items[i])): float(c)
        for u, i, c in zip(plays.user, plays.item, plays.count, strict=True)
    }


def put_under(owner, title, *tracks, by=None):
    """A playlist of this title into which ``by``, or its owner, put these."""
    playlist = Playlist.objects.create(owner=owner, title=title)
    for position, track in enumerate(tracks):
        PlaylistEntry.objects.create(playlist=playlist, track=track, position=position, added_by=by or owner)
    return playlist


def like(user, **item):
    Feedback.objects.create(user=user, kind=FeedbackKind.LIKE, given_at=timezone.now(), **item)


def test_counts_plays_likes_and_imported_counts():
    one = factories.answered(factories.listener(), Purpose.CONTRIBUTE)
    song = factories.track()
    other = factories.artist()
    factories.listens(one, song, 2)
    factories.listens(one, song, 5, ms_played=4_000)  # skips
    like(one, track=song)
    ArtistPlayCount.objects.create(user=one, artist=other, count=7, source="a")
    ArtistPlayCount.objects.create(user=one, artist=song.artist, count=10, source="a")

    taken = snapshot.take()

    assert edges(taken.users, taken.tracks, taken.track_plays) == {(one.pk, song.pk): 2 + LIKE_AS_PLAYS}
    assert edges(taken.users, taken.artists, taken.artist_plays) == {
        (one.pk, song.artist_id): 12 + LIKE_AS_PLAYS,
        (one.pk, other.pk): 7,
    }
    assert taken.track_artist.tolist() == [int(np.flatnonzero(taken.artists == song.artist_id)[0])]


def test_nothing_of_people_who_did_not_grant_contribute():
    everything_else = [purpose for purpose in factories.EVERYTHING if purpose is not Purpose.CONTRIBUTE]
    silent = factories.answered(factories.listener(), *everything_else)
    giver = factories.answered(factories.listener(), Purpose.CONTRIBUTE)
    song = factories.track()
    factories.listens(silent, song)
    like(silent, artist=song.artist)
    ArtistPlayCount.objects.create(user=silent, artist=song.artist, count=7, source="a")
    factories.tag("mine", song, by=silent)
    factories.befriended(silent, giver)

    taken = snapshot.take()

    assert taken.users.tolist() == [giver.pk]
    assert taken.track_plays.user.size == taken.artist_plays.user.size == taken.track_tags.user.size == 0
    assert taken.friendships.shape == (0, 2)


def test_taggings_tell_the_catalog_from_people():
    giver = factories.answered(factories.listener(), Purpose.CONTRIBUTE, Purpose.DISCOVERABLE)
    song = factories.track()
    genre, word = factories.tag("folk", song), factories.tag("rainy", song, by=giver)
    own = factories.tag("folk", song.artist, by=giver)

    taken = snapshot.take()

    tags = taken.tags.tolist()
    assert taken.track_tags.user.tolist() == [-1, 0]
    assert [tags[row] for row in taken.track_tags.tag] == [genre.tag_id, word.tag_id]
    assert taken.artist_tags.user.tolist() == [0]
    assert [tags[row] for row in taken.artist_tags.tag] == [own.tag_id]
    assert taken.discoverable.tolist() == [True]


def test_friendships_are_the_accepted_ones():
    one, two, three = (factories.answered(factories.listener(), Purpose.CONTRIBUTE) for _ in range(3))
    factories.befriended(three, one)
    Friendship.objects.create(**pair(one, two), requested_by=two)

    assert snapshot.take().friendships.tolist() == [[0, 2]]


def test_equal_content_has_an_equal_hash_and_a_play_changes_it():
    world = factories.triangle_of_friends()
    before = snapshot.take()
    assert snapshot.take().content_hash == before.content_hash

    factories.listens(world.ada, world.common, ms_played=1)
    assert snapshot.take().content_hash == before.content_hash
    factories.listens(world.ada, world.common, at=factories.NOON + timedelta(days=1))
    assert snapshot.take().content_hash != before.content_hash


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    with django_assert_num_queries(23):
        snapshot.take()
    factories.checkerboard(4)
    with django_assert_num_queries(23):
        snapshot.take()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_reads_one_moment():
    world = factories.triangle_of_friends()
    connection.close()  # as in a command that has not asked anything yet
    assert snapshot.take().users.tolist() == sorted([world.ada.pk, world.ben.pk, world.cleo.pk])


def as_documented(ms_played, duration_ms):
    if ms_played is None:
        return True
    if duration_ms is None:
        return ms_played >= 30_000
    quarter = duration_ms // 4
    return (ms_played >= 30_000 and ms_played >= quarter) or ms_played >= quarter * 3


class HeardTest(TestCase):
    @settings(deadline=None)
    @given(
        ms_played=st.none() | st.integers(0, 2_000_000_000),
        duration_ms=st.none() | st.integers(0, 2_000_000_000),
    )
    def test_what_is_a_play(self, ms_played, duration_ms):
        song = factories.track(duration_ms=duration_ms)
        factories.listens(factories.listener(), song, ms_played=ms_played)
        assert Listen.objects.filter(HEARD, track=song).exists() == as_documented(ms_played, duration_ms)


def test_words_of_titles_are_those_that_enough_contributors_use():
    """Of each word as many owners as a count needs; of somebody who contributes nothing, nothing."""
    track = factories.track()
    people = [
        factories.answered(factories.listener(), Purpose.CONTRIBUTE)
        for _ in range(policies.SMALLEST_AGGREGATE)
    ]
    for person in people:
        put_under(person, "For the Gym", track)
    put_under(people[0], "Secret gym", track)
    taken = snapshot.take()
    assert list(taken.title_words) == ["gym"]
    assert len(set(taken.titled.user.tolist())) == len(people)
    factories.revoke(people[0], Purpose.CONTRIBUTE)
    assert list(snapshot.take().title_words) == []
    told_less = factories.answered(factories.listener(), Purpose.CONTRIBUTE)
    put_under(told_less, "gym", track)
    assert list(snapshot.take().title_words) == ["gym"]
    Consent.objects.filter(user=told_less).update(policy_version="2026-11-27")
    assert list(snapshot.take().title_words) == [], "a yes to a text that did not tell of titles"


def test_of_titles_count_what_their_owners_put_there_and_do_not_exclude():
    """Neither what a friend without CONTRIBUTE added, nor what is excluded, nor what a plan chose, such as a moment's."""
    own, added, planned, excluded, hidden = (factories.track() for _ in range(5))
    friend = factories.listener()
    for _ in range(policies.SMALLEST_AGGREGATE):
        person = factories.answered(factories.listener(), Purpose.CONTRIBUTE)
        put_under(person, "gym", own, excluded)
        put_under(person, "gym", added, by=friend)
        put_under(person, "gym", hidden)
        made = put_under(person, "For your run", planned)
        PlaylistPlanKept.objects.create(playlist=made, user=person, grammar="words:run", version=1)
        TasteExclusion.objects.create(user=person, track=excluded)
        TasteExclusion.objects.create(user=person, artist=hidden.artist)
    taken = snapshot.take()
    assert list(taken.title_words) == ["gym"]
    assert {int(taken.tracks[row]) for row in taken.titled.item} == {own.pk}
