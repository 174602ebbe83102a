"""People are looked for by name, and found where they allow it."""

import pytest

from accounts.models import Purpose, User
from accounts.services.profile import profile_update
from tests.api.client import App
from tests.factories import answered, befriended, blocked, listener, sharer

pytestmark = pytest.mark.django_db

PEOPLE = "query ($text: String!) { people(text: $text) { edges { node { handle displayName } } } }"


def found(viewer, text):
    return [edge["node"]["handle"] for edge in App(viewer).data(PEOPLE, text=text)["people"]["edges"]]


def findable(handle, name):
    return answered(listener(handle, display_name=name), Purpose.DISCOVERABLE)


@pytest.fixture
def ada():
    return listener("ada")


@pytest.mark.parametrize("text", ["søren", "SOREN", "Kier", "  kierke ", "ske.9"])
def test_by_the_beginning_of_a_word_or_handle_whatever_its_accents(ada, text):
    findable("ske.9", "Søren Kierkegård")
    findable("other", "Kai Oreno")
    assert found(ada, text) == ["ske.9"]


@pytest.mark.parametrize("text", ["oren", "gård", "%", "_"])
def test_nobody_is_found_by_the_middle_of_a_word_or_by_a_pattern(ada, text):
    findable("ske.9", "Søren Kierkegård")
    assert found(ada, text) == []


def test_two_of_one_name_are_told_apart_by_their_handles(ada):
    findable("nora2", "Nora Lind")
    findable("nora1", "Nora Lind")
    assert found(ada, "nora lind") == ["nora1", "nora2"]


def test_only_who_can_be_found_is(ada):
    befriended(ada, hidden := listener("nora1", display_name="Nora"))
    blocked(findable("nora2", "Nora"), ada)
    User.objects.filter(pk=findable("nora3", "Nora").pk).update(is_active=False)
    befriended(ada, findable("nora4", "Nora"))
    assert found(ada, "nora") == ["nora4"]
    assert found(None, "nora") == []
    answered(hidden, Purpose.DISCOVERABLE)
    assert found(ada, "nora") == ["nora1", "nora4"]


def test_a_new_name_is_found_and_the_old_one_is_not(ada):
    profile_update(user=(nora := findable("n", "Nora")), display_name="Ophelia")
    assert (found(ada, "nora"), found(ada, "oph")) == ([], ["n"])
    User.objects.bulk_create([User(username="bulk", display_name="Zoë")])
    answered(User.objects.get(username="bulk"), Purpose.DISCOVERABLE)
    assert found(ada, "zoe") == ["bulk"]
    assert found(nora, "oph") == [], "nobody looks for themselves"


@pytest.mark.parametrize(
    ("text", "code"), [("", "INVALID_EMPTY"), ("\u200b", "INVALID_EMPTY"), ("x" * 81, "INVALID_TOO_LONG")]
)
def test_what_is_no_name_is_refused(text, code):
    assert App(sharer()).code(PEOPLE, text=text) == code
