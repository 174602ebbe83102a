"""A compiled query answers as the queryset it was made from, for everybody and at every moment, and keeps no answer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import hearing, policies
from accounts.compiled_query import KEYS, OTHER_KEYS, PERSON, Among, CompiledQuery
from accounts.models import Purpose, User
from accounts.presentation import Ref, nodes_shown
from accounts.services.consent import consent_set
from discovery.platform import clock
from graph.models import Track
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_each_person_gets_their_own_answer_and_a_changed_one_with_the_next_question():
    ada, ben = factories.listener(), factories.listener()
    consent_set(user=ada, purpose=Purpose.SELF, granted=True)
    consent_set(user=ben, purpose=Purpose.NAMED, granted=True)
    assert policies.granted_purposes(ada) == {Purpose.SELF}
    assert policies.granted_purposes(ben) == {Purpose.NAMED}
    consent_set(user=ada, purpose=Purpose.SELF, granted=False)
    assert policies.granted_purposes(ada) == frozenset()


def test_the_moment_is_that_of_the_question(monkeypatch):
    ada = factories.listener()
    soon = timezone.now() + timedelta(hours=1)
    consent_set(user=ada, purpose=Purpose.SELF, granted=True, valid_until=soon)
    assert policies.granted_purposes(ada) == {Purpose.SELF}
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert policies.granted_purposes(ada) == frozenset()


def test_the_statement_is_made_once():
    ada = factories.listener()
    made = []
    rule = CompiledQuery(lambda user, now: made.append(user) or hearing._sources_of(user, now), PERSON)
    with CaptureQueriesContext(connection) as asked:
        assert rule.rows(ada) == rule.rows(ada) == []
    assert (len(made), len(asked)) == (1, 2)


def test_instances_are_those_of_the_queryset_with_what_it_selects_as_related(django_assert_num_queries):
    songs = [factories.track(f"Song {number}") for number in range(3)]
    songs[1].tags = ["calm", "late"]
    songs[1].save()
    query = CompiledQuery(
        lambda keys, _now: Track.objects.filter(Among("pk", keys)).select_related("artist").order_by("pk"),
        KEYS,
    )
    wanted = tuple(song.pk for song in songs[:2])
    expected = list(Track.objects.filter(pk__in=wanted).select_related("artist").order_by("pk"))
    with django_assert_num_queries(1):
        given = query.instances(wanted)
        assert [track.artist.name for track in given] == [track.artist.name for track in expected]
    assert [vars(track).keys() for track in given] == [vars(track).keys() for track in expected]
    assert [(track, track.tags, track.duration_ms) for track in given] == [
        (track, track.tags, track.duration_ms) for track in expected
    ]
    given[0].title = "Renamed"
    given[0].save()
    assert Track.objects.get(pk=given[0].pk).title == "Renamed"


@pytest.mark.parametrize("count", [0, 1, 3, 5_000])
def test_any_number_of_keys_is_one_parameter(count):
    ada = factories.listener()
    query = CompiledQuery(lambda keys, _now: User.objects.filter(Among("pk", keys)).values_list("pk"), KEYS)
    keys = tuple(range(ada.pk, ada.pk + count))
    assert query.rows(keys) == ([(ada.pk,)] if count else [])


def test_two_sets_of_keys_are_told_apart():
    ada, ben = factories.listener(), factories.listener()
    query = CompiledQuery(
        lambda some, others, _now: User.objects.filter(Among("pk", some)).exclude(Among("pk", others)).values_list("pk"),
        KEYS, OTHER_KEYS,
    )  # fmt: skip
    assert query.rows((ada.pk, ben.pk), (ben.pk,)) == [(ada.pk,)]
    assert query.rows((ada.pk, ben.pk), (ada.pk,)) == [(ben.pk,)]
    with pytest.raises(TypeError, match="asks about 2"):
        query.rows((ada.pk,))


def test_who_is_shown_are_those_who_are_visible():
    ada, friend, stranger, found = (factories.listener() for _ in range(4))
    factories.befriended(ada, friend)
    consent_set(user=found, purpose=Purpose.DISCOVERABLE, granted=True)
    keys = [person.pk for person in (ada, friend, stranger, found)]
    refs = [Ref("Listener", key) for key in keys]
    shown = nodes_shown(ada, refs).values()
    assert {person.username for person in shown} == {ada.username, friend.username, found.username}
    assert set(shown) == set(policies.listeners_visible_to(ada).filter(pk__in=keys))
    assert nodes_shown(None, refs) == nodes_shown(ada, []) == {}
