"""What is played in a private session is in no store, then or later."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services.private_session import LONGEST, private_session_end, private_session_start
from discovery.platform.errors import Conflict
from graph.ingest.incoming import IncomingPlay
from graph.models import Feedback, FeedbackKind, Listen, PlaylistCollaborator, TasteExclusion
from graph.services.exclusions import taste_exclusion_set
from graph.services.feedback import feedback_give
from graph.services.listening import listens_record
from graph.services.playlists import playlist_create, playlist_entry_add, playlist_share
from graph.services.sharing import item_recommend
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return factories.sharer("ada")


def record(user, moment=None):
    play = IncomingPlay(
        source="app", source_id="1", track=factories.track().pk, listened_at=moment or timezone.now()
    )
    answer = listens_record(user=user, plays=[play])
    return answer.stored, [refusal.code for refusal in answer.refusals]


def test_plays_are_refused_while_it_runs(ada):
    private_session_start(user=ada)
    assert record(ada) == (0, ["PRIVATE_SESSION"])
    assert Listen.objects.count() == 0


def test_so_are_those_of_it_that_arrive_later(ada):
    private_session_start(user=ada)
    during = timezone.now()
    private_session_end(user=ada)
    assert record(ada, during) == (0, ["PRIVATE_SESSION"])
    assert record(ada) == (1, [])


def test_so_are_those_of_an_earlier_one(ada):
    now = timezone.now()
    hours = [now - timedelta(hours=number) for number in range(9)]
    ada.private_before = [
        [hours[8].isoformat(), hours[7].isoformat()],
        [hours[5].isoformat(), hours[4].isoformat()],
    ]
    ada.private_from, ada.private_until = hours[2], hours[1]
    ada.save()
    private_session_start(user=ada)
    half = timedelta(minutes=30)
    for moment in (hours[8] + half, hours[5] + half, hours[2] + half, now):
        assert record(ada, moment) == (0, ["PRIVATE_SESSION"])
    assert record(ada, hours[5] - half) == (1, [])  # a backlog of before, while one runs


def test_it_begins_with_the_second_that_players_tell(ada):
    private_session_start(user=ada)
    User.objects.filter(pk=ada.pk).update(private_from=timezone.now().replace(microsecond=900_000))
    began = User.objects.get(pk=ada.pk).private_from
    assert record(ada, began.replace(microsecond=0)) == (0, ["PRIVATE_SESSION"])
    assert record(ada, began.replace(microsecond=0) - timedelta(seconds=1)) == (1, [])


@pytest.mark.parametrize("kind", FeedbackKind)
def test_nothing_is_said_of_music_while_it_runs(ada, kind):
    """It would tell what was played: to friends, to models, and whoever reads the export."""
    private_session_start(user=ada)
    with pytest.raises(Conflict) as refused:
        feedback_give(user=ada, item=factories.track(), kind=kind)
    assert refused.value.specific_code == "PRIVATE_SESSION"
    assert not Feedback.objects.exists()
    private_session_end(user=ada)
    assert feedback_give(user=ada, item=factories.track(), kind=kind).feedback.user == ada


def deeds(ada, friend):
    """Put down one of everything that a person does on purpose; returns the moments that were kept."""
    playlist = playlist_create(owner=ada, title="Rain")
    playlist_share(owner=ada, playlist_id=playlist.pk, friend=friend, role=PlaylistCollaborator.Role.EDITOR)
    entry = playlist_entry_add(user=ada, playlist_id=playlist.pk, track_id=factories.track().pk)
    sent = item_recommend(sender=ada, recipient=friend, item=factories.track())
    taste_exclusion_set(user=ada, thing=factories.track(), excluded=True)
    playlist.refresh_from_db()
    shared, excluded = PlaylistCollaborator.objects.get(), TasteExclusion.objects.get()
    return [
        playlist.created_at, playlist.updated_at, shared.since, entry.added_at, sent.sent_at,
        excluded.excluded_at,
    ]  # fmt: skip


def test_what_is_done_on_purpose_while_it_runs_keeps_no_moment(ada):
    friend = factories.sharer("ben")
    factories.befriended(ada, friend)
    private_session_start(user=ada)
    assert deeds(ada, friend) == [None] * 6


def test_outside_of_it_the_moment_is_kept(ada):
    friend = factories.sharer("ben")
    factories.befriended(ada, friend)
    assert None not in deeds(ada, friend)


def test_it_ends_by_itself(ada):
    private_session_start(user=ada)
    type(ada).objects.update(
        private_from=timezone.now() - LONGEST - timedelta(minutes=1),
        private_until=timezone.now() - timedelta(minutes=1),
    )
    assert record(ada) == (1, [])


def test_ending_none_changes_nothing(ada):
    private_session_end(user=ada)
    ada.refresh_from_db()
    assert (ada.private_until, ada.consent_epoch) == (None, 0)
