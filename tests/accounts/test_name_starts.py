"""The index of beginnings: it answers as everybody's names read one by one would, is never behind, and brings up nobody by itself."""

from importlib import import_module
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Q
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import name_starts
from accounts.models import NameStart, Purpose, User
from accounts.name_starts import by_handle
from accounts.policies import findable_by
from accounts.selectors import people_found
from accounts.services.profile import profile_update
from discovery.platform.names import name_key
from tests.api.client import App
from tests.factories import answered, blocked, listener

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

fill = import_module("accounts.migrations.0033_name_starts_filled").fill
PAGE = "query ($text: String!, $after: String) { people(text: $text, first: 2, after: $after) { totalCount"
PAGE += " edges { node { handle } } pageInfo { hasNextPage endCursor } } }"

LETTERS = st.sampled_from("aabbAzßéÅØıİЖжΣς日本アパ'’-_%\\\"ﬃ\u0301\u200b") | st.characters(
    exclude_categories=["C"]
)
WORDS = st.lists(st.text(LETTERS, max_size=6), max_size=4).map(lambda words: " ".join(words)[:80])
HANDLES = st.from_regex(r"[abAz][ab1._-]{0,4}[abz9]", fullmatch=True)
PEOPLE = st.lists(
    st.tuples(HANDLES, WORDS, st.sampled_from(("found", "found", "silent", "gone", "blocked"))),
    min_size=1,
    max_size=9,
)


def starts():
    return sorted((row.person_id, row.handle, bytes(row.start).decode()) for row in NameStart.objects.all())


def expected():
    """What the table is to hold, by the people's rows alone."""
    rows = set()
    for user in User.objects.all():
        words = (user.name_key or "").split(" ")
        for start in (user.username.lower(), *(" ".join(words[place:]) for place in range(len(words)))):
            rows |= {(user.pk, user.username, start)} if start else set()
    return sorted(rows)


def slowly(viewer, key):
    """Every name read: of people whom ``viewer`` may find, by handle."""
    called = Q(name_key__startswith=key) | Q(name_key__contains=f" {key}") | Q(username__istartswith=key)
    return list(findable_by(viewer).filter(called).order_by("username", "pk"))


class TestTheIndexAnswersAsEveryNameWould(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(PEOPLE, st.data())
    def test_whoever_is_called_whatever(self, people, data):
        viewer = listener("viewer")
        users = {}
        for handle, name, state in people:
            if handle.lower() not in users:
                user = listener(handle, display_name=name, is_active=state != "gone")
                answered(user, *([] if state == "silent" else [Purpose.DISCOVERABLE]))
                users[handle.lower()] = blocked(viewer, user) if state == "blocked" else user
        users = list(User.objects.exclude(pk=viewer.pk).order_by("pk"))
        if renamed := data.draw(WORDS.filter(str.isprintable)).strip():
            profile_update(user=users[0], display_name=renamed)
        if len(users) > 2 and data.draw(st.booleans()):
            users.pop().delete()
        assert starts() == expected()
        names = [start for _pk, _handle, start in starts()]
        texts = {name[: data.draw(st.integers(1, 5))] for name in names} | set(
            data.draw(st.lists(WORDS, max_size=2))
        )
        for text in sorted(texts):
            if key := name_key(" ".join(text.split())):
                slow = slowly(viewer, key)
                for few in (0, 1, 1_000):
                    with mock.patch.object(name_starts, "FEW", few):
                        assert list(by_handle(findable_by(viewer), key)) == slow, (key, few)


@pytest.mark.parametrize("few", [0, 1_000])
def test_pages_go_on_where_the_last_one_ended(monkeypatch, few):
    viewer = listener("viewer")
    for number in range(5):
        answered(listener(f"u{number}", display_name="Nora Nord"), Purpose.DISCOVERABLE)
    answered(listener("nora", display_name="Ann Nora"), Purpose.DISCOVERABLE)
    monkeypatch.setattr(name_starts, "FEW", few)
    app, handles = App(viewer), []
    page = app.data(PAGE, text="no")["people"]
    assert page["totalCount"] == 6
    while True:
        handles += [edge["node"]["handle"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        monkeypatch.setattr(name_starts, "FEW", 1_000 - name_starts.FEW)  # others come and go meanwhile
        page = app.data(PAGE, text="no", after=page["pageInfo"]["endCursor"])["people"]
    assert handles == ["nora", "u0", "u1", "u2", "u3", "u4"]


@pytest.mark.parametrize("few", [0, 1_000])
def test_a_row_that_should_not_be_there_brings_up_nobody(monkeypatch, few):
    monkeypatch.setattr(name_starts, "FEW", few)
    viewer, hidden = listener("viewer"), listener("zed", display_name="Nora")
    other = answered(listener("other", display_name="Ann"), Purpose.DISCOVERABLE)
    for person in (hidden, other):
        NameStart.objects.create(
            person=person,
            handle=person.username,
            start=b"nora",
            first_one=None,
            first_two=None,
            first_four="nora",
        )
    assert list(people_found(viewer=viewer, text="nora")) == []
    answered(hidden, Purpose.DISCOVERABLE)
    NameStart.objects.filter(person=hidden).exclude(start=b"zed").exclude(first_one="n").delete()
    assert list(people_found(viewer=viewer, text="nor")) == [hidden]


def test_whoever_writes_a_name_writes_its_beginnings():
    """No code of ours: that of the release before, or a hand at the database."""
    with connection.cursor() as cursor:
        user = listener("Nora.1", display_name="Nora Lind")
        cursor.execute(
            "UPDATE accounts_user SET username = 'nl', name_key = 'lind nora b' WHERE id = %s", [user.pk]
        )
        assert starts() == expected()
        assert [start for *_, start in starts()] == ["b", "lind nora b", "nl", "nora b"]
        cursor.execute("UPDATE accounts_user SET name_key = NULL, level = 0 WHERE id = %s", [user.pk])
        assert [start for *_, start in starts()] == ["nl"]
        if connection.vendor == "sqlite":
            columns = [field.column for field in User._meta.concrete_fields]
            said = ", ".join("'anew'" if column == "username" else column for column in columns)
            cursor.execute(
                f"REPLACE INTO accounts_user ({', '.join(columns)}) SELECT {said} FROM accounts_user"  # noqa: S608
            )
            assert [start for *_, start in starts()] == ["anew"]
        cursor.execute("DELETE FROM accounts_user")
    assert starts() == []


def test_what_was_there_before_is_filled_in_once(monkeypatch):
    monkeypatch.setitem(fill.__globals__, "AT_ONCE", dict.fromkeys(("postgresql", "sqlite"), 2))
    for number in range(5):
        listener(f"u{number}", display_name="Zoë van Dijk")
    whole, heads = starts(), sorted(map(str, NameStart.objects.values_list("first_two", flat=True)))
    NameStart.objects.filter(person__username__lt="u3").delete()
    for _again in range(2):
        fill(apps, mock.Mock(connection=connection))
        assert starts() == whole == expected()
        assert sorted(map(str, NameStart.objects.values_list("first_two", flat=True))) == heads


def test_each_way_finds_its_place_in_an_index(monkeypatch):
    """What the database means to read; on PostgreSQL as if a table of a few rows were long."""
    viewer = listener("viewer")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    monkeypatch.setattr(name_starts, "FEW", -1)
    for text, index in (("n", "name_first_one"), ("nor", "name_first_two"), ("nora lin", "name_first_four")):
        assert index in people_found(viewer=viewer, text=text)[:21].explain()
    assert "name_start" in name_starts.within("nora").explain()
