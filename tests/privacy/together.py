"""The state machine's looks at what people see of one another: tastes side by side, blends, activity, ways."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from accounts import pairs, policies
from accounts.models import Purpose
from accounts.presentation import Ref
from discovery.platform.errors import NotFound
from discovery.together.activity import activity_list
from discovery.together.blend import blend
from discovery.together.paths import connection_to
from discovery.together.taste import taste_match
from graph.models import ItemKind

NAMES = ("quinvara", "zebulonq", "yxandrie", "wolfrumq", "umbrixel")  # found in no other word
TRACKS = 6

name_ = st.sampled_from(NAMES)
track_ = st.integers(0, TRACKS - 1)


class Together:
    """Rules for a machine with ``oracle``, ``tracks``, ``user`` and ``both``."""

    @rule(name=name_)
    def compare_tastes(self, name):
        for other in NAMES:
            if self.both(name, other):
                self._can_be_compared_if_both_share(name, other)

    def _can_be_compared_if_both_share(self, name, other):
        mine, theirs = (set(self.oracle.people[person].counted) for person in (name, other))
        try:
            answer = taste_match(self.user(name), self.user(other).pk, ItemKind.TRACK).answer
        except NotFound:
            assert other not in self.oracle.companions(name), "whoever shares both ways can be compared with"
            return
        assert other in self.oracle.companions(name), "1, 2: it takes both to share, and a name"
        assert {liking.item.pk for liking in answer.shared} == mine & theirs, "12: nothing that is excluded"
        assert {item.pk for item in answer.only_them} == theirs - mine
        assert {item.pk for item in answer.only_you} == mine - theirs

    @rule(name=name_)
    def blend_with_everybody(self, name):
        if name not in self.oracle.people:
            return
        others = [self.user(other).pk for other in self.oracle.people if other != name]
        answer = blend(self.user(name), others, ItemKind.TRACK).answer
        companions = self.oracle.companions(name)
        members = {member.listener.username for member in answer.members}
        assert members == ({name, *companions} if companions else set()), "1, 2: only who shares both ways"
        for item in answer.items:
            for person in item.people:
                cited = {node.pk for node in person.because}
                assert cited <= set(self.oracle.people[person.listener.username].counted), "12, 20"

    @rule(name=name_)
    def read_activity(self, name):
        if name in self.oracle.people:
            self.activity_is_what_may_be_told(name)

    def activity_is_what_may_be_told(self, name):
        rows = activity_list(self.user(name), count=100).answer.activities
        told = {(row.listener.username, row.item.pk) for row in rows}
        assert told == {
            (other, track)
            for other in self.oracle.told_of(name)
            for track, times in self.oracle.people[other].counted.items()
            if times
        }, "1, 2, 12: of whom one may be told by name, and all of it"

    @rule(name=name_)
    def look_for_people(self, name):
        if name not in self.oracle.people:
            return
        viewer, findable = self.user(name), self.oracle.findable(name)
        shown = set(policies.suggestible_to(viewer).values_list("username", flat=True))
        assert shown == findable, "9, DISCOVERABLE: strangers who can be found, and never across a block"
        keys = {self.oracle.people[person].user.pk: person for person in findable}
        alike = {keys[key] for key in pairs.contributing(keys.keys())}
        assert alike == {
            person for person in findable if Purpose.CONTRIBUTE in self.oracle.people[person].granted
        }, "CONTRIBUTE: of strangers, only who agreed to be learned from is compared with"
        for other in sorted(self.oracle.people.keys() - {name}):
            bridges = policies.bridges_between(viewer, self.user(other)).values_list("username", flat=True)
            assert set(bridges) == self.oracle.bridges(name, other), "both ends and the bridge can be found"

    @rule(name=name_, track=track_)
    def find_the_way(self, name, track):
        if name not in self.oracle.people:
            return
        target = self.tracks[track].pk
        players = {
            other for other in self.oracle.told_of(name) if self.oracle.people[other].counted.get(target)
        }
        itself = self.oracle.own(name) and self.oracle.people[name].counted.get(target)
        connection = connection_to(self.user(name), Ref("Track", target)).answer
        assert (connection is not None) == bool(players or itself), (
            "1, 2, 12: a way leads over what may be told"
        )
        if connection is not None:
            between = [node.username for node in connection.nodes[1:-1]]
            assert len(between) == (0 if itself else 1), "the shortest way"
            assert set(between) <= players
