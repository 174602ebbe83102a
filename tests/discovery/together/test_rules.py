"""The rules this room asks for, against the oracle of the rules' own tests."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis.extra.django import TestCase

from accounts import hearing, pairs, policies
from accounts.models import Purpose
from discovery.together.activity import ActivityKind, news_told
from tests import factories
from tests.accounts.test_policies import PEOPLE, worlds


class RulesAgree(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(world=worlds())
    def test_everywhere(self, world):
        users = world.store().users
        track = factories.track()
        plays = [factories.listens(one, track)[0] for one in users]
        for viewer, user in enumerate(users):
            others = [pk for pk in PEOPLE if pk != viewer]
            told = {
                pk for pk in others if world.reaches(pk, viewer) and world.grants(pk, Purpose.NAMED, viewer)
            }
            assert set(hearing.activity_sources(user)) == {users[pk].pk for pk in told}
            asked = {pk: (user, ActivityKind.PLAYED, plays[pk].pk) for pk in others}
            assert {pk for pk in others if asked[pk] in news_told(list(asked.values()))} == told
            keys = [users[pk].pk for pk in others]
            # That somebody is in a private session is not to be seen from what friends may compare.
            open_ = replace(world, private=[False] * len(PEOPLE))
            assert set(hearing.companions_of(user, keys)) == {
                users[pk] for pk in told if open_.reaches(viewer, pk)
            }
            found = {pk for pk in others if self.findable(world, viewer, pk)}
            assert pairs.contributing([users[pk].pk for pk in found]) == {
                users[pk].pk for pk in found if world.grants(pk, Purpose.CONTRIBUTE)
            }
            for pk in others:
                between = {
                    users[bridge]
                    for bridge in PEOPLE
                    if pk in found
                    and world.grants(viewer, Purpose.DISCOVERABLE)
                    and world.grants(bridge, Purpose.DISCOVERABLE)
                    and world.link(viewer, bridge) == "friends" == world.link(bridge, pk)
                    and not world.apart(viewer, bridge)
                    and not world.apart(bridge, pk)
                }
                assert set(policies.bridges_between(user, users[pk])) == between

    def findable(self, world, viewer, pk):
        return (
            world.sees(viewer, pk) and not world.link(viewer, pk) and world.grants(pk, Purpose.DISCOVERABLE)
        )
