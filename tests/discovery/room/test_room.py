"""A room's people and queue: who is there, what is played for whom, and what ends at once."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ConsentState, PersonalizationLevel, Purpose, User
from accounts.services.friendship import block_create, friendship_end
from accounts.services.private_session import private_session_start
from discovery.models import Room, RoomMember, RoomPlay, RoomVote, SocialUse
from discovery.platform.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from discovery.recommend.serving import DegradedReason
from discovery.room.presence import MOST_PEOPLE, MOST_ROOMS, people_in, rooms_of
from discovery.room.selectors import room_get
from discovery.room.services import (
    room_advance,
    room_create,
    room_invite,
    room_join,
    room_leave,
    room_veto,
    room_vote,
    rooms_close,
    rooms_refresh,
)
from graph.models import Track
from tests import factories


def here(room, viewer):
    return [one.listener.username for one in room_get(viewer=viewer, room_id=room.pk).answer.members]


def titles(view):
    return [item.shown.item.title for item in (*([view.now] if view.now else []), *view.queue)]


def whose(view):
    """The handle that each title begins with."""
    return [title.split()[0] for title in titles(view)]


# --- coming and going -----------------------------------------------------------------------


def test_who_is_in_a_room_sees_it_and_who_is_invited_sees_the_door(room, friends):
    assert here(room, friends.ada) == here(room, friends.ben) == ["ada", "ben"]
    (door,) = rooms_of(friends.cleo).answer
    assert (door.inside, door.invited_by, door.people) == (False, friends.ada, 2)
    assert rooms_of(friends.ben).answer[0].inside
    for person in (friends.cleo, factories.sharer("stranger")):
        with pytest.raises(NotFound):
            room_get(viewer=person, room_id=room.pk)


def test_only_who_is_invited_by_a_friend_inside_comes_in(room, friends):
    dora = factories.sharer("dora")
    factories.befriended(friends.ada, dora)
    with pytest.raises(NotFound):
        room_join(user=dora, room_id=room.pk)  # a friend of the host, and not invited
    with pytest.raises(NotFound):
        room_invite(user=friends.ben, room_id=room.pk, other=dora)  # inside, and no friend of hers
    with pytest.raises(NotFound):
        room_invite(user=friends.cleo, room_id=room.pk, other=friends.ada)  # not inside
    room_invite(user=friends.ada, room_id=room.pk, other=dora)
    room_join(user=dora, room_id=room.pk)
    room_join(user=dora, room_id=room.pk)
    assert here(room, friends.ada) == ["ada", "ben", "dora"]
    assert here(room, friends.ben) == ["ada", "ben", "dora"]  # she can be found


def test_an_invitation_ends_with_the_friendship_and_with_the_leaving_of_who_gave_it(room, friends):
    room_leave(user=friends.ada, room_id=room.pk)
    assert rooms_of(friends.cleo).answer == []
    with pytest.raises(NotFound):
        room_join(user=friends.cleo, room_id=room.pk)
    room_invite(user=friends.ben, room_id=room.pk, other=friends.cleo)
    friendship_end(user=friends.ben, other=friends.cleo)
    assert rooms_of(friends.cleo).answer == []
    with pytest.raises(NotFound):
        room_join(user=friends.cleo, room_id=room.pk)


def test_the_hosts_place_goes_to_who_came_next_and_the_last_one_closes_the_room(room, friends):
    room_leave(user=friends.ada, room_id=room.pk)
    (ben,) = room_get(viewer=friends.ben, room_id=room.pk).answer.members
    assert (ben.listener, ben.is_host) == (friends.ben, True)
    room_leave(user=friends.ben, room_id=room.pk)
    assert not Room.objects.exists()
    with pytest.raises(NotFound):
        room_leave(user=friends.ben, room_id=room.pk)


def test_somebody_out_of_sight_is_counted_and_not_named(room, friends):
    dora = factories.sharer("dora")
    factories.befriended(friends.ada, dora)
    factories.revoke(dora, Purpose.DISCOVERABLE)
    factories.revoke(friends.ben, Purpose.DISCOVERABLE)
    room_invite(user=friends.ada, room_id=room.pk, other=dora)
    room_join(user=dora, room_id=room.pk)
    seen = room_get(viewer=friends.ben, room_id=room.pk).answer
    assert ([one.listener for one in seen.members], seen.others) == ([friends.ada, friends.ben], 1)


@pytest.mark.parametrize("blocker", ["ada", "ben"])
def test_a_block_parts_people_at_once_and_who_came_later_is_out(room, friends, blocker):
    other = {"ada": "ben", "ben": "ada"}[blocker]
    factories.blocked(friends.people[blocker], friends.people[other])  # the row alone: no signal is needed
    assert here(room, friends.ada) == ["ada"]
    with pytest.raises(NotFound):
        room_get(viewer=friends.ben, room_id=room.pk)
    for act in (
        lambda: room_advance(user=friends.ben, room_id=room.pk, step=room.step, skipped=True),
        lambda: room_vote(user=friends.ben, room_id=room.pk, item=friends.tracks["ben"][1], vote=True),
        lambda: room_join(user=friends.ben, room_id=room.pk),
    ):
        with pytest.raises(NotFound):
            act()
    assert rooms_of(friends.ben).answer == []


def test_a_blocked_person_cannot_come_in_and_the_inviter_does_not_learn_of_it(room, friends):
    factories.blocked(friends.ben, friends.cleo)
    room_invite(user=friends.ada, room_id=room.pk, other=friends.cleo)  # as ever
    assert rooms_of(friends.cleo).answer == []
    with pytest.raises(NotFound):
        room_join(user=friends.cleo, room_id=room.pk)


def test_after_a_block_nobody_is_together_again_when_it_is_taken_back(room, friends):
    block_create(user=friends.ben, other=friends.ada)
    rooms_refresh(user_ids=[friends.ada.pk, friends.ben.pk])
    friends.ben.blocks_given.all().delete()
    assert people_in(room) == [friends.ada]


def test_an_account_that_is_frozen_is_not_there(room, friends):
    User.objects.filter(pk=friends.ada.pk).update(is_active=False)
    assert people_in(room) == [friends.ben]


def test_a_room_and_a_person_have_their_limits(room, friends):
    guests = [factories.sharer(f"guest{number}") for number in range(MOST_PEOPLE - 1)]
    factories.befriended(friends.ada, *guests)
    for guest in guests[:-1]:
        room_invite(user=friends.ada, room_id=room.pk, other=guest)
        room_join(user=guest, room_id=room.pk)
    room_invite(user=friends.ada, room_id=room.pk, other=guests[-1])
    with pytest.raises(LimitExceeded) as full:
        room_join(user=guests[-1], room_id=room.pk)
    assert full.value.specific_code == "ROOM_FULL"
    RoomMember.objects.bulk_create(
        RoomMember(room=Room.objects.create(kind="TRACK"), user=friends.cleo, joined_at=factories.NOON)
        for _ in range(MOST_ROOMS)
    )
    with pytest.raises(LimitExceeded) as many:
        room_create(user=friends.cleo)
    assert many.value.specific_code == "TOO_MANY_ROOMS"


def test_empty_and_forgotten_rooms_are_closed(room, friends):
    Room.objects.create(kind="TRACK")
    forgotten = room_create(user=friends.cleo)
    Room.objects.filter(pk=forgotten.pk).update(touched_at=factories.NOON)
    assert rooms_close() == 2
    assert list(Room.objects.all()) == [room]


# --- the queue ------------------------------------------------------------------------------


def test_everybody_in_the_room_gets_the_same_queue_and_takes_turns(room, friends):
    seen, also = (room_get(viewer=friends.people[name], room_id=room.pk).answer for name in ("ada", "ben"))
    assert titles(seen) == titles(also)
    assert titles(seen)[:4] == ["ada 0", "ben 0", "ada 1", "ben 1"]
    assert [one.satisfaction for one in seen.members] == pytest.approx(
        [one.satisfaction for one in also.members]
    )
    (for_ben,) = seen.queue[0].shown.people
    assert (for_ben.listener, for_ben.because) == (friends.ben, (friends.tracks["ben"][0],))


def test_whoever_comes_in_is_served_next_and_whoever_leaves_is_served_no_more(room, friends):
    room_join(user=friends.cleo, room_id=room.pk)
    three = room_get(viewer=friends.ada, room_id=room.pk).answer
    assert Counter(whose(three)[:6]) == {"ada": 2, "ben": 2, "cleo": 2}
    room_leave(user=friends.cleo, room_id=room.pk)
    assert "cleo" not in whose(room_get(viewer=friends.ada, room_id=room.pk).answer)[:6]


def test_turns_go_by_what_was_played(room, friends):
    played = []
    for step in range(6):
        played.append(Room.objects.get(pk=room.pk).now_id)
        room_advance(user=friends.ada, room_id=room.pk, step=step, skipped=False)
    names = [
        next(n for n, tracks in friends.tracks.items() if key in [t.pk for t in tracks]) for key in played
    ]
    assert names == ["ada", "ben"] * 3
    assert len(set(played)) == 6


@pytest.mark.parametrize(
    "withdraw",
    [
        lambda f: factories.revoke(f.ben, Purpose.SOCIAL_OUT),
        lambda f: factories.revoke(f.ben, Purpose.NAMED),
        lambda f: factories.revoke(f.ben, Purpose.SELF),
        lambda f: factories.answered(f.ben, Purpose.SOCIAL_OUT, friend=f.ada, state=ConsentState.DENIED),
        lambda f: factories.revoke(f.ada, Purpose.SOCIAL_IN),
        lambda f: User.objects.filter(pk=f.ada.pk).update(level=PersonalizationLevel.OWN),
        lambda f: friendship_end(user=f.ada, other=f.ben),
    ],
)
def test_what_somebody_does_not_share_with_everybody_there_is_in_no_part_of_the_answer(
    room, friends, withdraw
):
    """With and without Ben's plays, what Ada sees is the same, and what a skip brings."""
    assert "ben 0" in titles(room_get(viewer=friends.ada, room_id=room.pk).answer)[:2]
    withdraw(friends)
    before = room_get(viewer=friends.ada, room_id=room.pk).answer
    assert "ben" not in whose(before)[:5]
    assert {one.listener: one.satisfaction for one in before.members}[friends.ben] is None
    friends.ben.listens.all().delete()
    assert room_get(viewer=friends.ada, room_id=room.pk).answer == before


