"""Clients as their authors publish them, unchanged, over sockets: liblistenbrainz, pylast, mpdscribble behind mpd."""

import shutil
import time
from urllib.parse import urlsplit

import liblistenbrainz
import pylast
import pytest
from django.utils import timezone
from liblistenbrainz.errors import ListenBrainzAPIException

from discovery.embedded.process import child_start, child_stop
from graph.models import Feedback, FeedbackKind, Listen
from tests import factories
from tests.discovery.protocols.dialects import md5, player_of, revoke
from tests.discovery.protocols.live import Mpd, _server, server, tls_before, wave_write
from tests.processes import wait_for

__all__ = ["_server", "server"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"


@pytest.fixture
def ada(server):
    return factories.sharer("ada")


@pytest.fixture
def player(ada):
    return player_of(ada)


def stored():
    rows = Listen.objects.select_related("track__artist").order_by("listened_at")
    return [(row.track_as_told.title, int(row.listened_at.timestamp())) for row in rows]


# --- liblistenbrainz ------------------------------------------------------------------------


def listen(title, at=None, **more):
    return liblistenbrainz.Listen(track_name=title, artist_name="Nadir Vale", listened_at=at, **more)


@pytest.fixture
def brainz(server, player):
    client = liblistenbrainz.ListenBrainz(api_base_url=server.origin)
    client.set_auth_token(player.token)
    return client


class TestLiblistenbrainz:
    def test_submits_reads_back_and_resubmits(self, brainz):
        now = int(time.time())
        hundred = [
            listen(f"Song {number:02}", now - 1_000 * number, isrc="DEUM71806001") for number in range(100)
        ]
        assert brainz.submit_multiple_listens(hundred) == {"status": "ok"}
        assert brainz.submit_single_listen(listen("Song 00", now)) == {"status": "ok"}  # known already
        assert len(stored()) == 100
        back = brainz.get_listens("ada", count=3)
        assert [(one.track_name, one.artist_name, one.listened_at) for one in back] == [
            (f"Song {number:02}", "Nadir Vale", now - 1_000 * number) for number in range(3)
        ]
        older = brainz.get_listens("ada", max_ts=now - 98_000)
        assert [one.track_name for one in older] == ["Song 99"]
        newer = brainz.get_listens("ada", min_ts=now - 98_000, count=1)
        assert [one.track_name for one in newer] == ["Song 97"]

    def test_says_what_plays_now(self, brainz):
        assert brainz.get_playing_now("ada") is None
        brainz.submit_playing_now(listen("Right Now", release_name="Today"))
        now = brainz.get_playing_now("ada")
        assert (now.track_name, now.artist_name, now.release_name) == ("Right Now", "Nadir Vale", "Today")
        assert stored() == []

    def test_likes_and_takes_it_back(self, brainz, ada):
        track = factories.track("Loved", mbid=MBID)
        brainz.submit_user_feedback(1, MBID)
        assert Feedback.objects.get().kind == FeedbackKind.LIKE
        assert Feedback.objects.get().track == track
        brainz.submit_user_feedback(0, MBID)
        assert not Feedback.objects.exists()
        with pytest.raises(ListenBrainzAPIException) as refusal:
            brainz.submit_user_feedback(1, MBID.replace("8", "9"))
        assert refusal.value.status_code == 404

    def test_is_told_which_listen_is_bad_and_the_others_are_kept(self, brainz):
        now = int(time.time())
        with pytest.raises(ListenBrainzAPIException) as refusal:
            brainz.submit_multiple_listens(
                [listen("Good", now), listen("", now - 300), listen("Better", now - 600)]
            )
        assert refusal.value.status_code == 400
        assert refusal.value.message.startswith("Listen 1 of the payload: ")
        assert [title for title, _at in stored()] == ["Better", "Good"]

    def test_of_others_nothing_is_read(self, brainz):
        factories.sharer("ben")
        with pytest.raises(ListenBrainzAPIException) as refusal:
            brainz.get_listens("ben")
        assert refusal.value.status_code == 404

    def test_is_out_when_its_device_is_revoked(self, brainz, player):
        revoke(player)
        with pytest.raises(ListenBrainzAPIException) as refusal:
            brainz.submit_single_listen(listen("Late", int(time.time())))
        assert refusal.value.status_code == 401
        fresh = liblistenbrainz.ListenBrainz(api_base_url=brainz.api_base_url)
        with pytest.raises(liblistenbrainz.errors.InvalidAuthTokenException):
            fresh.set_auth_token(player.token)


# --- pylast ---------------------------------------------------------------------------------


@pytest.fixture
def network(server, player, tmp_path):
    """``network()``: pylast signed in with the name and the second secret."""
    with tls_before(server.port, tmp_path) as (port, certificate):
        pylast.SSL_CONTEXT.load_verify_locations(certificate)

        def network(secret=player.secret, shared=player.secret, session_key=""):
            return pylast._Network(
                "Earshot", "", (f"localhost:{port}", "/2.0/"), "a program", shared, session_key, player.handle,
                pylast.md5(secret), {}, {},
            )  # fmt: skip

        yield network


class TestPylast:
    def test_scrobbles_sixty_in_two_batches_and_reads_them_back(self, network):
        now = int(time.time())
        plays = [
            {"artist": "Nadir Vale", "title": f"Song {number:02}", "timestamp": now - 300 * number}
            for number in range(60)
        ]
        ours = network()
        ours.scrobble_many(plays)
        assert len(stored()) == 60
        ours.scrobble_many(plays[:5])  # again
        assert len(stored()) == 60
        recent = ours.get_user("ada").get_recent_tracks(limit=3)
        assert [(one.track.title, one.track.artist.name, int(one.timestamp)) for one in recent] == [
            (f"Song {number:02}", "Nadir Vale", now - 300 * number) for number in range(3)
        ]
        everything = ours.get_user("ada").get_recent_tracks(limit=None)
        assert len(everything) == 60

    def test_says_what_plays_now_and_loves(self, network):
        ours = network()
        ours.update_now_playing(artist="Nadir Vale", title="Right Now", duration=200)
        shown = ours.get_user("ada").get_recent_tracks(limit=2, now_playing=True)
        assert [one.track.title for one in shown] == ["Right Now"]
        track = ours.get_track("Nadir Vale", "Loved & “quoted” <b>")
        track.love()
        assert Feedback.objects.get().track.title == "Loved & “quoted” <b>"
        track.unlove()
        assert not Feedback.objects.exists()

    def test_neither_a_wrong_password_nor_the_account_s_nor_a_wrong_signature_gets_in(self, network, ada):
        ada.set_password("correct horse")
        ada.save()
        for wrong in ({"secret": "wrong"}, {"secret": "correct horse"}):
            with pytest.raises(pylast.WSError) as refusal:
                network(**wrong)
            assert refusal.value.status == "4"
        with pytest.raises(pylast.WSError) as refusal:
            network(shared="wrong")
        assert refusal.value.status == "13"
        held = network()
        held.api_secret = "wrong"
        with pytest.raises(pylast.WSError) as refusal:
            held.scrobble("Nadir Vale", "Ember", int(time.time()))
        assert refusal.value.status == "13"
        assert stored() == []

    def test_its_session_outlives_a_restart_and_not_its_device(self, network, server, player):
        key = network().session_key
        server.stop()
        server.start()
        kept = network(session_key=key)
        kept.scrobble("Nadir Vale", "After the restart", int(time.time()))
        assert [title for title, _at in stored()] == ["After the restart"]
        revoke(player)
        with pytest.raises(pylast.WSError) as refusal:
            kept.scrobble("Nadir Vale", "After the end", int(time.time()))
        assert refusal.value.status == "9"
        with pytest.raises(pylast.WSError) as refusal:
            network()
        assert refusal.value.status == "4"


class TestPylastOnThePage:
    """`pylast.SessionKeyGenerator`, as it is: a token, a page on which the owner says yes, a session."""

    @pytest.fixture
    def generator(self, server, tmp_path):
        with tls_before(server.port, tmp_path) as (port, certificate):
            pylast.SSL_CONTEXT.load_verify_locations(certificate)
            yield pylast.SessionKeyGenerator(pylast._Network(
                "Earshot", server.origin, (f"localhost:{port}", "/2.0/"), "a program", "a program", "", "", "", {}, {},
            ))  # fmt: skip

    def answers(self, client, url, **said):
        parts = urlsplit(url)
        return client.post(f"{parts.path}?{parts.query}", said)

    def test_is_let_in_by_whoever_is_signed_in_and_only_once(self, generator, ada, client):
        url = generator.get_web_auth_url()
        with pytest.raises(pylast.WSError) as refusal:
            generator.get_web_auth_session_key(url)  # nobody has said yes
        assert refusal.value.status == "14"
        assert self.answers(client, url).status_code == 302  # to sign in
        client.force_login(ada)
        assert b"It may come in" in self.answers(client, url, name="Desk").content
        generator.network.session_key, name = generator.get_web_auth_session_key_username(url)
        assert name == "ada"
        generator.network.scrobble("Nadir Vale", "Ember", int(time.time()))
        assert [title for title, _at in stored()] == ["Ember"]
        assert Listen.objects.get().source == "lastfm:desk"
        with pytest.raises(pylast.WSError) as refusal:
            generator.get_web_auth_session_key(url)
        assert refusal.value.status == "14"

    def test_where_plays_are_not_recorded_nobody_is_let_in(self, generator, client):
        client.force_login(factories.listener("mute"))
        url = generator.get_web_auth_url()
        assert b"Recording of plays is not granted." in self.answers(client, url).content
        with pytest.raises(pylast.WSError) as refusal:
            generator.get_web_auth_session_key(url)
        assert refusal.value.status == "14"


# --- mpdscribble ----------------------------------------------------------------------------

SECONDS = 31  # mpdscribble reports what is longer than half a minute, once half of it was played


@pytest.fixture
def mpd(tmp_path):
    if shutil.which("mpd") is None or shutil.which("mpdscribble") is None:
        pytest.skip("no mpd and mpdscribble on this machine")
    music = tmp_path / "music"
    music.mkdir()
    for number, title in enumerate(("Ember", "Thistle & Rye", "Låtar från Öland")):
        wave_write(music / f"{number}.wav", title=title, artist="Nadir Vale", album="Kiln", seconds=SECONDS)
    mpd = Mpd(tmp_path, music)
    yield mpd
    mpd.stop()


@pytest.fixture
def scribble(mpd, tmp_path):
    """``scribble(address, secret)``: a running mpdscribble, pointed there."""
    running = []

    def scribble(address, player):
        conf = tmp_path / "mpdscribble.conf"
        conf.write_text(
            f"log = {tmp_path / 'scribble.log'}\nverbose = 2\nhost = 127.0.0.1\nport = {mpd.port}\n\n[earshot]\nurl = {address}\n"
            f"username = {player.handle}\npassword = {player.secret}\njournal = {tmp_path / 'journal'}\n"
        )
        child = child_start(
            ["mpdscribble", "--no-daemon", "--conf", str(conf)], log=tmp_path / "scribble.out", environment={}
        )
        running.append(child)
        return child

    yield scribble
    for child in running:
        child_stop(child)


@pytest.mark.parametrize("address", ["/submissions/", "/"])
def test_mpdscribble_reports_what_mpd_played_over_a_restart_of_ours(
    mpd, scribble, server, player, tmp_path, address
):
    child = scribble(server.origin + address, player)
    log = tmp_path / "scribble.log"
    log.touch()
    wait_for(lambda: "handshake successful" in log.read_text(), what="a handshake")
    mpd.plays("0.wav", seconds=SECONDS / 2 + 2)
    mpd.say("sendmessage mpdscribble love")
    mpd.say("next")
    wait_for(lambda: len(stored()) == 1, what="a play")
    server.stop()
    mpd.plays("2.wav", seconds=SECONDS / 2 + 2)
    mpd.say("stop")
    server.start()
    wait_for(
        lambda: (child.send_signal(10), time.sleep(1), len(stored()) == 2)[-1], what="what its journal held"
    )
    titles, now = [title for title, _at in stored()], timezone.now().timestamp()
    assert titles == ["Ember", "Låtar från Öland"]
    assert all(now - 120 < at < now for _title, at in stored())
    assert Listen.objects.values_list("source", flat=True).distinct().get() == "audioscrobbler:kitchen"
    assert [word.track.title for word in Feedback.objects.all()] == ["Ember"]
    assert log.read_text().count("handshake successful") == 1  # its session held
    assert "Ember" not in server.log.read_text()
    assert md5(player.secret) not in server.log.read_text()
