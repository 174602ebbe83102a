"""The promises about other people's plays one by one, through the API: asked with and without what is not permitted."""

import json
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Consent, ConsentState, PersonalizationLevel, Purpose, User
from accounts.services.consent import consent_set, consent_withdraw_all
from accounts.services.friendship import block_create, friendship_end
from discovery.platform.graphql.node import global_id
from discovery.recommend.evidence import gather_many
from graph.models import ItemKind, Listen
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

NAMES = ("quinvara", "zebulonq", "yxandrie", "wolfrumq")  # found in no other word
P, L = Purpose, PersonalizationLevel
NO = (ConsentState.UNDEFINED, ConsentState.DENIED, ConsentState.WITHDRAWN, ConsentState.EXPIRED)

ITEMS = """edges { node { item { ... on Track { id } } score remainder
    reasons { kind text contribution share evidence { id } action { label } } } } level degraded notUsed"""
SURFACES = {
    "discover": f"discover {{ {ITEMS} }}",
    "fromFriends": f"fromFriends {{ {ITEMS} }}",
    "activity": "activity { edges { node { kind at listener { id handle } item { ... on Track { id } } } } }",
    "blend": "blend(with: [$one, $two]) { match degraded members { listener { handle } satisfaction }"
    " items { score item { ... on Track { id } } people { listener { handle } } } }",
    "tasteMatch": "tasteMatch(with: $one, kind: TRACK) { percent listener { handle } shared { item { ... on Track { id } } } }",
    "pathTo": "pathTo(id: $track) { __typename }",
    "friendSuggestions": "friendSuggestions { edges { node { listener { handle } } } }",
    "similarListeners": "similarListeners { edges { node { handle } } }",
    "shownTo": "shownTo { edges { node { named recipient { handle } } } }",
    "rooms": "rooms { __typename }",
}
FROM_PLAYS = (
    "discover",
    "fromFriends",
    "activity",
    "blend",
    "tasteMatch",
)  # of these, what friends' plays shape


@pytest.fixture
def house(serve):
    """Vera and her four friends, who permit everything; each has a favorite, and two plays of a common track."""
    people = [factories.sharer(name) for name in ("vera", *NAMES)]
    common = factories.track("Common Ground")
    favorites = [factories.track(f"Piece {number}") for number in range(len(people))]
    for person, favorite in zip(people, favorites, strict=True):
        factories.listens(person, favorite, 5, at=timezone.now() - timedelta(hours=3))
        factories.listens(person, common, 2, at=timezone.now() - timedelta(hours=1))
    for place, person in enumerate(people):
        factories.befriended(person, *people[place + 1 :])
    tracks = [common, *favorites, factories.track("Near")]
    vectors = [[1.0, number % 2, number % 3] for number in range(len(tracks))]
    prior = [1.0 - number / 10 for number in range(len(tracks))]
    serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks], prior=prior))
    return SimpleNamespace(
        vera=people[0], friend=people[1], others=people[2:], favorite=favorites[1], people=people
    )


@contextmanager
def taken_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def answers(house, surfaces=SURFACES):
    """What these surfaces say to Vera, asked about the first friend and the second."""
    app, asked = App(house.vera), {}
    ids = {
        "one": global_id("Listener", house.friend.pk),
        "two": global_id("Listener", house.others[0].pk),
        "track": global_id("Track", house.favorite.pk),
    }
    for name in surfaces:
        fields = SURFACES[name]
        given = {key: value for key, value in ids.items() if f"${key}" in fields}
        declared = ", ".join(f"${key}: ID!" for key in given)
        query = f"query asked{f'({declared})' if declared else ''} {{ viewer {{ {fields} }} }}"
        asked[name] = without_traces(app.ask(query, **given))
    return asked


def without_traces(answer):
    """An error has a number of its own, by which it is found in the log."""
    for error in answer.get("errors", ()):
        error["extensions"].pop("errorId", None)
    return answer


def without_plays(house, person, surfaces=SURFACES):
    with taken_back():
        Listen.objects.filter(user=person).delete()
        return answers(house, surfaces)


def set_answer(user, purpose, state, friend=None):
    """The projection as after this answer; none at all for UNDEFINED."""
    Consent.objects.filter(user=user, purpose=purpose, friend=friend).delete()
    if state != ConsentState.UNDEFINED:
        factories.answered(user, purpose, state=state, friend=friend)


