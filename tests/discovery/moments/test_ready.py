"""A playlist is ready before a moment begins: once, for whoever asked for it, and while the moment may count."""

from datetime import timedelta

import pytest

from accounts.models import PersonalizationLevel, Purpose
from accounts.services.consent import consent_set, level_set
from accounts.services.private_session import private_session_start
from discovery.models import Moment
from discovery.moments import ready
from discovery.moments.ready import moments_due, playlist_ready
from discovery.platform import clock
from discovery.platform.errors import Conflict
from graph.models import Playlist
from graph.services.playlists import playlist_create
from tasks.moments import playlists_ready
from tests import factories
from tests.api.client import App
from tests.discovery.moments.test_moments import soon, tells, told

pytestmark = pytest.mark.django_db

WANT = (
    """mutation ($ready: Boolean!) { setReadyPlaylists(ready: $ready) { ... on PlaylistsReady { ready } } }"""
)


def make(owner, moment):
    return playlist_create(owner=owner, title=f"{moment.label} for {moment.minutes}")


def wants(user, *, ready=True):
    return App(user).data(WANT, ready=ready)["setReadyPlaylists"]["ready"]


@pytest.fixture
def ada():
    """She runs in five to ten minutes, and works in an hour."""
    ada = factories.answered(factories.listener("ada"), Purpose.SELF)
    consent_set(user=ada, purpose=Purpose.CALENDAR, granted=True)
    tells(ada, told(starts_at=soon(10), minutes=45), told("WORK", soon(60)))
    return ada


def made():
    for key in moments_due():
        playlist_ready(moment_id=key, make=make)
    return sorted(Playlist.objects.values_list("title", flat=True))


def test_it_is_made_once_for_whoever_asked(ada):
    assert App(ada).data("{ viewer { readyPlaylists } }")["viewer"]["readyPlaylists"] is False
    assert made() == [], "nobody asked"
    assert wants(ada)
    (due,) = moments_due()
    assert made() == ["RUN for 45"], "of what begins within ten minutes"
    assert moments_due() == []
    assert playlist_ready(moment_id=due, make=make) is False, "a second delivery finds it done"
    tells(ada, told(starts_at=soon(10), minutes=45), told("WORK", soon(60)))
    assert made() == ["RUN for 45"], "told again, it is the same moment"


def test_the_clock_makes_what_is_due_once_somebody_can(ada, monkeypatch):
    monkeypatch.setattr(ready, "_makers", [])
    wants(ada)
    playlists_ready()
    assert len(moments_due()) == 1, "nobody makes playlists, and nothing is claimed"
    ready.connect(make)
    playlists_ready()
    playlists_ready()
    assert [playlist.title for playlist in Playlist.objects.all()] == ["RUN for 45"]


def test_not_without_asking_any_more_and_not_after_it_began(ada):
    wants(ada)
    (due,) = moments_due()
    wants(ada, ready=False)
    assert playlist_ready(moment_id=due, make=make) is False
    wants(ada)
    now = clock.now()
    Moment.objects.filter(pk=due).update(starts_at=now - timedelta(seconds=1))
    assert moments_due() == []
    assert playlist_ready(moment_id=due, make=make) is False


@pytest.mark.parametrize("how", ["level", "private", "permission"])
def test_not_where_the_moment_does_not_count(ada, how):
    wants(ada)
    (due,) = moments_due()
    match how:
        case "level":
            level_set(user=ada, level=PersonalizationLevel.SOCIAL)
        case "private":
            private_session_start(user=ada)
        case "permission":
            ada.consents.filter(purpose=Purpose.CALENDAR).update(valid_until=clock.now())
    assert playlist_ready(moment_id=due, make=make) is False
    assert not Playlist.objects.exists()


def test_what_is_refused_is_not_tried_again_and_what_fails_is(ada):
    wants(ada)
    (due,) = moments_due()

    def fails(_owner, _moment):
        playlist_create(owner=ada, title="Half of it")
        raise RuntimeError

    def refuses(_owner, _moment):
        playlist_create(owner=ada, title="Half of it")
        raise Conflict("nothing fits")

    with pytest.raises(RuntimeError):
        playlist_ready(moment_id=due, make=fails)
    assert moments_due() == [due]
    assert playlist_ready(moment_id=due, make=refuses) is False
    assert moments_due() == []
    assert not Playlist.objects.exists(), "and nothing is left of either"