def test_of_two_strangers_in_a_friends_room_only_the_friend_counts(room, friends):
    """Dora is Ada's friend, not Ben's: hers may not reach Ben, nor his her; Ada's reach both."""
    dora = factories.sharer("dora")
    factories.befriended(friends.ada, dora)
    factories.listens(dora, friends.tracks["cleo"][0], 9)
    room_invite(user=friends.ada, room_id=room.pk, other=dora)
    room_join(user=dora, room_id=room.pk)
    seen = room_get(viewer=friends.ada, room_id=room.pk).answer
    counting = {one.listener.username for one in seen.members if one.satisfaction is not None}
    assert counting == {"ada"}
    assert set(whose(seen)[:6]) == {"ada"}


def test_a_vote_brings_an_item_forward_and_counts_while_the_voter_is_there(room, friends):
    room_join(user=friends.cleo, room_id=room.pk)
    factories.revoke(friends.cleo, Purpose.SOCIAL_OUT, Purpose.NAMED)
    wished = friends.tracks["cleo"][5]
    assert wished.title not in titles(room_get(viewer=friends.ada, room_id=room.pk).answer)[:6]
    room_vote(user=friends.cleo, room_id=room.pk, item=wished, vote=True)
    seen = room_get(viewer=friends.ada, room_id=room.pk).answer
    item = next(one for one in seen.queue if one.shown.item == wished)
    assert seen.queue.index(item) <= 1  # Ben waits too
    assert (item.votes, item.voted_by_viewer) == (1, False)
    assert item.shown.people == ()  # Cleo may not be named to Ada
    own = next(
        i for i in room_get(viewer=friends.cleo, room_id=room.pk).answer.queue if i.shown.item == wished
    )
    assert (own.voted_by_viewer, own.shown.people[0].listener) == (True, friends.cleo)
    room_leave(user=friends.cleo, room_id=room.pk)
    assert wished.title not in titles(room_get(viewer=friends.ada, room_id=room.pk).answer)[:6]
    assert not RoomVote.objects.exists()


