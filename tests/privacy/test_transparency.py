"""What weighs in, what is held, which models saw it, and who was shown to whom."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Consent, ConsentEvent, ConsentState, PersonalizationLevel, Purpose
from accounts.presentation import rows_shown
from accounts.services.consent import consent_set
from discovery.models import SocialUse
from discovery.privacy import usage
from discovery.privacy.parameters import Signal, recommender_parameters
from discovery.recommend import feed
from discovery.recommend.disclosure import SOCIAL_USE_KEPT, social_use_forget
from graph.models import ItemKind, ModelVersion
from graph.selectors import models_that_saw
from tests import factories

pytestmark = pytest.mark.django_db


def uses(source):
    return sorted(SocialUse.objects.filter(source=source).values_list("recipient", "named", "item_id"))


def test_shares_of_the_parameters_add_up_and_follow_the_level(world):
    def shares():
        parameters = recommender_parameters(world.ada, ItemKind.TRACK).answer
        return {parameter.signal: parameter.average_share for parameter in parameters}

    assert sum(shares().values()) == pytest.approx(1.0)
    assert shares()[Signal.FRIENDS] > 0
    world.ada.level = PersonalizationLevel.OWN
    assert shares()[Signal.FRIENDS] == 0
    world.ada.level = PersonalizationLevel.OFF
    assert shares()[Signal.POPULARITY] == 1


def test_every_permission_named_turns_its_signal_off(world):
    for parameter in recommender_parameters(world.ada, ItemKind.TRACK).answer:
        if parameter.purpose is None or not parameter.average_share:
            continue
        row = Consent.objects.get(user=world.ada, purpose=parameter.purpose)
        Consent.objects.filter(pk=row.pk).update(state=ConsentState.WITHDRAWN)
        then = {
            parameter.signal: parameter.average_share
            for parameter in recommender_parameters(world.ada, ItemKind.TRACK).answer
        }
        assert then[parameter.signal] == 0, parameter.signal
        Consent.objects.filter(pk=row.pk).update(state=ConsentState.GRANTED)


def test_what_is_held_is_counted_with_its_use(world):
    held = {kind.name: kind for kind in usage.held(world.ada)}
    assert held["plays"].count == 7
    assert held["plays"].used_for == (Purpose.SELF, Purpose.SOCIAL_OUT, Purpose.CONTRIBUTE)
    assert held["plays"].oldest == factories.NOON
    assert held["friendships"].count == 2
    factories.revoke(world.ada, Purpose.CONTRIBUTE)
    assert Purpose.CONTRIBUTE not in {kind.name: kind for kind in usage.held(world.ada)}["plays"].used_for


def version(position):
    return ModelVersion.objects.create(
        id=uuid.uuid4(), state=ModelVersion.State.RETIRED, data_hash="", ledger_position=position,
        config={}, metrics={},
    )  # fmt: skip


def test_models_that_saw_it_are_those_of_the_granted_span():
    ada = factories.listener("ada")
    positions = [0]
    for granted in (True, False):
        consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=granted)
        positions.append(ConsentEvent.objects.latest("pk").pk)
    before, during, after = (version(position) for position in positions)
    assert models_that_saw(ada) == [during]
    consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=True)
    again = version(ConsentEvent.objects.latest("pk").pk)
    assert models_that_saw(ada) == [again, during]
    assert before not in models_that_saw(ada)
    assert after not in models_that_saw(ada)


def test_who_was_named_is_noted_once_a_day_with_the_play_cited(world):
    for _ in range(2):
        feed.from_friends(world.ada, ItemKind.TRACK)
    assert uses(world.ben) == [(world.ada.pk, True, world.favorites["ben"].pk)]


def test_an_unnamed_source_learns_that_they_were_used_and_of_no_item(world):
    company = [world.ben, world.cleo, factories.sharer("dora")]
    factories.befriended(world.ada, company[2])
    for friend in company:
        factories.revoke(friend, Purpose.NAMED)
    factories.listens(world.cleo, world.favorites["ben"])
    feed.for_you(world.ada, ItemKind.TRACK)
    assert uses(world.ben) == []  # what only two of them play counts for nothing
    factories.listens(company[2], world.favorites["ben"])
    feed.for_you(world.ada, ItemKind.TRACK)
    assert [uses(friend) for friend in company] == [[(world.ada.pk, False, 0)]] * 3


def test_nothing_is_noted_below_social(world):
    feed.for_you(world.ada, ItemKind.TRACK, level=PersonalizationLevel.OWN)
    feed.popular(None, ItemKind.TRACK)
    assert SocialUse.objects.count() == 0


def test_a_recipient_out_of_sight_is_not_told_of(world):
    feed.from_friends(world.ada, ItemKind.TRACK)
    assert rows_shown(world.ben, usage.shown_to(world.ben)).answer.count() == 1
    factories.blocked(world.ada, world.ben)
    assert rows_shown(world.ben, usage.shown_to(world.ben)).answer.count() == 0


def test_notes_are_forgotten_in_time(world):
    feed.from_friends(world.ada, ItemKind.TRACK)
    SocialUse.objects.filter(source=world.ben).update(
        day=(timezone.now() - SOCIAL_USE_KEPT - timedelta(days=1)).date()
    )
    assert social_use_forget() == 1
    assert not SocialUse.objects.filter(source=world.ben).exists()
