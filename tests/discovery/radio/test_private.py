"""What a radio hears in a private session is in no store after it, whatever the listener agreed to."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.services.private_session import private_session_end, private_session_start
from discovery.models import RadioChoice
from discovery.radio import store
from discovery.radio.services import radio_advance, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id, resume_word

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretly(dial):
    """A radio that was begun in the open and went on in a private session."""
    user, _ = dial
    playing = radio_start(viewer=user, seed_kind=SeedKind.NOTHING)
    private_session_start(user=user)
    for _ in range(2):
        playing = further(user, playing)
    return user, playing


def further(user, playing, **told):
    return radio_advance(
        viewer=user,
        radio_id=public_id(playing.radio),
        outcome=Outcome.SKIPPED,
        step=playing.radio.version,
        **told,
    )


def stored(user):
    return store.client().keys(f"earshot:radio*{user.pk}") + store.client().keys("earshot:radio:*")


def test_it_learns_within_the_session_and_logs_nothing_of_it(secretly):
    _, playing = secretly
    assert len(playing.radio.heard) == 2
    (before,) = RadioChoice.objects.all()
    assert (before.step, before.outcome) == (0, "")


def test_with_its_end_it_is_forgotten(secretly, django_capture_on_commit_callbacks):
    user, _ = secretly
    assert stored(user)
    with django_capture_on_commit_callbacks(execute=True):
        private_session_end(user=user)
    assert not stored(user)


def test_the_clients_word_does_not_bring_it_back(secretly):
    user, playing = secretly
    store.client().flushdb()
    playing = further(user, playing, resume=resume_word(playing.radio))
    assert len(playing.radio.heard) == 3  # while it runs it does
    private_session_end(user=user)
    store.client().flushdb()
    playing = further(user, playing, resume=resume_word(playing.radio))
    assert (playing.radio.heard, playing.radio.private) == ((), "")
    assert len(further(user, playing).radio.heard) == 1


def test_the_next_private_session_does_not_go_on_where_the_last_one_ended(secretly):
    user, playing = secretly
    word = resume_word(playing.radio)
    private_session_end(user=user)
    private_session_start(user=user)
    store.client().flushdb()
    playing = further(user, playing, resume=word)
    assert playing.radio.heard == ()
    assert len(further(user, playing).radio.heard) == 1  # and learns for itself


def test_one_that_ends_by_itself_takes_the_radio_with_it(secretly):
    user, playing = secretly
    (key,) = store.client().keys(f"earshot:radio:{playing.radio.id}")
    assert 0 < store.client().ttl(key) <= (user.private_until - timezone.now()).total_seconds() + 1
    type(user).objects.update(private_until=timezone.now() - timedelta(seconds=1))
    user.refresh_from_db()
    assert further(user, playing).radio.heard == ()


def test_the_id_stays_the_same(secretly):
    user, playing = secretly
    private_session_end(user=user)
    assert public_id(further(user, playing).radio) == public_id(playing.radio)
