"""Feedback, playlists, the words shown, and what the selectors read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import policies
from accounts.models import Purpose
from discovery.platform.errors import ConsentMissing, InvalidInput, NotFound
from graph import selectors
from graph.models import Feedback, FeedbackKind, ItemKind, Playlist, PlaylistEntry, Standing
from graph.services.feedback import feedback_give
from graph.services.playlists import (
    playlist_create,
    playlist_delete,
    playlist_entry_add,
    playlist_entry_move,
    playlist_entry_remove,
    playlist_rename,
)
from graph.services.tags import tags_refresh
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def kinds(user):
    return sorted(Feedback.objects.filter(user=user).values_list("kind", flat=True))


@pytest.mark.parametrize("make", [factories.track, factories.artist])
def test_verdicts_replace_one_another_and_a_skip_stands_beside_them(make):
    user, item, bystander = factories.answered(factories.listener(), Purpose.RECORD), make(), make()
    feedback_give(user=user, item=bystander, kind=FeedbackKind.LIKE)
    seen = []
    for kind in (
        FeedbackKind.LIKE,
        FeedbackKind.SKIP,
        FeedbackKind.DISLIKE,
        FeedbackKind.HIDE,
        FeedbackKind.LIKE,
    ):
        feedback_give(user=user, item=item, kind=kind)
        seen.append(kinds(user))

    assert seen == [
        ["LIKE", "LIKE"], ["LIKE", "LIKE", "SKIP"], ["DISLIKE", "LIKE", "SKIP"], ["HIDE", "LIKE", "SKIP"],
        ["LIKE", "LIKE", "SKIP"],
    ]  # fmt: skip


def test_a_skip_again_moves_its_time():
    user, item = factories.answered(factories.listener(), Purpose.RECORD), factories.track()
    first, _ = feedback_give(user=user, item=item, kind=FeedbackKind.SKIP)
    second, _ = feedback_give(user=user, item=item, kind=FeedbackKind.SKIP)
    assert second.pk == first.pk
    assert Feedback.objects.get().given_at == second.given_at > first.given_at


def test_a_skip_is_observed_and_asks_record_where_a_like_does_not():
    user, item = factories.listener(), factories.track()
    with pytest.raises(ConsentMissing):
        feedback_give(user=user, item=item, kind=FeedbackKind.SKIP)
    feedback_give(user=user, item=item, kind=FeedbackKind.LIKE)
    assert kinds(user) == ["LIKE"]


# --- playlists


def order(playlist):
    rows = list(playlist.entries.values_list("position", "pk"))
    assert [position for position, _ in rows] == list(range(len(rows)))
    return [pk for _, pk in rows]


def test_a_foreign_playlist_is_not_found_and_stays():
    owner, other = factories.listener(), factories.listener()
    song = factories.track()
    playlist = playlist_create(owner=owner, title="Mine")
    entry = playlist_entry_add(user=owner, playlist_id=playlist.pk, track_id=song.pk)

    for action in (
        lambda: playlist_rename(owner=other, playlist_id=playlist.pk, title="Yours"),
        lambda: playlist_delete(owner=other, playlist_id=playlist.pk),
        lambda: playlist_entry_add(user=other, playlist_id=playlist.pk, track_id=song.pk),
        lambda: playlist_entry_remove(user=other, entry_id=entry.pk),
        lambda: playlist_entry_move(user=other, entry_id=entry.pk, position=0),
    ):
        with pytest.raises(NotFound):
            action()
    assert Playlist.objects.get().title == "Mine"
    assert order(playlist) == [entry.pk]


@pytest.mark.parametrize("title", ["", "  ", "x" * 201, "a\0"])
def test_a_bad_title_creates_nothing(title):
    with pytest.raises(InvalidInput):
        playlist_create(owner=factories.listener(), title=title)
    assert not Playlist.objects.exists()


@pytest.mark.parametrize("position", [-1, 2])
def test_a_position_outside_the_list_is_refused(position):
    owner, song = factories.listener(), factories.track()
    playlist = playlist_create(owner=owner, title="Mine")
    entry = playlist_entry_add(user=owner, playlist_id=playlist.pk, track_id=song.pk)
    with pytest.raises(InvalidInput):
        playlist_entry_add(user=owner, playlist_id=playlist.pk, track_id=song.pk, position=position)
    with pytest.raises(InvalidInput):
        playlist_entry_move(user=owner, entry_id=entry.pk, position=position)
    assert order(playlist) == [entry.pk]


class PlaylistOrderTest(TestCase):
    """The entries behave as a Python list does."""

    @settings(deadline=None, max_examples=40)
    @given(
        steps=st.lists(
            st.tuples(st.sampled_from(["add", "remove", "move"]), st.integers(0, 99), st.integers(0, 99)),
            max_size=15,
        )
    )
    def test_any_sequence_of_changes(self, steps):
        owner, song = factories.listener(), factories.track()
        playlist = playlist_create(owner=owner, title="Mine")
        model: list[int] = []
        for action, at, to in steps:
            if action == "add":
                place = at % (len(model) + 1)
                entry = playlist_entry_add(
                    user=owner, playlist_id=playlist.pk, track_id=song.pk, position=place
                )
                model.insert(place, entry.pk)
            elif model and action == "remove":
                playlist_entry_remove(user=owner, entry_id=model.pop(at % len(model)))
            elif model:
                entry_id = model.pop(at % len(model))
                place = to % (len(model) + 1)
                model.insert(place, entry_id)
                playlist_entry_move(user=owner, entry_id=entry_id, position=place)
            assert order(playlist) == model
        assert PlaylistEntry.objects.filter(playlist=playlist).count() == len(model)


# --- words


def test_words_of_the_catalog_come_first_and_few_people_are_not_quoted():
    song = factories.track()
    people = [
        factories.answered(factories.listener(), Purpose.CONTRIBUTE)
        for _ in range(policies.SMALLEST_AGGREGATE)
    ]
    factories.tag("folk", song)
    for person in people:
        factories.tag("rainy", song, by=person)
    for person in people[1:]:
        factories.tag("mine", song, by=person)
    factories.tag("mine", song, by=factories.listener())  # tags, but does not contribute

    assert tags_refresh() == 1
    song.refresh_from_db()
    assert song.tags == ["folk", "rainy"]
    assert tags_refresh() == 0


def test_a_withdrawn_contribution_takes_its_words_along():
    star = factories.artist()
    for _ in range(policies.SMALLEST_AGGREGATE):
        person = factories.answered(factories.listener(), Purpose.CONTRIBUTE)
        factories.tag("rainy", star, by=person)
    tags_refresh()
    person.consents.all().delete()

    tags_refresh()

    star.refresh_from_db()
    assert star.tags == []


# --- search


def found(text, kind=None, behind=None, count=10):
    return [
        str(item)
        for _hit, item in selectors.search(
            viewer=None, text=text, kind=kind, behind=behind, count=count
        ).answer.items
    ]


def test_search_ranks_exact_then_prefix_then_contained():
    band = factories.artist("Rain")
    for title in ("Purple Rain", "Rainbow", "rain", "Sunshine", "Raindrops"):
        factories.track(title, band)
    assert found("RAIN") == ["Rain", "rain", "Rainbow", "Raindrops", "Purple Rain"]
    assert found("rain", ItemKind.ARTIST) == ["Rain"]
    first = selectors.search(viewer=None, text="rain", kind=ItemKind.TRACK, count=1).answer
    assert found("rain", ItemKind.TRACK, behind=first.last, count=2) == ["Rainbow", "Raindrops"]


def test_search_looks_through_accents_and_takes_wildcards_literally():
    factories.artist("Björk")
    factories.artist("100% Pure")
    factories.artist("椎名林檎")
    assert found("bjork") == found("BJÖRK") == ["Björk"]
    assert found("%") == ["100% Pure"]
    assert found("_") == []
    assert found("林檎") == ["椎名林檎"]


def test_search_ranks_what_few_play_among_the_rest_and_for_them_alone():
    viewer, stranger = factories.sharer("viewer"), factories.sharer("stranger")
    for title in ("Purple Rain", "Rainbow"):
        factories.track(title)
    for title in ("Rain", "Bare Rain", "Sunshine"):
        factories.listens(viewer, factories.track(title, standing=Standing.LISTENERS))
    for asking, expected in (
        (viewer, ["Rain", "Rainbow", "Bare Rain", "Purple Rain"]),
        (stranger, ["Rainbow", "Purple Rain"]),
        (None, ["Rainbow", "Purple Rain"]),
    ):
        hits = selectors.search(viewer=asking, text="rain", kind=ItemKind.TRACK, count=10).answer.items
        assert [track.title for _hit, track in hits] == expected


@pytest.mark.parametrize("text", ["", "   ", "a\0b", "x" * 201])
def test_search_refuses_what_is_no_text(text):
    with pytest.raises(InvalidInput):
        found(text)
