"""What may be used of whom, worked out from what people said: the specification again, in sets.

It shares no code with `accounts.policies`, so that the two can disagree.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import PersonalizationLevel, Purpose, User


@dataclass
class Person:
    user: User
    level: int = PersonalizationLevel.OFF
    chose_level: bool = False
    spoke: bool = False  # has answered anything, with whatever word
    granted: set[Purpose] = field(default_factory=set)
    towards: dict[tuple[Purpose, str], bool] = field(default_factory=dict)  # by purpose and name
    plays: Counter[int] = field(default_factory=Counter)  # by track id
    excluded: set[int] = field(default_factory=set)
    private: bool = False
    heard_in_private: list[datetime] = field(
        default_factory=list
    )  # a moment of each private session that was
    silence: int = 0  # period from which on friends without a name are heard again
    joined: dict[str, int] = field(
        default_factory=dict
    )  # by friend: period from which on they are, without a name

    def end_single_friends(self, purpose):
        """Taking something back in general takes it back from everybody."""
        self.towards.update({key: False for key in self.towards if key[0] == purpose})

    @property
    def counted(self) -> dict[int, int]:
        return {track: times for track, times in self.plays.items() if track not in self.excluded}


@dataclass
class Oracle:
    people: dict[str, Person] = field(default_factory=dict)  # by name; who is erased is gone
    friends: set[frozenset[str]] = field(default_factory=set)  # frozenset of two names
    asked: set[frozenset[str]] = field(default_factory=set)  # frozenset of two names
    blocks: set[tuple[str, str]] = field(default_factory=set)  # (blocker, blocked)
    ended: set[frozenset[str]] = field(
        default_factory=set
    )  # pairs of whom one ended or declined a friendship
    period: int = 1000  # which week it is

    def are_friends(self, name, other):
        return frozenset((name, other)) in self.friends

    def apart(self, name, other):
        return bool({(name, other), (other, name)} & self.blocks)

    def grants(self, name, purpose, other=None):
        person = self.people[name]
        return person.towards.get((purpose, other), purpose in person.granted)

    def own(self, name):
        person = self.people[name]
        return person.level >= PersonalizationLevel.OWN and Purpose.SELF in person.granted

    def sharing(self, viewer):
        """Friends who share with the viewer, whatever the viewer says to that, and whether they may be named."""
        return {
            name: self.grants(name, Purpose.NAMED, viewer)
            for name in self.people
            if self.are_friends(viewer, name) and self.grants(name, Purpose.SOCIAL_OUT, viewer)
        }

    def nameless(self, viewer):
        return {name for name, named in self.sharing(viewer).items() if not named}

    def listens_to_friends(self, viewer):
        person = self.people[viewer]
        social = person.level >= PersonalizationLevel.SOCIAL and Purpose.SOCIAL_IN in person.granted
        return social and self.own(viewer)

    def reaching(self, viewer):
        """Friends who share with the viewer and of whom the viewer wants to hear, and whether they may be named."""
        if not self.listens_to_friends(viewer):
            return {}
        return {
            name: named
            for name, named in self.sharing(viewer).items()
            if self.grants(viewer, Purpose.SOCIAL_IN, name)
        }

    def sources(self, viewer):
        """Those of them whose plays may enter: in a private session none; without a name three or more, and all of
        these or none, but for who joined the others a short while ago; and none while a change that the viewer made
        is recent."""
        person, reaching = self.people[viewer], self.reaching(viewer)
        if person.private:
            return {}
        nameless = self.nameless(viewer)
        settled = {name for name in nameless if person.joined.get(name, 0) <= self.period}
        if len(settled) < 3 or self.period < person.silence or not nameless <= reaching.keys():
            settled = set()
        return {name: named for name, named in reaching.items() if named or name in settled}

    def told_of(self, viewer):
        """Friends of whose plays the viewer may be told by name."""
        return {name for name, named in self.sources(viewer).items() if named}

    def companions(self, viewer):
        """Those of them whom the viewer reaches too: both see as much of each other. Whether the other is in a
        private session is not to be seen in that."""
        return {name for name in self.told_of(viewer) if viewer in self.reaching(name)}

    def heard_of(self, viewer, name):
        """{track: plays} of this friend that enter: without a name, what three of those without one each played."""
        sources, plays = self.sources(viewer), self.people[name].counted
        if name not in sources:
            return {}
        if not sources[name]:
            crowd = [
                {track for track, times in self.people[other].counted.items() if times}
                for other, named in sources.items()
                if not named
            ]
            plays = {track: plays[track] for track in plays if sum(track in played for played in crowd) >= 3}
        excluded = self.people[viewer].excluded
        return {track: times for track, times in plays.items() if track not in excluded}

    def evidence(self, viewer):
        """{(whose, track): plays}; "" is the viewer's own."""
        evidence = {}
        if self.own(viewer):
            evidence |= {("", track): times for track, times in self.people[viewer].counted.items()}
        for name in self.sources(viewer):
            evidence |= {(name, track): times for track, times in self.heard_of(viewer, name).items()}
        return evidence

    def situations(self, viewer):
        """What of the rule of company applies to this viewer now, by name: a test that met with none proved nothing."""
        person, reaching, nameless = self.people[viewer], self.reaching(viewer), self.nameless(viewer)
        if len(nameless) < 3 or not reaching:
            return
        if person.private:
            yield "in private"
        elif self.period < person.silence:
            yield "silent for a while"
        elif not nameless <= reaching.keys():
            yield "divided"
        elif any(self.heard_of(viewer, name) for name in nameless):
            yield "heard in company"
            if any(person.joined.get(name, 0) > self.period for name in nameless):
                yield "one of them not yet"

    def visible(self, viewer):
        return {
            name
            for name in self.people
            if not self.apart(viewer, name)
            and (
                name == viewer
                or frozenset((viewer, name)) in self.friends | self.asked
                or Purpose.DISCOVERABLE in self.people[name].granted
            )
        }

    def findable(self, viewer):
        """Whom a stranger may be shown: who can be found, and has nothing to do with the viewer yet."""
        linked = {name for pair in self.friends | self.asked if viewer in pair for name in pair}
        return {
            name
            for name, person in self.people.items()
            if Purpose.DISCOVERABLE in person.granted and name not in linked | {viewer}
            if not self.apart(viewer, name)
        }

    def bridges(self, viewer, other):
        """Friends of both through whom the viewer may be shown to be near the other: all three can be found."""
        if other not in self.findable(viewer) or Purpose.DISCOVERABLE not in self.people[viewer].granted:
            return set()
        return {
            name
            for name, person in self.people.items()
            if Purpose.DISCOVERABLE in person.granted
            and self.are_friends(viewer, name)
            and self.are_friends(name, other)
        }

    def befriend(self, name, other):
        """Who joins three or more without a name is one of them only from a new period on."""
        for viewer, friend in ((name, other), (other, name)):
            late = len(self.nameless(viewer)) >= 3
            self.people[viewer].joined[friend] = self.period + 2 if late else 0
        self.asked.discard(frozenset((name, other)))
        self.friends.add(frozenset((name, other)))

    def divide(self, viewer, friend):
        """The viewer is about to change whether they hear of this friend: those without a name fall silent."""
        if friend in self.nameless(viewer):
            self.people[viewer].silence = self.period + 2

    def part(self, name, other):
        """``name`` ends what is between them."""
        self.divide(name, other)
        pair = frozenset((name, other))
        if pair in self.friends | self.asked:
            self.ended.add(pair)
        self.friends.discard(pair)
        self.asked.discard(pair)
        for giver, friend in ((name, other), (other, name)):
            for key, answer in self.people[giver].towards.items():
                if key[1] == friend and answer:
                    self.people[giver].towards[key] = False
