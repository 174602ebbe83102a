"""Playlists shared among friends, and items recommended by hand."""

import pytest

from accounts.models import Block, Friendship
from accounts.presentation import rows_shown
from discovery.platform.errors import InvalidInput, LimitExceeded, NotAllowed, NotFound
from graph import selectors
from graph.models import ItemRecommendation, PlaylistCollaborator
from graph.services import sharing
from graph.services.playlists import (
    playlist_create,
    playlist_delete,
    playlist_entry_add,
    playlist_entry_move,
    playlist_entry_remove,
    playlist_rename,
    playlist_share,
    playlist_unshare,
)
from graph.services.sharing import item_recommend, recommendation_remove
from tests import factories

pytestmark = pytest.mark.django_db
EDITOR, VIEWER = PlaylistCollaborator.Role.EDITOR, PlaylistCollaborator.Role.VIEWER


@pytest.fixture
def shared():
    """Ada's playlist of one track, which Ben edits and Cleo sees; Dora is a friend without a part in it."""
    ada, ben, cleo, dora = (factories.listener(name) for name in ("ada", "ben", "cleo", "dora"))
    factories.befriended(ada, ben, cleo, dora)
    playlist = playlist_create(owner=ada, title="Ours")
    playlist_share(owner=ada, playlist_id=playlist.pk, friend=ben, role=EDITOR)
    playlist_share(owner=ada, playlist_id=playlist.pk, friend=cleo, role=VIEWER)
    playlist_entry_add(user=ada, playlist_id=playlist.pk, track_id=factories.track().pk)
    return ada, ben, cleo, dora, playlist


def adders(playlist):
    return list(playlist.entries.order_by("position").values_list("added_by__username", flat=True))


def test_an_editor_adds_moves_and_removes_and_it_says_who_added_what(shared):
    _, ben, _, _, playlist = shared
    entry = playlist_entry_add(user=ben, playlist_id=playlist.pk, track_id=factories.track().pk)
    playlist_entry_move(user=ben, entry_id=entry.pk, position=0)
    assert adders(playlist) == ["ben", "ada"]
    playlist_entry_remove(user=ben, entry_id=playlist.entries.get(position=1).pk)
    assert adders(playlist) == ["ben"]


