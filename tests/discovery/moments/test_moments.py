"""Moments that devices tell: what is taken, what is refused, and that nothing of them outlives the permission."""

from datetime import timedelta

import pytest

from accounts import policies
from accounts.models import PersonalizationLevel, Purpose
from accounts.policies import Use
from accounts.services.consent import consent_set, consent_withdraw_all
from accounts.services.expiry import consents_expire
from accounts.services.private_session import private_session_start
from discovery.models import Moment, OccasionPurpose
from discovery.moments import services
from discovery.moments.services import Told, moments_of, moments_set
from discovery.platform import clock
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db

SET = """mutation ($purpose: OccasionPurpose!, $input: [MomentInput!]!, $key: String) { setMoments(purpose: $purpose, input: $input, idempotencyKey: $key) {
  ... on MomentsTold { moments { label purpose startsAt minutes partOfDay } } ... on OperationInfo { messages { code field } } } }"""
FORGET = "mutation ($purpose: OccasionPurpose!) { forgetMoments(purpose: $purpose) { ... on MomentsTold { moments { label } } } }"
MOMENTS = "{ viewer { moments { label } } }"
CONTEXT = PersonalizationLevel.CONTEXT


def soon(minutes=0):
    """A moment of now on five minutes, and so many later."""
    now = clock.now().replace(second=0, microsecond=0)
    return now - timedelta(minutes=now.minute % 5) + timedelta(minutes=minutes)


def told(label="RUN", starts_at=None, minutes=30):
    return {"label": label, "startsAt": (starts_at or soon()).isoformat(), "minutes": minutes}


def tells(user, *moments, purpose="CALENDAR", **more):
    return App(user).data(SET, purpose=purpose, input=list(moments), **more)["setMoments"]


def refused(user, *moments, **more):
    (message,) = tells(user, *moments, **more)["messages"]
    return message["code"]


def labels(user):
    return [moment["label"] for moment in App(user).data(MOMENTS)["viewer"]["moments"]]


@pytest.fixture
def ada():
    ada = factories.answered(factories.listener("ada"), Purpose.SELF)
    consent_set(user=ada, purpose=Purpose.CALENDAR, granted=True)
    return ada


def test_a_device_tells_and_tells_anew_and_forgets(ada):
    begin = soon(60)
    answer = tells(ada, told(starts_at=begin), told("DINNER", soon(300), 120))["moments"]
    assert answer[0] == {
        "label": "RUN", "purpose": "CALENDAR", "startsAt": begin.isoformat(), "minutes": 30,
        "partOfDay": answer[0]["partOfDay"],
    }  # fmt: skip
    kept = Moment.objects.get(label="DINNER").pk
    tells(ada, told("DINNER", soon(300), 120), told("WORK", soon(-1440), 60))
    assert labels(ada) == ["DINNER"], "what is not told any more goes, and what is over is not kept"
    assert Moment.objects.get().pk == kept, "what stays is the same row"
    consent_set(user=ada, purpose=Purpose.LOCATION, granted=True)
    tells(ada, told("SPORT"), purpose="LOCATION")
    assert labels(ada) == ["SPORT", "DINNER"], "each purpose has its own"
    assert App(ada).data(FORGET, purpose="CALENDAR")["forgetMoments"]["moments"] == [{"label": "SPORT"}]
    assert labels(factories.listener()) == []


def test_what_was_told_late_does_not_bring_back_what_was_told_before(ada):
    tells(ada, told("RUN"), key="first")
    tells(ada, told("WORK"), key="second")
    assert [moment["label"] for moment in tells(ada, told("RUN"), key="first")["moments"]] == ["WORK"]