NOT_SHARED = {
    "SOCIAL_OUT": lambda house: set_answer(house.friend, P.SOCIAL_OUT, ConsentState.DENIED),
    "SOCIAL_OUT to this one": lambda house: set_answer(
        house.friend, P.SOCIAL_OUT, ConsentState.DENIED, house.vera
    ),
    "SOCIAL_IN": lambda house: set_answer(house.vera, P.SOCIAL_IN, ConsentState.DENIED),
    "SOCIAL_IN from this one": lambda house: set_answer(
        house.vera, P.SOCIAL_IN, ConsentState.DENIED, house.friend
    ),
    "level": lambda house: User.objects.filter(pk=house.vera.pk).update(level=L.OWN),
    "friendship": lambda house: friendship_end(user=house.friend, other=house.vera),
    "block": lambda house: block_create(user=house.friend, other=house.vera),
}


def test_what_is_permitted_shapes_every_one_of_these_answers(house):
    """Else the next test could not fail."""
    before, after = answers(house), without_plays(house, house.friend)
    assert {name for name in SURFACES if before[name] != after[name]} >= set(FROM_PLAYS)
    assert all(NAMES[0] in json.dumps(before[name]).lower() for name in FROM_PLAYS)


@pytest.mark.parametrize("missing", NOT_SHARED)
def test_1_no_answer_changes_with_plays_that_are_not_shared(house, missing):
    NOT_SHARED[missing](house)
    assert answers(house) == without_plays(house, house.friend)


@pytest.mark.parametrize("scope", ["everybody", "this one"])
def test_2_who_may_not_be_named_is_named_nowhere_and_still_counts_in_company(house, scope):
    friend = house.vera if scope == "this one" else None
    unnamed(house.friend, *house.others[:2], towards=friend)
    told = answers(house)
    marks = (NAMES[0], NAMES[0].title(), global_id("Listener", house.friend.pk))
    assert [name for name in SURFACES if any(mark in json.dumps(told[name]) for mark in marks)] == []
    assert told["discover"] != without_plays(house, house.friend)["discover"]


def unnamed(*friends, towards=None):
    """These friends may not be named; each of them plays the common track."""
    for friend in friends:
        set_answer(friend, P.NAMED, ConsentState.DENIED, towards)


@pytest.mark.parametrize("others", [0, 1])
def test_2_with_fewer_than_three_without_a_name_not_even_the_order_tells(house, others):
    """However many share with their names."""
    unnamed(house.friend, *house.others[:others])
    assert answers(house) == without_plays(house, house.friend)


def test_2_what_only_two_of_them_play_tells_nothing_of_either(house):
    unnamed(house.friend, *house.others)
    factories.listens(house.others[0], house.favorite)
    played_by_two = answers(house)
    with taken_back():
        Listen.objects.filter(user__in=[house.friend, house.others[0]], track=house.favorite).delete()
        assert answers(house) == played_by_two
    factories.listens(house.others[1], house.favorite)
    assert answers(house)["discover"] != played_by_two["discover"]


def test_2_leaving_out_one_friend_without_a_name_tells_nothing_of_that_one(house):
    """Else the difference would be what this friend plays; so all who may not be named go at once."""
    nameless = (house.friend, *house.others)
    unnamed(*nameless)
    told = []
    for left_out in nameless:
        with taken_back():
            set_answer(house.vera, P.SOCIAL_IN, ConsentState.DENIED, left_out)
            told.append(answers(house))
    assert all(answer == told[0] for answer in told)
    assert told[0] != answers(house)


def test_2_a_preview_tells_nothing_of_a_friend_without_a_name(house):
    query = "query asked($id: ID!) { viewer { previewRemoval(id: $id) { signals lost { __typename } gained { __typename } } } }"
    app, friend = App(house.vera), global_id("Listener", house.friend.pk)
    assert app.data(query, id=friend)["viewer"]["previewRemoval"]["signals"] == 2
    unnamed(house.friend, *house.others)
    assert answers(house)["discover"] != without_plays(house, house.friend)["discover"]
    nothing = {"signals": 0, "lost": [], "gained": []}
    assert app.data(query, id=friend)["viewer"]["previewRemoval"] == nothing


@pytest.mark.parametrize("purpose", [P.SELF, P.SOCIAL_IN, P.SOCIAL_OUT, P.NAMED])
def test_3_a_withdrawal_is_obeyed_by_the_next_answer(house, purpose):
    before = answers(house, FROM_PLAYS)
    whose = house.friend if purpose in {P.SOCIAL_OUT, P.NAMED} else house.vera
    consent_set(user=whose, purpose=purpose, granted=False)
    after = answers(house, FROM_PLAYS)
    assert [name for name in FROM_PLAYS if after[name] == before[name]] == []