def test_many_votes_of_one_do_not_take_the_others_turns(room, friends):
    for track in friends.tracks["cleo"]:
        room_vote(user=friends.ben, room_id=room.pk, item=track, vote=True)
    assert Counter(whose(room_get(viewer=friends.ada, room_id=room.pk).answer)[:6])["ada"] >= 2


def test_a_veto_holds_while_who_said_it_is_there_and_its_neighbors_sink(room, friends):
    room_veto(user=friends.ada, room_id=room.pk, item=friends.tracks["ben"][0], veto=True)
    seen = room_get(viewer=friends.ben, room_id=room.pk).answer
    assert "ben 0" not in titles(seen)
    assert (Room.objects.get().step, RoomPlay.objects.count()) == (0, 0)
    room_veto(user=friends.ada, room_id=room.pk, item=friends.tracks["ben"][0], veto=False)
    assert "ben 0" in titles(room_get(viewer=friends.ben, room_id=room.pk).answer)
    room_veto(user=friends.ada, room_id=room.pk, item=friends.tracks["ben"][0], veto=True)
    room_leave(user=friends.ada, room_id=room.pk)
    assert "ben 0" in titles(room_get(viewer=friends.ben, room_id=room.pk).answer)


def test_a_veto_of_what_plays_skips_it(room, friends):
    playing = Track.objects.get(pk=Room.objects.get().now_id)
    after = room_veto(user=friends.ben, room_id=room.pk, item=playing, veto=True)
    assert (after.step, after.now_id != playing.pk) == (1, True)
    assert RoomPlay.objects.get().outcome == RoomPlay.Outcome.SKIPPED


