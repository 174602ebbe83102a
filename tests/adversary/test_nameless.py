"""Friends who share without a name: whoever looks for what a single one of them plays."""

import json

import pytest

from tests import factories
from tests.adversary.attack import Attack, Person, advantage, lifted, part_of

pytestmark = pytest.mark.django_db


class Alone(Attack):
    """The prey is made to stand out: by being asked for, or among friends who play nothing."""

    works = 0.9

    def __init__(self, street):
        self.street = street

    def control(self):
        """The prey may be named."""
        self.street.befriended(*self.friends())
        return self.mount()

    def estimate(self):
        self.street.befriended(*self.friends())
        self.street.nameless(*self.street.friends, *self.silent)
        return self.mount()

    silent: tuple[Person, ...] = ()

    def friends(self):
        return self.street.friends

    def mount(self) -> float:
        raise NotImplementedError


class RadioOfOne(Alone):
    """A radio from one friend; what is skipped shows the next thing that they play."""

    def mount(self):
        return self.street.part_shown(lifted(self.street.mallory.radio(seedId=self.street.prey.id)))


class AskedForByName(Alone):
    """Every question that takes a friend: the prey's own tracks in what is answered, or a track asked for and found."""

    QUESTIONS = (
        "tasteMatch(with: $prey, kind: TRACK) { percent shared { item { ... on Track { id } } } onlyThem { ... on Track { id } } }",
        "blend(with: [$prey], first: 6) { items { item { ... on Track { id } } } }",
        "previewRemoval(id: $prey, first: 6) { signals lost { ... on Track { id } } gained { ... on Track { id } } }",
        "activity(first: 100) { edges { node { item { ... on Track { id } } } } }",
    )

    def mount(self):
        mallory, found = self.street.mallory, set()
        for question in self.QUESTIONS:
            head = "($prey: ID!)" if "$prey" in question else ""
            asked = {"prey": self.street.prey.id} if head else {}
            told = json.dumps(mallory.ask(f"query {head} {{ viewer {{ {question} }} }}", **asked))
            found.update(track for track in self.street.prey_tracks if f'"{track}"' in told)
        for track in (*self.street.prey_tracks, *self.street.decoys):
            way = mallory.data("query ($id: ID!) { viewer { pathTo(id: $id) { __typename } } }", id=track)
            if way["viewer"]["pathTo"]:
                found.add(track)
        return self.street.part_shown(found)


class AmongTheSilent(Alone):
    """The prey and friends made for the purpose, who play nothing: what is shown is the prey's."""

    def __init__(self, street, puppets, surface):
        super().__init__(street)
        self.surface = surface
        self.silent = tuple(Person(factories.sharer(f"puppet{number}")) for number in range(puppets))

    def friends(self):
        return [self.street.prey, *self.silent]

    def estimate(self):
        self.street.befriended(*self.friends())
        self.street.nameless(*self.concealed())
        return self.mount()

    def concealed(self):
        return self.friends()

    def mount(self):
        street, mallory = self.street, self.street.mallory
        match self.surface:
            case "discover" | "fromFriends":
                return street.told_by(mallory.scores(self.surface))
            case "radio":
                return street.part_shown(lifted(mallory.radio()))
            case "varied radio":
                return street.part_shown(lifted(mallory.radio(variety=1.0, steps=12)))
            case "room":
                one, other = self.silent
                factories.befriended(street.prey.user, one.user, other.user)
                factories.befriended(one.user, other.user)
                return street.part_shown(mallory.room(street.prey, one, other))
            case "blend":
                told = mallory.data(
                    "query ($with: [ID!]!) { viewer { blend(with: $with) { items { item { ... on Track { id } } } } } }",
                    **{"with": [friend.id for friend in self.friends()]},
                )
                return street.part_shown([row["item"]["id"] for row in told["viewer"]["blend"]["items"][:12]])


class AmongPuppetsWithAName(AmongTheSilent):
    """As before, but the puppets may be named: three share, one without a name."""

    def concealed(self):
        return [self.street.prey]


class AmongPuppetsWhoPlayTheSame(AmongTheSilent):
    """As before; the puppets play what the prey and everybody else plays, so that they are a company."""

    def friends(self):
        if not self.silent[0].user.listens.exists():
            for puppet in self.silent:
                factories.listens(puppet.user, self.street.common_track)
        return super().friends()


SURFACES = ("discover", "fromFriends", "radio", "varied radio", "room", "blend")
CROWDS = [
    *((AmongTheSilent, surface) for surface in SURFACES),
    *((AmongPuppetsWithAName, surface) for surface in ("discover", "varied radio", "room")),
    *(
        (AmongPuppetsWhoPlayTheSame, surface)
        for surface in ("discover", "fromFriends", "varied radio", "blend")
    ),
]


def test_a_radio_of_one_friend_tells_nothing_of_one_without_a_name(street):
    RadioOfOne(street).hold()


def test_no_question_that_takes_a_friend_tells_of_one_without_a_name(street):
    AskedForByName(street).hold()


