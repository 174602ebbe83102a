"""What people played and said, of many people in one query, and never what they exclude."""

from collections import Counter

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from graph.histories import FEEDBACK_KINDS, Excluded, amounts, excluded_items, histories
from graph.models import ArtistPlayCount, Feedback, FeedbackKind, ItemKind, TasteExclusion
from graph.services.feedback import feedback_give
from tests import factories
from tests.plans import plan, questions

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def plays(told):
    """(listener, item, plays, skips) in order."""
    return list(
        zip(told.user.tolist(), told.item.tolist(), told.plays.tolist(), told.skips.tolist(), strict=True)
    )


def words(told):
    """(listener, item, word) in order."""
    kinds = [FEEDBACK_KINDS[kind] for kind in told.words.kind.tolist()]
    return list(zip(told.words.user.tolist(), told.words.item.tolist(), kinds, strict=True))


@pytest.fixture
def pair():
    """Two listeners with one artist's songs: the first plays one and skips it, the second has imported counts too."""
    one, two, song = factories.listener(), factories.listener(), factories.track()
    other = factories.track(by=song.artist)
    factories.listens(one, song, 3)
    factories.listens(one, song, 2, ms_played=3_000)
    factories.listens(two, other, 1)
    factories.listens(factories.listener(), song, 9)
    for source, count in (("a", 40), ("b", 2)):
        ArtistPlayCount.objects.create(user=two, artist=song.artist, count=count, source=source)
    return one, two, song, other


def test_of_many_people_in_one_query(pair, django_assert_num_queries):
    one, two, song, other = pair
    with django_assert_num_queries(1):
        tracks = histories([two.pk, one.pk], [one.pk], ItemKind.TRACK)
    assert plays(tracks.plays) == [(one.pk, song.pk, 3, 2), (two.pk, other.pk, 1, 0)]
    assert plays(tracks.imported) == [(two.pk, song.artist_id, 42, 0)]
    with django_assert_num_queries(1):
        artists = histories([two.pk, one.pk], [one.pk], ItemKind.ARTIST)
    assert plays(artists.plays) == [(one.pk, song.artist_id, 3, 2), (two.pk, song.artist_id, 43, 0)]
    assert plays(artists.imported) == []
    assert artists.excluding == frozenset()


@pytest.mark.parametrize("kind", ItemKind)
def test_amounts_are_the_plays_of_histories_in_one_query_where_nobody_excludes(
    pair, kind, django_assert_num_queries
):
    one, two, song, _ = pair
    with django_assert_num_queries(1):
        told = summed(amounts([two.pk, one.pk], kind))
    assert told == {row[:3] for row in plays(histories([one.pk, two.pk], [], kind).plays)}
    TasteExclusion.objects.create(user=one, artist=song.artist)
    assert summed(amounts([two.pk, one.pk], kind)) == {row for row in told if row[0] == two.pk}


def summed(told):
    """(listener, item, plays) of what may stand in several rows."""
    total = Counter()
    for who, what, often in zip(*(column.tolist() for column in told), strict=True):
        total[who, what] += often
    return {(*key, often) for key, often in total.items()}


def test_a_skip_of_a_track_of_unknown_length_is_one():
    ana, song = factories.listener(), factories.track()
    song.duration_ms = None
    song.save()
    factories.listens(ana, song, 1, ms_played=20_000)
    assert plays(histories([ana.pk], [], ItemKind.TRACK).plays) == [(ana.pk, song.pk, 0, 1)]


def test_words_of_those_asked_for_by_kind_of_item():
    one, two, song = factories.listener(), factories.listener(), factories.track()
    feedback_give(user=one, item=song, kind=FeedbackKind.HIDE)
    feedback_give(user=one, item=song.artist, kind=FeedbackKind.LIKE)
    feedback_give(user=two, item=song, kind=FeedbackKind.LIKE)
    assert words(histories([one.pk, two.pk], [one.pk], ItemKind.TRACK)) == [
        (one.pk, song.pk, FeedbackKind.HIDE)
    ]
    assert words(histories([one.pk, two.pk], [one.pk], ItemKind.ARTIST)) == [
        (one.pk, song.artist_id, FeedbackKind.LIKE)
    ]


def test_nobody_has_no_history():
    told = histories([], [], ItemKind.TRACK)
    assert (len(told.plays.user), len(told.words.user), told.excluding) == (0, 0, frozenset())


def test_what_one_excludes_is_left_out_of_theirs_alone_with_one_query_more(pair, django_assert_num_queries):
    one, two, song, other = pair
    feedback_give(user=one, item=song.artist, kind=FeedbackKind.LIKE)
    TasteExclusion.objects.create(user=one, artist=song.artist)
    with django_assert_num_queries(2):
        told = histories([one.pk, two.pk], [one.pk], ItemKind.ARTIST)
    assert plays(told.plays) == [(two.pk, song.artist_id, 43, 0)]
    assert words(told) == []
    assert told.excluding == {one.pk}
    assert plays(histories([one.pk, two.pk], [], ItemKind.TRACK).plays) == [(two.pk, other.pk, 1, 0)]
    songs, artist = frozenset({song.pk, other.pk}), frozenset({song.artist_id})
    assert excluded_items([one.pk, two.pk], ItemKind.TRACK) == {one.pk: Excluded(songs, artist)}
    assert excluded_items([one.pk, two.pk], ItemKind.ARTIST) == {one.pk: Excluded(artist)}
    TasteExclusion.objects.create(user=two, track=song)
    assert excluded_items([two.pk], ItemKind.TRACK) == {two.pk: Excluded(frozenset({song.pk}))}
    assert excluded_items([two.pk], ItemKind.ARTIST) == {}


class ExclusionsAreTheirOwners(TestCase):
    """Whoever excludes what: everybody's history is what a loop over the rows leaves of it."""

    @given(
        played=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=10),
        liked=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=5),
        excluded=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=4),
    )
    @settings(max_examples=30, deadline=None)
    def test_as_a_loop_over_the_rows(self, played, liked, excluded):
        people, songs = [factories.listener() for _ in range(3)], [factories.track() for _ in range(4)]
        for person, song in played:
            factories.listens(people[person], songs[song], 1)
        for person, song in liked:
            Feedback.objects.create(
                user=people[person], track=songs[song], kind=FeedbackKind.LIKE, given_at=factories.NOON
            )
        for person, song in excluded:
            TasteExclusion.objects.create(user=people[person], track=songs[song])
        ids = [person.pk for person in people]
        told = histories(ids, ids, ItemKind.TRACK)
        assert plays(told.plays) == [
            (people[person].pk, songs[song].pk, played.count((person, song)), 0)
            for person, song in sorted(set(played) - excluded)
        ]
        assert words(told) == [
            (people[person].pk, songs[song].pk, FeedbackKind.LIKE)
            for person, song in sorted(liked - excluded)
        ]


if connection.vendor == "sqlite":  # the suite runs what is marked so on both

    @pytest.mark.parametrize("kind", ItemKind)
    def test_what_is_asked_of_some_reads_no_play_of_others(pair, kind):
        """Without statistics, too: there "nobody's echo" sounds like a few rows, and is nearly all."""
        one, two, *_ = pair
        with questions() as asked:
            histories([one.pk, two.pk], [one.pk], kind)
        (question,) = asked
        steps = [(how, by) for how, table, by in plan(*question) if table == "graph_listen"]
        assert steps
        assert all(how == "SEARCH" and "(user_id=?" in by for how, by in steps), steps
