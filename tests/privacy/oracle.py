"""What may be used of whom, worked out from what people said: the specification again, in twenty lines of sets.

It shares no code with `accounts.policies`, so that the two can disagree.
"""

from collections import Counter
from dataclasses import dataclass, field

from accounts.models import PersonalizationLevel, Purpose, User


@dataclass
class Person:
    user: User
    level: int = PersonalizationLevel.OFF
    granted: set[Purpose] = field(default_factory=set)
    towards: dict[tuple[Purpose, str], bool] = field(default_factory=dict)  # by purpose and name
    plays: Counter[int] = field(default_factory=Counter)  # by track id
    excluded: set[int] = field(default_factory=set)
    private: bool = False

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

    def reaching(self, viewer):
        """Friends who share with the viewer and of whom the viewer wants to hear, and whether they may be named."""
        return {
            name: named
            for name, named in self.sharing(viewer).items()
            if self.grants(viewer, Purpose.SOCIAL_IN, name)
        }

    def sharing(self, viewer):
        """Friends who share with the viewer, wanted or not."""
        if self.people[viewer].level < PersonalizationLevel.SOCIAL or not self.own(viewer):
            return {}
        if Purpose.SOCIAL_IN not in self.people[viewer].granted:
            return {}
        return {
            name: self.grants(name, Purpose.NAMED, viewer)
            for name in self.people
            if self.are_friends(viewer, name) and self.grants(name, Purpose.SOCIAL_OUT, viewer)
        }

    def sources(self, viewer):
        """Those of them whose plays may enter: without a name only in a crowd, and all of these or none."""
        sharing = self.reaching(viewer)
        nameless = {name for name, named in self.sharing(viewer).items() if not named}
        if not nameless <= sharing.keys():
            sharing = {name: named for name, named in sharing.items() if named}
        return {name: named for name, named in sharing.items() if named or len(sharing) >= 3}

    def told_of(self, viewer):
        """Friends of whose plays the viewer may be told by name."""
        return {name for name, named in self.reaching(viewer).items() if named}

    def companions(self, viewer):
        """Those of them whom the viewer reaches too: both see as much of each other."""
        return {name for name in self.told_of(viewer) if viewer in self.reaching(name)}

    def evidence(self, viewer):
        """{(whose, track): plays}; "" is the viewer's own."""
        evidence = {}
        if self.own(viewer):
            evidence |= {("", track): times for track, times in self.people[viewer].counted.items()}
        for name in self.sources(viewer):
            evidence |= {(name, track): times for track, times in self.people[name].counted.items()}
        return evidence

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

    def part(self, name, other):
        pair = frozenset((name, other))
        self.friends.discard(pair)
        self.asked.discard(pair)
        for giver, friend in ((name, other), (other, name)):
            for key, answer in self.people[giver].towards.items():
                if key[1] == friend and answer:
                    self.people[giver].towards[key] = False
