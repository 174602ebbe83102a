"""What may enter the sum, and above all what may not."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import PersonalizationLevel, Purpose
from accounts.services.private_session import private_session_end, private_session_start
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, gather, gather_many, stated
from graph.models import LIKE_AS_PLAYS, ArtistPlayCount, Feedback, FeedbackKind, ItemKind, TasteExclusion
from graph.serving.channels import Channel
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
        (FeedbackKind.LIKE, Channel.OWN, True),
        (FeedbackKind.SKIP, Channel.NEGATIVE, False),
        (FeedbackKind.DISLIKE, Channel.NEGATIVE, True),
        (FeedbackKind.HIDE, Channel.NEGATIVE, True),
    ],
)
def test_words_of_feedback(kind, channel, known):
    """What is liked is known as what is turned away is: neither is proposed."""
    ana, item = factories.sharer("ana"), factories.track()
    Feedback.objects.create(user=ana, track=item, kind=kind, given_at=factories.NOON)
    evidence = gather(ana, ItemKind.TRACK)
    assert [entry[:2] for entry in entries(evidence)] == [(channel, item.pk)]
    assert (item.pk in evidence.known) is known
    assert evidence.liked == ({item.pk} if kind is FeedbackKind.LIKE else set())
    assert (item.pk in evidence.turned_away) is (known and kind is not FeedbackKind.LIKE)
    if kind is FeedbackKind.LIKE:
        assert entries(evidence)[0][2] == LIKE_AS_PLAYS
        factories.listens(ana, item, 1)
        assert gather(ana, ItemKind.TRACK).liked == set()  # played, and so no longer liked alone


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


def test_unnamed_friends_enter_only_with_what_three_of_them_each_played():
    ana, friends = factories.sharer("ana"), [factories.sharer(f"friend{n}") for n in range(5)]
    named, quiet, *unnamed = friends
    songs = [factories.track(f"Played by {count}") for count in range(4)]
    for friend in (quiet, *unnamed):
        factories.revoke(friend, Purpose.NAMED)
    for count, song in enumerate(songs):
        for friend in unnamed[:count]:
            factories.listens(friend, song, count)
    factories.listens(named, songs[2], 1)  # with a name, and so nobody's company

    def heard():
        return {(song, friend) for _channel, song, _amount, friend in entries(gather(ana, ItemKind.TRACK))}

    said = {(songs[2].pk, named.pk)}
    factories.befriended(ana, named, quiet, *unnamed[:2])
    assert heard() == said  # three without a name, but one of them plays nothing
    factories.befriended(ana, unnamed[2])
    assert heard() == said | {(songs[3].pk, friend.pk) for friend in unnamed}


def test_three_who_play_different_tracks_of_an_artist_say_something_of_the_artist_alone():
    ana, friends = factories.sharer("ana"), [factories.sharer(f"friend{n}") for n in range(3)]
    artist = factories.artist()
    for friend in friends:
        factories.revoke(friend, Purpose.NAMED)
        factories.listens(friend, factories.track(by=artist), 1)
    factories.befriended(ana, *friends)
    assert len(gather(ana, ItemKind.TRACK)) == 0
    heard = entries(gather(ana, ItemKind.ARTIST))
    assert heard == [(Channel.FRIEND, artist.pk, 1.0, friend.pk) for friend in friends]


@pytest.mark.parametrize("what", ["track", "artist"])
def test_what_one_excludes_counts_for_nothing_whoever_plays_it(what):
    ana, ben, song = factories.sharer("ana"), factories.sharer("ben"), factories.track()
    other = factories.track()
    factories.befriended(ana, ben)
    for played in (song, other):
        factories.listens(ben, played, 1)
    TasteExclusion.objects.create(user=ana, **{what: song if what == "track" else song.artist})
    assert [entry[1] for entry in entries(gather(ana, ItemKind.TRACK))] == [other.pk]
    assert song.pk in gather(ana, ItemKind.TRACK).known
    stating = gather(ana, ItemKind.TRACK, level=PersonalizationLevel.BASIC)
    rows = [(KEY_ITEM, song.pk, 1.0, Channel.PICK), (KEY_ARTIST, song.artist_id, 1.0, Channel.PICK),
            (KEY_ITEM, other.pk, 1.0, Channel.PICK)]  # fmt: skip
    said = {(int(kind), int(key)) for kind, key in zip(*keys(stated(stating, rows)), strict=True)}
    assert said == {(KEY_ITEM, other.pk)} | ({(KEY_ARTIST, song.artist_id)} if what == "track" else set())


def keys(evidence):
    return evidence.key_kind, evidence.key_id


def test_in_a_private_session_no_friend_enters():
    ana, ben = factories.sharer("ana"), factories.sharer("ben")
    factories.befriended(ana, ben)
    for person in (ana, ben):
        factories.listens(person, factories.track(), 1)
    assert len(gather(ana, ItemKind.TRACK)) == 2
    private_session_start(user=ana)
    assert {entry[0] for entry in entries(gather(ana, ItemKind.TRACK))} == {Channel.OWN}
    assert len(gather(ben, ItemKind.TRACK)) == 2  # whose friends are no business of ana's session
    private_session_end(user=ana)
    assert len(gather(ana, ItemKind.TRACK)) == 2


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
        private=st.none() | st.sampled_from(range(4)),
        asked=st.none() | st.sampled_from(PersonalizationLevel),
    )
    @settings(max_examples=40, deadline=None)
    def test_alone_and_among_all(self, grants, levels, edges, blocks, private, asked):
        people, common = [factories.listener(level=level) for level in levels], factories.track()
        for person, purposes in zip(people, grants, strict=True):
            factories.answered(person, *purposes)
            for played in (common, factories.track()):
                factories.listens(person, played, 1)
        for low, high in edges:
            factories.befriended(people[low], people[high])
        for blocker, other in blocks:
            factories.blocked(people[blocker], people[other])
        if private is not None:
            private_session_start(user=people[private])
        together = gather_many(people, ItemKind.TRACK, level=asked)
        for person, among in zip(people, together, strict=True):
            alone = gather(person, ItemKind.TRACK, level=asked)
            assert alone.use == among.use
            assert entries(alone) == entries(among)
            assert alone.known == among.known
            assert np.array_equal(alone.key_kind, among.key_kind)