def test_nothing_finer_further_longer_or_unasked_is_taken(ada):
    step = timedelta(minutes=5)
    assert refused(ada, told(starts_at=soon() + timedelta(minutes=2))) == "MOMENT_NOT_COARSE"
    assert refused(ada, told(starts_at=soon() + timedelta(seconds=1))) == "MOMENT_NOT_COARSE"
    for minutes in (0, -5, 7, 1445):
        assert refused(ada, told(minutes=minutes)) == "MOMENT_NOT_COARSE"
    assert refused(ada, told(starts_at=soon() + services.AHEAD + step)) == "MOMENT_TOO_FAR"
    assert refused(ada, *[told()] * 51) == "LIMIT_EXCEEDED"
    assert refused(ada, told(), purpose="LOCATION") == "CONSENT_MISSING"
    assert "errors" in App(ada).ask(SET, purpose="SELF", input=[told()]), "no other purpose tells moments"
    assert tuple(OccasionPurpose.values) == policies.OCCASIONS
    words = App(ada).ask(SET, purpose="CALENDAR", input=[{**told(), "label": "Dr. Meyer"}])
    assert "errors" in words
    assert "errors" in App(ada).ask(SET, purpose="CALENDAR", input=[{**told(), "summary": "Dr. Meyer"}])
    assert not Moment.objects.exists()
    assert tells(ada, told(starts_at=soon() + services.AHEAD))["moments"], "as far as this it is"


def test_in_a_private_session_nothing_is_told_and_nothing_used(ada):
    tells(ada, told())
    assert policies.effective_use(ada).occasion == (Purpose.CALENDAR,)
    private_session_start(user=ada)
    assert refused(ada, told("PARTY")) == "PRIVATE_SESSION"
    assert policies.effective_use(ada) == Use(PersonalizationLevel.OWN, own=True)
    assert labels(ada) == ["RUN"], "told before it began"


@pytest.mark.parametrize("ends", ["withdrawn", "everything", "expired", "renewed too late"])
def test_with_the_permission_everything_told_on_it_goes(ada, ends):
    """And granting it again does not bring it back."""
    consent_set(user=ada, purpose=Purpose.LOCATION, granted=True)
    tells(ada, told())
    tells(ada, told("SPORT"), purpose="LOCATION")
    match ends:
        case "withdrawn":
            consent_set(user=ada, purpose=Purpose.CALENDAR, granted=False)
        case "everything":
            consent_withdraw_all(user=ada)
        case _:
            ada.consents.filter(purpose=Purpose.CALENDAR).update(valid_until=clock.now())
            assert labels(ada) == ["SPORT"], "from the moment it ends"
            assert policies.effective_use(ada).occasion == (Purpose.LOCATION,)
            if ends == "expired":
                assert consents_expire() == 1
    consent_set(user=ada, purpose=Purpose.CALENDAR, granted=True)
    assert not Moment.objects.filter(purpose="CALENDAR").exists()
    assert labels(ada) == ([] if ends == "everything" else ["SPORT"])
    ends_at = ada.consents.get(purpose=Purpose.CALENDAR).valid_until
    assert timedelta(days=89) < ends_at - clock.now() <= timedelta(days=90)


def test_a_renewal_in_time_keeps_what_was_told(ada):
    tells(ada, told())
    consent_set(user=ada, purpose=Purpose.CALENDAR, granted=True)
    assert labels(ada) == ["RUN"]


def test_the_clock_deletes_what_rests_on_no_permission(ada):
    tells(ada, told())
    assert services.moments_purge() == 0
    ada.consents.filter(purpose=Purpose.CALENDAR).update(state="WITHDRAWN")  # as an older copy may hold it
    assert services.moments_purge() == 1


def test_of_two_that_begin_together_the_longer_one_stays(ada):
    both = [Told("RUN", soon(), minutes) for minutes in (60, 30)]
    moments_set(user=ada, purpose=OccasionPurpose.CALENDAR, told=both)
    assert [moment.minutes for moment in moments_of(ada)] == [60]


def test_an_occasion_needs_the_level_and_one_of_its_purposes(ada):
    assert policies.effective_use(ada, PersonalizationLevel.SOCIAL).occasion == ()
    assert policies.effective_uses([ada, factories.listener()], CONTEXT)[0].occasion == (Purpose.CALENDAR,)
    consent_set(user=ada, purpose=Purpose.CALENDAR, granted=False)
    with_none = policies.effective_use(ada)
    assert (with_none.occasion, with_none.not_used) == ((), (Purpose.SOCIAL_IN,)), "nobody is urged to it"