@pytest.mark.parametrize("person", [0, 1])
def test_15_one_step_takes_everything_back(house, person):
    consent_set(user=house.friend, purpose=P.SOCIAL_OUT, granted=True, friend=house.vera)
    consent_withdraw_all(user=house.people[person])
    assert answers(house) == without_plays(house, house.people[person])


@pytest.mark.parametrize("purpose", [P.SELF, P.SOCIAL_IN, P.SOCIAL_OUT, P.NAMED, P.DISCOVERABLE])
def test_6_not_answered_is_no(house, purpose):
    found = []
    surfaces = ("discover", "fromFriends", "activity", "friendSuggestions")
    for state in NO:
        for person in (house.vera, house.friend):
            set_answer(person, purpose, state)
        found.append(answers(house, surfaces))
    assert found[1:] == found[:-1]


@pytest.mark.parametrize("level", [L.OFF, L.BASIC, L.OWN])
def test_8_no_answer_depends_on_what_lies_above_its_level(house, level):
    above = house.people if level < L.OWN else house.people[1:]
    query = f"{{ viewer {{ discover(level: {level.name}) {{ {ITEMS} }} }} }}"
    app = App(house.vera)
    before = app.ask(query)
    assert before["data"]["viewer"]["discover"]["level"] == level.name
    with taken_back():
        Listen.objects.filter(user__in=above).delete()
        assert app.ask(query) == before
    with taken_back():  # nor does it say more than that there are such purposes
        Consent.objects.filter(user__in=above, purpose__in=[P.SOCIAL_IN, P.SOCIAL_OUT, P.NAMED]).delete()
        assert app.ask(query) == before
    for entries in gather_many(house.people, ItemKind.TRACK, level=level):
        assert set(entries.friend.tolist()) == ({0} if level == L.OWN else set())
    if level == L.OFF:
        assert all(App(person).ask(query) == before for person in house.others)


def test_8_asking_for_more_than_ones_level_gives_no_more(house):
    User.objects.filter(pk=house.vera.pk).update(level=L.OWN)
    app = App(house.vera)
    asked, own = (
        app.ask(f"{{ viewer {{ discover(level: {level}) {{ {ITEMS} }} }} }}") for level in ("CONTEXT", "OWN")
    )
    assert asked == own


@pytest.mark.parametrize("blocker", ["vera", "friend"])
def test_9_a_block_makes_each_as_if_there_were_none(house, blocker):
    one, other = (house.vera, house.friend) if blocker == "vera" else (house.friend, house.vera)
    block_create(user=one, other=other)
    for viewer, hidden in ((house.vera, house.friend), (house.friend, house.vera)):
        app, told = App(viewer), []
        for key in (hidden.pk, 2**40):
            person = global_id("Listener", key)
            told.append([
                app.ask(f'{{ node(id: "{person}") {{ id }} }}'),
                app.ask(f'mutation {{ requestFriendship(listenerId: "{person}") {{ ... on OperationInfo {{ messages {{ code message }} }} }} }}'),
                app.ask(f'mutation {{ block(listenerId: "{person}") {{ ... on OperationInfo {{ messages {{ code message }} }} }} }}')
                if viewer == other else None,
                without_traces(app.ask(f'{{ viewer {{ tasteMatch(with: "{person}") {{ percent }} }} }}')),
                without_traces(app.ask(f'{{ viewer {{ blend(with: ["{person}"]) {{ degraded members {{ listener {{ id }} }} }} }} }}')),
            ])  # fmt: skip
        assert told[0] == told[1]
        assert hidden.username not in json.dumps(told)


def test_10_unfriending_ends_what_was_shared_and_16_befriending_does_not_bring_it_back(house):
    consent_set(user=house.friend, purpose=P.SOCIAL_OUT, granted=True, friend=house.vera)
    friendship_end(user=house.vera, other=house.friend)
    factories.befriended(house.vera, house.friend)
    assert answers(house) == without_plays(house, house.friend)


@pytest.mark.parametrize(
    "purpose", [P.CONTRIBUTE, P.DISCOVERABLE, P.RECORD, P.EXPERIMENT, P.FEEDBACK, P.THIRD_PARTY]
)
def test_15_refusing_a_purpose_takes_nothing_away_that_does_not_need_it(house, purpose):
    before = answers(house, FROM_PLAYS)
    set_answer(house.vera, purpose, ConsentState.DENIED)
    assert answers(house, FROM_PLAYS) == before
