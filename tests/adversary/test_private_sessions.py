"""Private sessions: whoever looks for what was heard in one, during it, after it, or in the next."""

from datetime import timedelta

import pytest
from django.utils import timezone

from discovery.models import RadioChoice, RoomVote, SocialUse
from discovery.platform.graphql.node import global_id
from discovery.radio import store
from graph.models import Feedback, Listen
from tests import factories
from tests.adversary.attack import QUEUE, ROOM, Attack, part_of

pytestmark = pytest.mark.django_db


class Session(Attack):
    """Something done by the prey; ``estimate``: in a private session. The control: without one."""

    works = 1.0

    def __init__(self, street):
        self.street, self.ada = street, street.prey
        street.befriended(street.prey)

    def control(self):
        return self.mount()

    def estimate(self):
        assert self.ada.act("startPrivateSession")
        return self.mount()


class LatePlay(Session):
    """A play of an earlier private session arrives in the next one, or long after it."""

    def estimate(self):
        self.session()
        return self.mount()

    moment = None

    def session(self):
        assert self.ada.act("startPrivateSession")
        self.moment = timezone.now()
        assert self.ada.act("endPrivateSession")
        self.after()

    def after(self):
        assert self.ada.act("startPrivateSession")
        assert self.ada.act("endPrivateSession")

    def mount(self):
        play = {
            "source": "app", "sourceId": "late", "trackId": self.street.common, "msPlayed": 180_000,
            "listenedAt": (self.moment or timezone.now() - timedelta(minutes=1)).isoformat(),
        }  # fmt: skip
        told = self.ada.told("recordListens", "{ ... on RecordedListens { stored } }", input=[play])
        return float(told["stored"] or Listen.objects.filter(source="app").exists())


class LatePlayInTheNext(LatePlay):
    def after(self):
        assert self.ada.act("startPrivateSession")


class LatePlayMonthsAfter(LatePlay):
    def after(self):
        self.ada.user.refresh_from_db()
        self.ada.user.private_from -= timedelta(days=80)
        self.ada.user.private_until -= timedelta(days=80)
        self.ada.user.save()
        self.moment = (
            self.ada.user.private_from + (self.ada.user.private_until - self.ada.user.private_from) / 2
        )
        super().after()


class Said(Session):
    """Votes and vetoes in a room, words of feedback: kept anywhere?"""

    def mount(self):
        room = self.ada.told("createRoom", ROOM)
        item = room["queue"][0]["item"]["id"]
        other = room["queue"][1]["item"]["id"]
        self.ada.act("voteInRoom", roomId=room["id"], itemId=item)
        self.ada.act("vetoInRoom", roomId=room["id"], itemId=other)
        self.ada.act("giveFeedback", itemId=item, kind="LIKE")
        kept = {"votes": RoomVote.objects.exists(), "feedback": Feedback.objects.exists()}
        return part_of([name for name, is_kept in kept.items() if is_kept], kept)


class SaidInTheNext(Said):
    def estimate(self):
        for field in ("startPrivateSession", "endPrivateSession", "startPrivateSession"):
            assert self.ada.act(field)
        return self.mount()


class ToldToFriends(Session):
    """What a friend finds in `shownTo` of what the prey looked at."""

    QUESTIONS = (
        "{ viewer { discover { edges { node { score } } } } }",
        "{ viewer { fromFriends { edges { node { score } } } } }",
        "{ viewer { activity { edges { node { at } } } } }",
        "query ($id: ID!) { viewer { blend(with: [$id]) { match } } }",
        "query ($id: ID!) { viewer { tasteMatch(with: $id, kind: TRACK) { percent } } }",
        "query ($id: ID!) { viewer { pathTo(id: $id) { length } } }",
        "query ($id: ID!) { viewer { previewRemoval(id: $id) { signals } } }",
    )

    def mount(self):
        friend, told = self.street.mallory, []
        self.theirs = global_id("Track", factories.listens(friend.user, factories.track())[0].track_id)
        for question in self.QUESTIONS:
            SocialUse.objects.all().delete()
            asked_of = self.theirs if "pathTo" in question else friend.id
            self.ada.ask(question, **({"id": asked_of} if "$id" in question else {}))
            self.ada.radio(steps=2)
            uses = friend.data("{ viewer { shownTo { edges { node { named } } } } }")["viewer"]["shownTo"][
                "edges"
            ]
            told += [question] if uses or SocialUse.objects.filter(recipient=self.ada.user).exists() else []
        return part_of(told, self.QUESTIONS)


class HeardAgain(Session):
    """A radio of one private session goes on in the next: what was heard in the first shapes it."""

    def control(self):
        """Within one session it does, which is what it is for."""
        assert self.ada.act("startPrivateSession")
        return self.mount(between=())

    def estimate(self):
        assert self.ada.act("startPrivateSession")
        return self.mount(between=("endPrivateSession", "startPrivateSession"))

    def mount(self, between=()):
        queue = self.ada.told("startRadio", QUEUE)
        heard = {queue["now"]["item"]["id"]}
        queue = self.ada.told(
            "advanceRadio", QUEUE, radioId=queue["radioId"], step=queue["step"], feedback="LIKE"
        )
        heard.add(queue["now"]["item"]["id"])
        for field in between:
            assert self.ada.act(field)
        store.client().flushdb()  # as where the server has lost it: the client's word alone is left
        queue = self.ada.told("advanceRadio", QUEUE, radioId=queue["radioId"], resume=queue["resume"])
        nodes = [node for node in (queue["now"], *queue["upcoming"]) if node]
        cited = {each["id"] for node in nodes for reason in node["reasons"] for each in reason["evidence"]}
        assert not RadioChoice.objects.exists()
        return float(bool(heard & cited))


class OutOfSession(HeardAgain):
    """It goes on after the session has ended."""

    def estimate(self):
        assert self.ada.act("startPrivateSession")
        return self.mount(between=("endPrivateSession",))


@pytest.mark.parametrize(
    "attack",
    [
        LatePlay,
        LatePlayInTheNext,
        LatePlayMonthsAfter,
        Said,
        SaidInTheNext,
        ToldToFriends,
        HeardAgain,
        OutOfSession,
    ],
)
def test_a_private_session_leaves_nothing(street, attack):
    street.mallory.user.listens.create(
        track=street.common_track,
        listened_at=timezone.now(),
        source="test",
        source_id="mallory",
        ms_played=200_000,
    )
    attack(street).hold()