@pytest.mark.parametrize(("crowd", "surface"), CROWDS)
def test_friends_made_for_the_purpose_do_not_single_out_the_third(street, crowd, surface):
    crowd(street, 2, surface).hold()


class Difference(Attack):
    """Before and after a change that the attacker makes: what gained or lost stands for whom the change was about.

    Told apart are what the prey plays with two of the others, and what the three others play without the prey.
    """

    works = 0.9

    def __init__(self, street, change, surface):
        self.street, self.change, self.surface = street, change, surface

    def control(self):
        """The prey alone may be named; the others share nothing."""
        for friend in self.street.others:
            factories.revoke(friend.user, "SOCIAL_OUT")
        return self._mount()

    def estimate(self):
        self.street.nameless(*self.street.friends)
        return self._mount()

    def _mount(self):
        street = self.street
        street.befriended(*self.first())
        before = street.mallory.scores(self.surface)
        self.change(street)
        after = street.mallory.scores(self.surface)
        moved = {track: abs(after.get(track, 0.0) - before.get(track, 0.0)) for track in {*before, *after}}
        with_others = [street.threes[friend.user.username] for friend in street.others]
        without_prey = [street.threes[street.prey.user.username]]
        return max(
            advantage(*([moved.get(track, 0.0) for track in tracks] for tracks in told_apart))
            for told_apart in ((street.prey_tracks, street.decoys), (with_others, without_prey))
        )

    def first(self):
        """Who is the attacker's friend before the change."""
        return self.street.friends


def ends(street):
    assert street.mallory.act("endFriendship", listenerId=street.prey.id)


def blocks(street):
    assert street.mallory.act("block", listenerId=street.prey.id)


def leaves_out(street):
    assert street.mallory.act("setConsent", purpose="SOCIAL_IN", granted=False, friendId=street.prey.id)


def takes_back(street):
    assert street.mallory.act("setConsent", purpose="SOCIAL_IN", granted=True, friendId=street.prey.id)


def leaves_out_and_takes_back(street):
    leaves_out(street)
    takes_back(street)


def ends_and_befriends(street):
    ends(street)
    street.mallory.befriend(street.prey)


def blocks_and_unblocks(street):
    blocks(street)
    assert street.mallory.act("unblock", listenerId=street.prey.id)


def ends_behind_a_closed_door(street):
    """With the general answer off meanwhile, as if nothing were heard that could change."""
    assert street.mallory.act("setConsent", purpose="SOCIAL_IN", granted=False)
    ends(street)
    assert street.mallory.act("setConsent", purpose="SOCIAL_IN", granted=True)


def ends_at_level_own(street):
    assert street.mallory.act("setPersonalizationLevel", level="OWN")
    ends(street)
    assert street.mallory.act("setPersonalizationLevel", level="SOCIAL")


def ends_in_a_private_session(street):
    assert street.mallory.act("startPrivateSession")
    ends(street)
    assert street.mallory.act("endPrivateSession")


CHANGES = (
    ends, blocks, leaves_out, ends_and_befriends, blocks_and_unblocks, ends_behind_a_closed_door, ends_at_level_own,
    ends_in_a_private_session,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "surface"), [(ends, "fromFriends"), *((change, "discover") for change in CHANGES)]
)
def test_parting_with_one_of_four_tells_nothing_of_that_one(street, change, surface):
    attack = Difference(street, change, surface)
    if change is ends_and_befriends:  # with a name they are heard again at once, and nothing has moved
        attack.works = 0.0
    attack.hold()


def test_leaving_one_out_and_taking_them_back_tells_nothing_of_that_one(street):
    attack = Difference(street, leaves_out_and_takes_back, "discover")
    attack.works = 0.0  # with a name nothing has moved either
    attack.hold()


class Joining(Difference):
    """The prey comes to three who are heard already, or makes them heard."""

    def first(self):
        return self.street.others


@pytest.mark.parametrize("surface", ["discover", "fromFriends"])
def test_befriending_one_more_tells_nothing_of_that_one(street, surface):
    Joining(street, lambda street: street.mallory.befriend(street.prey), surface).hold()


def test_two_weeks_of_silence_do_not_end_early(street):
    """Whatever is done meanwhile; and that they do end is what the docs say a friend can expect."""
    street.nameless(*street.friends)
    street.befriended(*street.friends)
    mallory, heard = street.mallory, street.mallory.scores()
    ends(street)
    silence = mallory.scores()
    assert silence != heard
    for change in (takes_back, leaves_out):
        change(type("Other", (), {"mallory": mallory, "prey": street.others[0]}))
        assert mallory.scores() == silence
    takes_back(type("Other", (), {"mallory": mallory, "prey": street.others[0]}))
    factories.weeks_pass()
    assert mallory.scores() == silence
    factories.weeks_pass()
    assert (
        part_of(
            [track for track, score in mallory.scores().items() if score != silence.get(track, 0.0)],
            [street.common],
        )
        == 1
    )