def test_an_editor_is_no_owner(shared):
    _, ben, _, dora, playlist = shared
    for attempt in (
        lambda: playlist_rename(owner=ben, playlist_id=playlist.pk, title="Mine"),
        lambda: playlist_delete(owner=ben, playlist_id=playlist.pk),
        lambda: playlist_share(owner=ben, playlist_id=playlist.pk, friend=dora, role=VIEWER),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_viewer_sees_and_changes_nothing(shared):
    _, _, cleo, _, playlist = shared
    assert list(rows_shown(cleo, selectors.playlist_list()).answer) == [playlist]
    entry = playlist.entries.get()
    for attempt in (
        lambda: playlist_entry_add(user=cleo, playlist_id=playlist.pk, track_id=entry.track_id),
        lambda: playlist_entry_remove(user=cleo, entry_id=entry.pk),
        lambda: playlist_entry_move(user=cleo, entry_id=entry.pk, position=0),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert adders(playlist) == ["ada"]


def test_who_has_no_part_in_it_does_not_find_it(shared):
    *_, dora, playlist = shared
    assert not rows_shown(dora, selectors.playlist_list()).answer.exists()
    with pytest.raises(NotFound):
        playlist_entry_add(user=dora, playlist_id=playlist.pk, track_id=factories.track().pk)


def test_a_role_changes_when_shared_again(shared):
    ada, ben, _, _, playlist = shared
    playlist_share(owner=ada, playlist_id=playlist.pk, friend=ben, role=VIEWER)
    assert playlist.collaborators.get(user=ben).role == VIEWER
    with pytest.raises(NotAllowed):
        playlist_entry_add(user=ben, playlist_id=playlist.pk, track_id=factories.track().pk)


ENDINGS = {
    "friendship": lambda ada, ben, _: Friendship.objects.filter(low=ada, high=ben).delete(),
    "block": lambda ada, ben, _: Block.objects.create(blocker=ben, blocked=ada),
    "unshared": lambda ada, ben, playlist: playlist_unshare(
        user=ada, playlist_id=playlist.pk, listener_id=ben.pk
    ),
    "left": lambda _, ben, playlist: playlist_unshare(user=ben, playlist_id=playlist.pk, listener_id=ben.pk),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS.keys())
def test_a_part_in_it_ends_at_once(shared, end):
    ada, ben, _, _, playlist = shared
    entry = playlist_entry_add(user=ben, playlist_id=playlist.pk, track_id=factories.track().pk)
    end(ada, ben, playlist)
    assert not selectors.playlists_visible_to(ben).exists()
    with pytest.raises(NotFound):
        playlist_entry_remove(user=ben, entry_id=entry.pk)
    assert adders(playlist) == ["ada", "ben"]


def test_only_friends_are_let_in_and_only_the_owner_or_oneself_taken_out(shared):
    ada, ben, cleo, _, playlist = shared
    for stranger in (factories.listener(), ada):
        with pytest.raises(NotFound):
            playlist_share(owner=ada, playlist_id=playlist.pk, friend=stranger, role=EDITOR)
    with pytest.raises(NotFound):
        playlist_unshare(user=ben, playlist_id=playlist.pk, listener_id=cleo.pk)
    with pytest.raises(NotFound):
        playlist_unshare(user=ada, playlist_id=playlist.pk, listener_id=factories.listener().pk)
    assert playlist.collaborators.count() == 2


# --- recommendations by hand


def received(user):
    return [
        (recommendation.sender, recommendation.track or recommendation.artist, recommendation.note)
        for recommendation in selectors.recommendations_received(viewer=user)
    ]


@pytest.fixture
def friends():
    ada, ben = factories.listener("ada"), factories.listener("ben")
    factories.befriended(ada, ben)
    return ada, ben


def test_a_friend_gets_it_once_with_the_latest_note(friends):
    ada, ben = friends
    song = factories.track()
    for note in ("First", "  Listen \n to this! 🎧 "):
        item_recommend(sender=ada, recipient=ben, item=song, note=note)
    item_recommend(sender=ada, recipient=ben, item=song.artist)
    assert received(ben) == [(ada, song.artist, ""), (ada, song, "Listen\n to this! 🎧")]
    assert received(ada) == []
    assert selectors.recommendations_sent(viewer=ada).count() == 2


@pytest.mark.parametrize("end", [ENDINGS["friendship"], ENDINGS["block"]])
def test_nothing_is_sent_or_shown_without_the_friendship(friends, end):
    ada, ben = friends
    item_recommend(sender=ada, recipient=ben, item=factories.track())
    end(ada, ben, None)
    assert received(ben) == []
    assert not selectors.recommendations_sent(viewer=ada).exists()
    for recipient in (ben, ada, factories.sharer()):
        with pytest.raises(NotFound):
            item_recommend(sender=ada, recipient=recipient, item=factories.track())
    assert ItemRecommendation.objects.count() == 1


@pytest.mark.parametrize("note", ["x" * 501, "null\x00byte"])
def test_a_note_that_cannot_stand_sends_nothing(friends, note):
    with pytest.raises(InvalidInput):
        item_recommend(sender=friends[0], recipient=friends[1], item=factories.track(), note=note)
    assert not ItemRecommendation.objects.exists()


def test_a_day_has_a_limit_and_changing_a_note_is_no_new_one(friends, monkeypatch):
    ada, ben = friends
    monkeypatch.setattr(sharing, "MAX_A_DAY", 1)
    song = factories.track()
    item_recommend(sender=ada, recipient=ben, item=song)
    item_recommend(sender=ada, recipient=ben, item=song, note="again")
    with pytest.raises(LimitExceeded):
        item_recommend(sender=ada, recipient=ben, item=factories.track())
    assert received(ben) == [(ada, song, "again")]


def test_either_end_removes_it_and_nobody_else(friends):
    ada, ben = friends
    for who in (ada, ben):
        sent = item_recommend(sender=ada, recipient=ben, item=factories.track())
        with pytest.raises(NotFound):
            recommendation_remove(user=factories.listener(), recommendation_id=sent.pk)
        recommendation_remove(user=who, recommendation_id=sent.pk)
    assert not ItemRecommendation.objects.exists()
