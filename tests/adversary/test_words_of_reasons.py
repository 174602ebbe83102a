"""Reasons are taken at their word: whoever looks for one that says what was never done."""

import pytest

from tests import factories
from tests.adversary.attack import QUEUE, RECOMMENDED, Attack

pytestmark = pytest.mark.django_db


class Claims(Attack):
    """How many reasons say something of the viewer that they did not do.

    The control: how many say what they did, where they did it.
    """

    works = 1.0

    def __init__(self, street):
        self.street, self.ann = street, street.mallory
        self.track = street.own["stranger"][0]

    def reasons(self, nodes):
        return [reason["text"] for node in nodes if node for reason in node["reasons"]]

    def discovered(self):
        edges = self.ann.data(
            f"{{ viewer {{ discover(first: 100) {{ edges {{ node {RECOMMENDED} }} }} }} }}"
        )["viewer"]["discover"]["edges"]
        return [edge["node"] for edge in edges]


class LikedAndNotPlayed(Claims):
    def control(self):
        factories.listens(self.ann.user, self.street.tracks["stranger"][0], 3)
        return sum(text.startswith("Because you played") for text in self.reasons(self.discovered()))

    def estimate(self):
        assert self.ann.act("giveFeedback", itemId=self.track, kind="LIKE")
        nodes = self.discovered()
        texts = self.reasons(nodes)
        assert any(text.startswith("Because you like") for text in texts), "it does say why"
        again = sum(node["item"]["id"] == self.track for node in nodes)
        return again + sum(text.startswith("Because you played") for text in texts)


class ChosenByTheRadio(Claims):
    def control(self):
        queue = self.ann.told("startRadio", QUEUE, seedId=self.track)
        return sum("you picked" in text for text in self.reasons([queue["now"], *queue["upcoming"]]))

    def estimate(self):
        """Nothing was picked: the radio began by itself, and what it played was listened to."""
        queue, false = self.ann.told("startRadio", QUEUE), 0
        heard = 0
        for _step in range(4):
            queue = self.ann.told("advanceRadio", QUEUE, radioId=queue["radioId"], step=queue["step"])
            texts = self.reasons([queue["now"], *queue["upcoming"]])
            false += sum("you picked" in text or "you played" in text for text in texts)
            heard += sum("heard" in text for text in texts)
        assert heard, "it does say why"
        return false


@pytest.mark.parametrize("attack", [LikedAndNotPlayed, ChosenByTheRadio])
def test_no_reason_says_what_was_not_done(street, attack):
    attack(street).hold()
