"""Everything is taken back: whoever still holds a radio or sits in a room that was chosen by it."""

import pytest

from tests.adversary.attack import QUEUE, ROOM, ROOM_FIELDS, Attack

pytestmark = pytest.mark.django_db


class Running(Attack):
    """A radio or a room that runs when somebody takes everything back: what of the prey's is there in the next answer?"""

    works = 0.1

    def __init__(self, street, who):
        self.street, self.who = street, who
        street.befriended(street.prey)

    def control(self):
        return self.mount(lambda: None)

    def estimate(self):
        return self.mount(self.withdraw)

    def withdraw(self):
        person = self.street.prey if self.who == "the friend" else self.street.mallory
        assert person.act("withdrawAllConsent")


class RunningRadio(Running):
    def mount(self, change):
        mallory = self.street.mallory
        queue = mallory.told("startRadio", QUEUE, seedId=self.street.prey.id)
        change()
        queue = mallory.told("advanceRadio", QUEUE, radioId=queue["radioId"], resume=queue["resume"])
        nodes = [node for node in (queue["now"], *queue["upcoming"]) if node]
        return sum(any(why["kind"] == "FRIEND" for why in node["reasons"]) for node in nodes) / len(nodes)

    def withdraw(self):
        """The viewer takes back that friends count: what they heard stays their own."""
        if self.who == "the friend":
            super().withdraw()
        else:
            assert self.street.mallory.act("setConsent", purpose="SOCIAL_IN", granted=False)


class RunningRoom(Running):
    def mount(self, change):
        mallory, prey = self.street.mallory, self.street.prey
        room = mallory.told("createRoom", ROOM, **{"with": [prey.id]})
        assert prey.act("joinRoom", roomId=room["id"])
        room = mallory.told("skipInRoom", ROOM, roomId=room["id"], step=0)
        change()
        room = mallory.data(f'{{ room(id: "{room["id"]}") {{ {ROOM_FIELDS} }} }}')["room"]
        lines = [line for line in (room["now"], *room["queue"]) if line]
        for_prey = [one for line in lines for one in line["people"] if one["listener"]["id"] == prey.id]
        cited = [each["id"] for one in for_prey for each in one["because"]]
        return float(bool(set(cited) & set(self.street.prey_tracks)))


@pytest.mark.parametrize("who", ["the friend", "the viewer"])
@pytest.mark.parametrize("attack", [RunningRadio, RunningRoom])
def test_nothing_of_a_friends_stands_in_what_runs_on(street, attack, who):
    attack(street, who).hold()
