"""A room over two processes: one skips, the other hears of it; who parts, hears no more."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from accounts.services.friendship import block_create
from accounts.services.token import token_issue
from discovery.models import RoomPlay
from discovery.platform.graphql.node import global_id
from discovery.room.services import room_create, room_invite, room_join, room_leave
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

ROOM = "subscription ($id: ID!) { roomQueue(roomId: $id) { step members { listener { handle } counts } } }"
DOOR = "subscription { rooms { title people inRoom invitedBy { handle } } }"
SKIP = (
    "mutation ($id: ID!, $step: Int!) { skipInRoom(roomId: $id, step: $step) "
    "{ ... on Room { step } ... on OperationInfo { messages { code } } } }"
)


@pytest.fixture
def friends():
    return factories.triangle_of_friends()


@pytest.fixture
def room(live, friends):
    opened = room_create(user=friends.ada, friends=[friends.ben, friends.cleo])
    return room_join(user=friends.ben, room_id=opened.pk)


def follow(live, user, room, process):
    socket = live.subscriber(token_issue(user=user), process=process)
    return socket.subscribe(ROOM, id=global_id("Room", room.pk))


def skip(port, token, room, step):
    answer = httpx.post(
        f"http://127.0.0.1:{port}/graphql/",
        json={"query": SKIP, "variables": {"id": global_id("Room", room.pk), "step": step}},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        trust_env=False,
    ).json()["data"]["skipInRoom"]
    return answer["messages"][0]["code"] if "messages" in answer else answer["step"]


def test_one_skips_and_the_other_hears_of_it_from_another_process(live, friends, room):
    sockets = [follow(live, friends.ada, room, 0), follow(live, friends.ben, room, 1)]
    assert [socket.data()["step"] for socket in sockets] == [0, 0]
    token = token_issue(user=friends.ada)
    delays = []
    for step in range(5):
        began = time.perf_counter()
        assert skip(live.ports[0], token, room, step) == step + 1
        assert sockets[1].data()["step"] == step + 1
        delays.append(1000 * (time.perf_counter() - began))
        assert sockets[0].data()["step"] == step + 1
    print(f"skip to the other's queue: {', '.join(f'{delay:.0f}' for delay in delays)} ms")
    assert all(socket.silent(seconds=0.2) for socket in sockets)


def test_two_skips_at_once_count_once(live, friends, room):
    tokens = [token_issue(user=user) for user in (friends.ada, friends.ben)]
    with ThreadPoolExecutor(2) as pool:
        for step in range(10):
            answers = pool.map(skip, live.ports, tokens, [room] * 2, [step] * 2)
            assert sorted(answers, key=str) == [step + 1, "ROOM_MOVED_ON"]
    # Without a model nothing plays, so that nothing was skipped; the room moved on ten times all the same.
    assert not RoomPlay.objects.exists()


def test_coming_blocking_and_leaving_are_heard_at_once(live, friends, room):
    ada = follow(live, friends.ada, room, 0)
    ben = follow(live, friends.ben, room, 1)

    def there(socket):
        return [one["listener"]["handle"] for one in socket.data()["members"]]

    assert there(ada) == there(ben) == ["ada", "ben"]
    room_join(user=friends.cleo, room_id=room.pk)
    assert there(ada) == there(ben) == ["ada", "ben", "cleo"]
    cleo = follow(live, friends.cleo, room, 1)
    assert there(cleo) == ["ada", "ben", "cleo"]
    block_create(user=friends.ben, other=friends.ada)
    assert there(ada) == there(cleo) == ["ada", "cleo"]
    assert ben.code() == "NOT_FOUND"
    room_leave(user=friends.ada, room_id=room.pk)
    assert ada.code() == "NOT_FOUND"
    assert there(cleo) == ["cleo"]
    stranger = follow(live, factories.sharer("stranger"), room, 0)
    assert stranger.code() == "NOT_FOUND"


def test_an_invitation_shows_without_asking_again_and_ends_with_what_it_rests_on(live, friends):
    door = live.subscriber(token_issue(user=friends.cleo), process=1).subscribe(DOOR)
    stranger = live.subscriber(token_issue(user=factories.sharer("stranger"))).subscribe(DOOR)
    assert door.data() == stranger.data() == []
    room = room_create(user=friends.ada, title="Sunday", friends=[friends.cleo])
    invited = {"title": "Sunday", "people": 1, "inRoom": False, "invitedBy": {"handle": "ada"}}
    assert door.data() == [invited]
    room_invite(user=friends.ada, room_id=room.pk, other=friends.ben)
    room_join(user=friends.ben, room_id=room.pk)
    assert door.data() == [{**invited, "people": 2}]
    assert skip(live.ports[0], token_issue(user=friends.ben), room, 0) == 1  # nothing to see from the door
    block_create(user=friends.ada, other=friends.cleo)
    assert door.data() == []
    room_leave(user=friends.ada, room_id=room.pk)
    assert door.silent()
    assert stranger.silent(seconds=0.2)


def test_what_happened_while_redis_was_away_is_told_when_it_is_back(live, friends, room):
    socket = follow(live, friends.ben, room, 1)
    assert socket.data()["step"] == 0
    live.redis.child.kill()
    live.redis.child.wait()
    assert skip(live.ports[0], token_issue(user=friends.ada), room, 0) == 1
    assert socket.silent(seconds=0.3)
    live.redis.start()
    assert socket.data()["step"] == 1
