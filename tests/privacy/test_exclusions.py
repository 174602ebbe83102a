"""What is excluded counts for exactly nothing, anywhere."""

import pytest

from accounts.models import Purpose
from accounts.services.friendship import block_create, friendship_end
from discovery.privacy.preview import preview_removal
from discovery.recommend import feed
from discovery.recommend.evidence import gather
from graph import snapshot
from graph.models import (
    ArtistPlayCount,
    Feedback,
    FeedbackKind,
    ItemKind,
    Listen,
    Playlist,
    PlaylistCollaborator,
    PlaylistEntry,
)
from graph.services.exclusions import taste_exclusion_set
from graph.services.tags import tags_refresh
from graph.serving.channels import Channel
from tests import factories

pytestmark = pytest.mark.django_db


def scores(answer):
    return [(shown.item.pk, shown.score, shown.remainder) for shown in answer.items]


def playlist(user, *tracks):
    made = Playlist.objects.create(owner=user, title="Mine")
    for position, track in enumerate(tracks):
        PlaylistEntry.objects.create(playlist=made, track=track, position=position)
    return made


def playlist_unshared(user, other):
    PlaylistCollaborator.objects.filter(playlist__owner=user, user=other).delete()


@pytest.mark.parametrize("kind_of_thing", ["track", "artist", "playlist"])
def test_an_excluded_play_counts_as_if_it_had_not_been(world, kind_of_thing):
    ada, favorite = world.ada, world.favorites["ada"]
    thing = {"track": favorite, "artist": favorite.artist, "playlist": playlist(ada, favorite)}[kind_of_thing]
    taste_exclusion_set(user=ada, thing=thing, excluded=True)
    Feedback.objects.create(user=ada, track=favorite, kind=FeedbackKind.LIKE, given_at=factories.NOON)
    with_plays = feed.for_you(ada, ItemKind.TRACK).answer
    Listen.objects.filter(user=ada, track=favorite).delete()
    Feedback.objects.all().delete()
    assert scores(feed.for_you(ada, ItemKind.TRACK).answer) == scores(with_plays)
    assert favorite.pk not in [shown.item.pk for shown in with_plays.items]


def test_taken_back_in_it_counts_again(world):
    before = scores(feed.for_you(world.ada, ItemKind.TRACK).answer)
    for excluded in (True, False):
        taste_exclusion_set(user=world.ada, thing=world.favorites["ada"], excluded=excluded)
    assert scores(feed.for_you(world.ada, ItemKind.TRACK).answer) == before


def test_it_reaches_no_friend(world):
    taste_exclusion_set(user=world.ben, thing=world.favorites["ben"], excluded=True)
    answer = feed.from_friends(world.ada, ItemKind.TRACK).answer
    assert [shown.item for shown in answer.items] == [world.favorites["cleo"]]


def test_somebody_elses_exclusion_changes_nothing(world):
    before = scores(feed.for_you(world.ada, ItemKind.TRACK).answer)
    taste_exclusion_set(user=world.ben, thing=world.favorites["ada"], excluded=True)
    assert scores(feed.for_you(world.ada, ItemKind.TRACK).answer) == before


@pytest.mark.parametrize("end", [friendship_end, block_create, playlist_unshared])
def test_a_playlist_out_of_sight_reaches_into_nobodys_taste(world, end):
    ada, ben = world.ada, world.ben
    theirs = playlist(ben, world.favorites["cleo"])
    theirs.collaborators.create(user=ada, role=PlaylistCollaborator.Role.VIEWER)
    before = scores(feed.for_you(ada, ItemKind.TRACK).answer)
    taste_exclusion_set(user=ada, thing=theirs, excluded=True)
    assert scores(feed.for_you(ada, ItemKind.TRACK).answer) != before
    end(user=ben, other=ada)
    hidden = scores(feed.for_you(ada, ItemKind.TRACK).answer)
    for place, track in enumerate((world.favorites["ada"], world.common), start=1):
        PlaylistEntry.objects.create(playlist=theirs, track=track, position=place)
    assert scores(feed.for_you(ada, ItemKind.TRACK).answer) == hidden
    assert len(gather(ada, ItemKind.TRACK).key_id[gather(ada, ItemKind.TRACK).friend == 0]) == 2


