"""What may enter the sum, and above all what may not."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import PersonalizationLevel, Purpose
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, gather, gather_many
from graph.models import LIKE_AS_PLAYS, ArtistPlayCount, Feedback, FeedbackKind, ItemKind
from graph.serving.index import Channel
from tests import factories

pytestmark = pytest.mark.django_db


def entries(evidence):
    """(channel, key id, amount, friend) of each entry, in order."""
    rows = zip(evidence.channel, evidence.key_id, evidence.amount, evidence.friend, strict=True)
    return [(Channel(int(c)), int(k), float(a), int(f)) for c, k, a, f in rows]


def test_own_plays_are_counted_and_skips_are_negative():
    ana, liked, skipped = factories.sharer("ana"), factories.track(), factories.track()
    factories.listens(ana, liked, 3)
    factories.listens(ana, skipped, 2, ms_played=4_000)
    evidence = gather(ana, ItemKind.TRACK)
    assert entries(evidence) == [(Channel.OWN, liked.pk, 3.0, 0), (Channel.NEGATIVE, skipped.pk, 2.0, 0)]
    assert evidence.known == {liked.pk, skipped.pk}


def test_artist_evidence_rolls_up_plays_and_imported_counts():
    ana, one = factories.sharer("ana"), factories.track()
    factories.listens(ana, one, 3)
    ArtistPlayCount.objects.create(user=ana, artist=one.artist, count=4, source="lastfm")
    assert entries(gather(ana, ItemKind.ARTIST)) == [(Channel.OWN, one.artist_id, 7.0, 0)]
    tracks = gather(ana, ItemKind.TRACK)
    assert sorted(zip(tracks.key_kind.tolist(), tracks.amount.tolist(), strict=True)) == [
        (KEY_ITEM, 3.0),
        (KEY_ARTIST, 4.0),
    ]
    assert tracks.known == {one.pk}


@pytest.mark.parametrize(
    ("kind", "channel", "known"),
    [
        (FeedbackKind.LIKE, Channel.OWN, False),
        (FeedbackKind.SKIP, Channel.NEGATIVE, False),
        (FeedbackKind.DISLIKE, Channel.NEGATIVE, True),
        (FeedbackKind.HIDE, Channel.NEGATIVE, True),
    ],
)
def test_words_of_feedback(kind, channel, known):
    ana, item = factories.sharer("ana"), factories.track()
    Feedback.objects.create(user=ana, track=item, kind=kind, given_at=factories.NOON)
    evidence = gather(ana, ItemKind.TRACK)
    assert [entry[:2] for entry in entries(evidence)] == [(channel, item.pk)]
    assert (item.pk in evidence.known) is known
    if kind is FeedbackKind.LIKE:
        assert entries(evidence)[0][2] == LIKE_AS_PLAYS


@pytest.mark.parametrize("level", [PersonalizationLevel.OFF, PersonalizationLevel.BASIC])
def test_below_own_nothing_of_the_history_enters(level):
    ana = factories.sharer("ana")
    factories.listens(ana, factories.track(), 3)
    evidence = gather(ana, ItemKind.TRACK, level=level)
    assert len(evidence) == 0
    assert evidence.known == frozenset()
    assert evidence.use.level == level


def test_without_self_nothing_enters_and_the_answer_says_so():
    ana, ben = factories.sharer("ana"), factories.sharer("ben")
    factories.befriended(ana, ben)
    for person in (ana, ben):
        factories.listens(person, factories.track(), 3)
    factories.revoke(ana, Purpose.SELF)
    evidence = gather(ana, ItemKind.TRACK)
    assert len(evidence) == 0
    assert Purpose.SELF in evidence.use.not_used


@pytest.mark.parametrize(("who", "purpose"), [("ana", Purpose.SOCIAL_IN), ("ben", Purpose.SOCIAL_OUT)])
def test_a_friends_plays_need_both_sides(who, purpose):
    people = {"ana": factories.sharer("ana"), "ben": factories.sharer("ben")}
    ana, ben, theirs = people["ana"], people["ben"], factories.track()
    factories.befriended(ana, ben)
    factories.listens(ben, theirs, 2)
    assert entries(gather(ana, ItemKind.TRACK)) == [(Channel.FRIEND, theirs.pk, 2.0, ben.pk)]
    factories.revoke(people[who], purpose)
    assert entries(gather(ana, ItemKind.TRACK)) == []


def test_friends_enter_at_social_only():
    ana, ben = factories.sharer("ana"), factories.sharer("ben")
    factories.befriended(ana, ben)
    factories.listens(ben, factories.track(), 2)
    assert len(gather(ana, ItemKind.TRACK, level=PersonalizationLevel.SOCIAL)) == 1
    assert len(gather(ana, ItemKind.TRACK, level=PersonalizationLevel.OWN)) == 0


def test_an_unnamed_friend_enters_only_in_a_crowd_of_three():
    ana, friends = factories.sharer("ana"), [factories.sharer(f"friend{n}") for n in range(3)]
    for friend in friends:
        factories.listens(friend, factories.track(), 1)
    unnamed = friends[0]
    factories.revoke(unnamed, Purpose.NAMED)
    factories.befriended(ana, *friends[:2])
    assert set(gather(ana, ItemKind.TRACK).friend.tolist()) == {friends[1].pk}
    factories.befriended(ana, friends[2])
    assert set(gather(ana, ItemKind.TRACK).friend.tolist()) == {friend.pk for friend in friends}


def test_a_block_silences_both_ways():
    ana, ben = factories.sharer("ana"), factories.sharer("ben")
    factories.befriended(ana, ben)
    for person in (ana, ben):
        factories.listens(person, factories.track(), 2)
    factories.blocked(ben, ana)
    assert Channel.FRIEND not in gather(ana, ItemKind.TRACK).channel
    assert Channel.FRIEND not in gather(ben, ItemKind.TRACK).channel


def test_gathering_takes_as_many_queries_for_thirty_friends_as_for_three(django_assert_max_num_queries):
    ana = factories.sharer("ana")

    def queries_with(count):
        for _ in range(count):
            friend = factories.sharer()
            factories.befriended(ana, friend)
            factories.listens(friend, factories.track(), 1)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            gather(ana, ItemKind.TRACK)
        return len(captured)

    assert queries_with(3) == queries_with(27)


class GatheringManyAgrees(TestCase):
    """One viewer's evidence is the same whether gathered alone or among all."""

    @given(
        grants=st.lists(st.sets(st.sampled_from(factories.EVERYTHING)), min_size=4, max_size=4),
        levels=st.lists(st.sampled_from(PersonalizationLevel), min_size=4, max_size=4),
        edges=st.sets(st.sampled_from([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])),
        blocks=st.sets(st.sampled_from([(0, 1), (3, 2)])),
        asked=st.none() | st.sampled_from(PersonalizationLevel),
    )
    @settings(max_examples=40, deadline=None)
    def test_alone_and_among_all(self, grants, levels, edges, blocks, asked):
        people = [factories.listener(level=level) for level in levels]
        for person, purposes in zip(people, grants, strict=True):
            factories.answered(person, *purposes)
            factories.listens(person, factories.track(), 1)
        for low, high in edges:
            factories.befriended(people[low], people[high])
        for blocker, other in blocks:
            factories.blocked(people[blocker], people[other])
        together = gather_many(people, ItemKind.TRACK, level=asked)
        for person, among in zip(people, together, strict=True):
            alone = gather(person, ItemKind.TRACK, level=asked)
            assert alone.use == among.use
            assert entries(alone) == entries(among)
            assert alone.known == among.known
            assert np.array_equal(alone.key_kind, among.key_kind)