def test_a_skip_counts_in_the_next_answer_and_only_once(room, friends):
    playing = Room.objects.get().now_id
    room_advance(user=friends.ben, room_id=room.pk, step=0, skipped=True)
    with pytest.raises(Conflict) as late:
        room_advance(user=friends.ada, room_id=room.pk, step=0, skipped=True)
    assert late.value.specific_code == "ROOM_MOVED_ON"
    assert list(RoomPlay.objects.values_list("step", "item_id", "outcome")) == [(0, playing, "SKIPPED")]
    assert playing not in [
        item.shown.item.pk for item in room_get(viewer=friends.ada, room_id=room.pk).answer.queue
    ]


def test_what_a_room_cannot_play_is_not_voted_for(room, friends):
    unknown = factories.track("unknown to the model")
    with pytest.raises(NotFound):
        room_vote(user=friends.ada, room_id=room.pk, item=unknown, vote=True)
    with pytest.raises(InvalidInput):
        room_vote(user=friends.ada, room_id=room.pk, item=unknown.artist, vote=True)
    assert not RoomVote.objects.exists()


def test_with_nobodys_taste_it_plays_what_most_people_play_and_says_so(friends):
    quiet = factories.listener("quiet")
    room = room_create(user=quiet)
    seen = room_get(viewer=quiet, room_id=room.pk).answer
    assert (seen.degraded, len(seen.queue)) == (DegradedReason.NO_EVIDENCE, 10)
    assert all(item.shown.people == () for item in seen.queue)


def test_without_a_model_there_is_a_room_and_no_queue(db, redis_url):
    ada = factories.sharer("ada")
    room = room_create(user=ada)
    room_advance(user=ada, room_id=room.pk, step=0, skipped=True)
    seen = room_get(viewer=ada, room_id=room.pk).answer
    assert (seen.now, seen.queue, seen.degraded, seen.room.step) == (None, [], DegradedReason.NO_MODEL, 1)


def test_who_was_shown_with_what_is_noted_for_them(room, friends):
    room_get(viewer=friends.ada, room_id=room.pk)
    notes = SocialUse.objects.values_list("source__username", "recipient__username", "named", "item_id")
    assert set(notes) == {("ben", "ada", True, friends.tracks["ben"][0].pk)}


def test_it_goes_on_without_redis(room, friends, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert room_advance(user=friends.ada, room_id=room.pk, step=0, skipped=True).step == 1


def test_query_count_does_not_grow_with_the_people(room, friends):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            room_get(viewer=friends.ada, room_id=room.pk)
        return len(queries)

    before = asked()
    room_join(user=friends.cleo, room_id=room.pk)
    for number in range(5):
        guest = factories.sharer(f"guest{number}")
        factories.befriended(guest, friends.ada, friends.ben, friends.cleo)
        factories.listens(guest, friends.tracks["cleo"][0])
        room_invite(user=friends.ada, room_id=room.pk, other=guest)
        room_join(user=guest, room_id=room.pk)
    assert asked() == before <= 22


def test_it_plays_on_when_who_it_was_chosen_by_leaves_or_somebody_comes_who_is_told_less(room, friends):
    def plays():
        return room_get(viewer=friends.ada, room_id=room.pk).answer.now

    first = plays()
    room_leave(user=friends.ben, room_id=room.pk)
    assert first
    assert plays()
    factories.answered(friends.ada, Purpose.SOCIAL_OUT, state=ConsentState.DENIED, friend=friends.cleo)
    room_join(user=friends.cleo, room_id=room.pk)
    assert plays()


def test_in_a_private_session_a_vote_is_refused_and_one_of_before_can_be_taken_back(room, friends):
    item = Track.objects.first()
    room_vote(user=friends.ada, room_id=room.pk, item=item, vote=True)
    private_session_start(user=friends.ada)
    with pytest.raises(Conflict):
        room_veto(user=friends.ada, room_id=room.pk, item=item, veto=True)
    room_vote(user=friends.ada, room_id=room.pk, item=item, vote=False)
    assert not RoomVote.objects.filter(user=friends.ada).exists()