def test_it_is_not_trained_on(world):
    ada, favorite = world.ada, world.favorites["ada"]
    ArtistPlayCount.objects.create(user=ada, artist=favorite.artist, count=9, source="import")
    Feedback.objects.create(user=ada, track=favorite, kind=FeedbackKind.LIKE, given_at=factories.NOON)
    factories.tag("mine", favorite, by=ada)
    taste_exclusion_set(user=ada, thing=favorite.artist, excluded=True)
    with_rows = snapshot.take()
    for model in (Listen, Feedback):
        model.objects.filter(user=ada, track=favorite).delete()
    ArtistPlayCount.objects.all().delete()
    ada.taggings.all().delete()
    assert snapshot.take().content_hash == with_rows.content_hash


def test_excluded_words_are_not_counted(world):
    people = [factories.sharer() for _ in range(10)]
    for person in people:
        factories.tag("ten say so", world.common, by=person)
    tags_refresh()
    world.common.refresh_from_db()
    assert world.common.tags == ["ten say so"]
    taste_exclusion_set(user=people[0], thing=world.common, excluded=True)
    tags_refresh()
    world.common.refresh_from_db()
    assert world.common.tags == []


def test_a_change_of_it_raises_the_epoch_and_repeating_it_does_not(world):
    def epoch():
        world.ada.refresh_from_db()
        return world.ada.consent_epoch

    epochs = [epoch()]
    for _ in range(2):
        taste_exclusion_set(user=world.ada, thing=world.common, excluded=True)
        epochs.append(epoch())
    assert epochs[1] == epochs[2] == epochs[0] + 1


@pytest.mark.parametrize("kind_of_thing", ["track", "artist", "playlist"])
def test_the_preview_is_what_then_happens(world, kind_of_thing):
    ada, favorite = world.ada, world.favorites["ada"]
    thing = {"track": favorite, "artist": favorite.artist, "playlist": playlist(ada, favorite)}[kind_of_thing]
    preview = preview_removal(ada, thing, ItemKind.TRACK, count=20).answer
    assert preview.signals == 1
    assert [shown.item for shown in feed.for_you(ada, ItemKind.TRACK).answer.items] == preview.before
    taste_exclusion_set(user=ada, thing=thing, excluded=True)
    assert [shown.item for shown in feed.for_you(ada, ItemKind.TRACK).answer.items] == preview.after


@pytest.mark.parametrize("named", [True, False])
def test_the_preview_is_without_what_friends_play_of_it_too(world, named):
    """And counts it where that tells of nobody."""
    dora, song = factories.sharer("dora"), world.favorites["ben"]
    factories.befriended(world.ada, dora)
    for person in (world.ada, world.cleo, dora):
        factories.listens(person, song, 2)
    for friend in (world.ben, world.cleo, dora):
        if not named:
            factories.revoke(friend, Purpose.NAMED)
    preview = preview_removal(world.ada, song, ItemKind.TRACK, count=20).answer
    assert preview.signals == (4 if named else 1)
    before = scores(feed.for_you(world.ada, ItemKind.TRACK).answer)
    taste_exclusion_set(user=world.ada, thing=song, excluded=True)
    after = feed.for_you(world.ada, ItemKind.TRACK).answer
    assert [shown.item for shown in after.items] == preview.after
    assert scores(after) != before
    assert song.pk not in gather(world.ada, ItemKind.TRACK).key_id


def test_the_preview_without_a_friend(world):
    preview = preview_removal(world.ada, world.ben, ItemKind.TRACK, count=1).answer
    entries = gather(world.ada, ItemKind.TRACK)
    theirs = (entries.channel == Channel.FRIEND) & (entries.friend == world.ben.pk)
    assert preview.signals == theirs.sum() == 2
    assert preview.lost == [world.favorites["ben"]]
    assert preview.gained == [world.favorites["cleo"]]
