"""The sample community: what it promises to the demo, and that its tastes can be learned."""

from collections import Counter

import numpy as np
import pytest
from django.db import transaction
from django.utils import timezone

from accounts import hearing, policies
from accounts.models import Consent, ConsentEvent, ConsentState, Purpose, User
from accounts.services.consent import consent_set
from graph import snapshot
from graph.models import Artist, Feedback, Listen, Playlist, Tag, Track
from graph.sample.community import sample_community_create
from graph.sample.listening import DAYS, SIGNATURE_TRACKS
from graph.sample.people import DEMO_PASSWORD

pytestmark = pytest.mark.django_db

LISTENERS = 100


@pytest.fixture(scope="module")
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture(scope="module")
def community(now, django_db_setup, django_db_blocker):
    """One community for the whole module; what a test changes in it is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield sample_community_create(listeners=LISTENERS, seed=7, now=now)
        transaction.set_rollback(True)


def counts():
    tables = (User, Consent, ConsentEvent, Artist, Track, Tag, Listen, Feedback, Playlist)
    return {table.__name__: table.objects.count() for table in tables}


def test_it_has_the_size_it_says(community):
    assert (community.listeners, community.artists, community.tracks) == (LISTENERS, 120, 1500)
    stored = counts()
    assert (stored["User"], stored["Artist"], stored["Track"]) == (LISTENERS, 120, 1500)
    assert (stored["Listen"], stored["Feedback"]) == (community.listens, community.feedback)
    assert not Track.objects.filter(description="").exists()
    assert not Track.objects.filter(tags=[]).exists()
    kinds = Counter(Tag.objects.values_list("kind", flat=True))
    assert kinds[Tag.Kind.GENRE] == kinds[Tag.Kind.MOOD] == 24


def test_a_second_run_stores_nothing(community, now):
    before = counts()
    again = sample_community_create(listeners=LISTENERS, seed=7, now=now)
    assert again.listeners == again.listens == 0
    assert counts() == before


def test_the_same_seed_makes_the_same_community(community, now):
    def listening():
        rows = Listen.objects.values_list("user__username", "track__external_id", "listened_at", "ms_played")
        return sorted(rows)

    first = listening()
    for table in (Listen, Feedback, Playlist, Track, Artist):
        table.objects.all().delete()
    User.objects.all().delete()
    sample_community_create(listeners=LISTENERS, seed=7, now=now)
    assert listening() == first


def test_plays_lie_in_the_days_before_now(community, now):
    ages = [(now - at).total_seconds() for at in Listen.objects.values_list("listened_at", flat=True)]
    assert 0 < min(ages) < 86_400
    assert (DAYS - 1) * 86_400 < max(ages) <= DAYS * 86_400


def test_choices_differ_and_stand_in_the_ledger(community):
    everybody = set(User.objects.values_list("pk", flat=True))
    for purpose in (Purpose.CONTRIBUTE, Purpose.NAMED, Purpose.DISCOVERABLE, Purpose.SOCIAL_OUT):
        permitting = set(policies.permitting(purpose).values_list("pk", flat=True))
        assert len(everybody) / 2 < len(permitting) < len(everybody), purpose
    assert User.objects.filter(consents=None).exists()
    assert Consent.objects.filter(state=ConsentState.DENIED).exists()
    assert ConsentEvent.objects.count() == Consent.objects.count()


def test_nobody_is_recorded_who_did_not_agree(community):
    recorders = policies.permitting(Purpose.RECORD)
    assert not Listen.objects.exclude(user__in=recorders).exists()
    assert not Feedback.objects.exclude(user__in=recorders).exists()


def test_the_demo_logins_can_show_what_friends_are_for(community):
    ada, ben = (User.objects.get(username=name) for name in ("ada", "ben"))
    assert ada.check_password(DEMO_PASSWORD)
    assert ben.check_password(DEMO_PASSWORD)
    for viewer, friend in ((ada, ben), (ben, ada)):
        sources = hearing.social_sources(viewer)
        assert len(sources) >= hearing.SMALLEST_FRIEND_COUNT
        assert all(source.named for source in sources)
        assert friend.pk in {source.user_id for source in sources}


def test_what_ben_alone_brings_to_ada_goes_with_his_permission(community):
    ada, ben = (User.objects.get(username=name) for name in ("ada", "ben"))

    def from_friends():
        friends = [source.user_id for source in hearing.social_sources(ada)]
        own = Listen.objects.filter(user=ada).values("track")
        tracks = Listen.objects.filter(user__in=friends).exclude(track__in=own)
        return set(tracks.values_list("track", flat=True))

    before = from_friends()
    consent_set(user=ben, purpose=Purpose.SOCIAL_OUT, granted=False)
    assert len(before - from_friends()) >= SIGNATURE_TRACKS


def test_tastes_can_be_learned(community):
    """Listeners who play one artist play the others of its niche far more often than popularity explains."""
    plays = snapshot.take().artist_plays
    played = np.zeros((plays.user.max() + 1, plays.item.max() + 1))
    played[plays.user, plays.item] = 1
    popularity = played.mean(axis=0)

    hits = {"neighbors": 0, "popularity": 0}
    rng = np.random.default_rng(0)
    for person, row in enumerate(played):
        withheld = rng.choice(np.flatnonzero(row))
        known = row.copy()
        known[withheld] = 0
        alike = played @ known / np.sqrt(played.sum(axis=1))  # who plays the same, and little else
        alike[person] = 0
        neighbors = alike**2 @ (
            played / np.sqrt(played.sum(axis=0))
        )  # what they play and not everybody plays
        for name, score in (
            ("neighbors", neighbors * (known == 0)),
            ("popularity", popularity * (known == 0)),
        ):
            hits[name] += withheld in np.argsort(-score)[:10]
    assert hits["neighbors"] > 1.5 * hits["popularity"]
