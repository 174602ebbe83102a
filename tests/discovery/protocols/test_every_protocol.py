"""What holds whatever a player speaks: plays come in once, hours late, privately not at all, and not after the end."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import redis
from django.utils import timezone

from accounts.models import Device, Purpose, User
from accounts.services.consent import consent_set
from accounts.services.private_session import private_session_end, private_session_start
from discovery.protocols import bodies
from graph.models import Listen
from tests.accounts.test_devices import everything_stored
from tests.discovery.protocols.dialects import (
    DIALECTS,
    FORM,
    Audioscrobbler,
    LastFm,
    ListenBrainz,
    Maloja,
    play,
    player_of,
    revoke,
)

pytestmark = pytest.mark.django_db

SECRET_TITLE = "Thistle Ninety Nine"


def titles():
    return sorted(listen.track_as_told.title for listen in Listen.objects.select_related("track__artist"))


def everything_in_redis(url):
    with redis.Redis.from_url(url) as client:
        # A dump is compressed: what is text has to be read as such.
        texts = [
            key + ((client.get(key) if client.type(key) == b"string" else client.dump(key)) or b"")
            for key in client.scan_iter()
        ]
    return b" ".join(texts).decode("latin-1")


@pytest.fixture
def kept_nowhere(redis_url, caplog):
    """Whether the secret title is in no table, in no key of Redis and in no line of the log."""
    caplog.set_level(logging.DEBUG)

    def nowhere():
        logged = " ".join(str(record.__dict__) + record.getMessage() for record in caplog.records)
        places = {"database": everything_stored(), "redis": everything_in_redis(redis_url), "log": logged}
        return [name for name, text in places.items() if "Thistle" in text or "thistle" in text]

    return nowhere


def test_a_play_comes_in_under_the_device_s_name_and_once(dialect):
    one = play()
    assert dialect.plays(one).ok
    assert dialect.plays(one).ok  # its answer was lost
    (listen,) = Listen.objects.all()
    assert (listen.user.username, int(listen.listened_at.timestamp())) == ("ada", one["at"])
    assert listen.source.endswith(":kitchen")


def test_plays_arrive_hours_late_and_out_of_order(dialect):
    hours = [play(f"Song {number}", at=timezone.now() - timedelta(hours=number)) for number in (3, 9, 1)]
    batches = [hours] if dialect.batches else [[one] for one in hours]
    assert all(dialect.plays(*batch).ok for batch in batches)
    assert titles() == ["Song 1", "Song 3", "Song 9"]


def private_lately(user):
    """A private session from two hours to one hour ago."""
    private_session_start(user=user)
    private_session_end(user=User.objects.get(pk=user.pk))
    now = timezone.now()
    ends = {"private_from": now - timedelta(hours=2), "private_until": now - timedelta(hours=1)}
    User.objects.filter(pk=user.pk).update(**ends)


def test_while_a_private_session_runs_nothing_is_kept_anywhere(dialect, ada, kept_nowhere):
    private_session_start(user=ada)
    if dialect.now:
        assert dialect.now(play(SECRET_TITLE)).ok
    assert dialect.plays(play(SECRET_TITLE, at=timezone.now())).ok  # it would send a refused one for ever
    assert Listen.objects.count() == 0
    assert kept_nowhere() == []


def test_what_was_played_in_one_is_kept_nowhere_when_it_comes_hours_later(dialect, ada, kept_nowhere):
    private_lately(ada)
    during = play(SECRET_TITLE, at=timezone.now() - timedelta(minutes=90))
    before = play("Before", at=timezone.now() - timedelta(hours=3))
    batches = [[before, during]] if dialect.batches else [[before], [during]]
    assert all(dialect.plays(*batch).ok for batch in batches)
    assert dialect.plays(play("After")).ok
    assert titles() == ["After", "Before"]
    assert kept_nowhere() == []


def test_while_recording_is_withdrawn_nothing_is_kept_and_the_player_is_content(dialect, ada, kept_nowhere):
    consent_set(user=ada, purpose=Purpose.RECORD, granted=False)
    if dialect.now:
        assert dialect.now(play(SECRET_TITLE)).ok
    assert dialect.plays(play(SECRET_TITLE)).ok
    assert Listen.objects.count() == 0
    assert kept_nowhere() == []
    consent_set(user=ada, purpose=Purpose.RECORD, granted=True)
    assert dialect.plays(play("Again")).ok
    assert titles() == ["Again"]


def test_the_search_finds_what_is_kept(dialect, kept_nowhere):
    """The control of the three before."""
    dialect.plays(play(SECRET_TITLE))
    assert "database" in kept_nowhere()
    if dialect.now:
        dialect.now(play(SECRET_TITLE))
        assert "redis" in kept_nowhere()


def test_a_revoked_device_is_refused_with_the_next_request(dialect, player):
    assert dialect.plays(play("Before")).ok
    revoke(player)
    answers = [dialect.plays(play("After"))] + ([dialect.now(play("After"))] if dialect.now else [])
    assert not any(answer.ok for answer in answers)
    for answer in answers:
        assert answer.raw.status_code in (401, 403) or "BADSESSION" in answer.text()
    assert titles() == ["Before"]
    fresh = type(dialect)(player)
    assert not fresh.plays(play("Anew")).ok


@pytest.mark.parametrize("speaks", DIALECTS)
def test_a_device_that_may_not_record_records_nothing(ada, speaks):
    reader = player_of(ada, scopes=["PLAYS_READ", "PLAYLISTS"])
    assert not speaks(reader).plays(play()).ok
    assert Listen.objects.count() == 0


def test_a_device_that_has_run_out_is_over(dialect, player):
    assert dialect.plays(play()).ok
    device = Device.objects.get(name="kitchen")
    device.token.expires = timezone.now()
    device.token.save()
    assert not dialect.plays(play("Later")).ok
    assert titles() == ["Ember"]


def test_somebody_who_is_no_more_is_nobody(dialect, ada):
    assert dialect.plays(play()).ok
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert not dialect.plays(play("Later")).ok


@pytest.mark.parametrize(
    "name", ["Straßenküche im Haus am See", "\u0130" * 20, "\u0958" * 40, "ß" * 60, "\u200b \u3164"]
)
def test_a_device_can_record_whatever_it_is_called(ada, name):
    player, other = player_of(ada, name=name), player_of(ada, name=f"{name}ß")
    for each in (player, other):
        assert ListenBrainz(each).plays(play()).ok
    assert len({listen.source for listen in Listen.reports.all()}) == 2


def test_two_devices_are_two_who_tell(ada):
    one, other = player_of(ada, name="kitchen"), player_of(ada, name="x" * 70 + "bath")
    third = player_of(ada, name="x" * 70 + "hall")
    for number, speaker in enumerate((one, other, third)):
        assert ListenBrainz(speaker).plays(play(f"Song {number}")).ok
    assert len(set(Listen.objects.values_list("source", flat=True))) == 3


@pytest.mark.parametrize("broken", ["Caf%E9", "Caf%c3%a9", "Caf\xe9"])
@pytest.mark.parametrize("speaks", [Audioscrobbler, LastFm, Maloja])
def test_words_in_latin_1_cost_nothing(player, speaks, broken):
    at = int((timezone.now() - timedelta(hours=3)).timestamp())
    app = speaks(player)
    if speaks is Audioscrobbler:
        app.handshake()
        form = f"s={app.session}&a[0]=Nadir&t[0]=One&i[0]={at}&a[1]={broken}&t[1]=T%C3%BC&i[1]={at + 300}"
        url = app.plays_url
    elif speaks is LastFm:
        app.sign_in()
        rows = {
            "artist[0]": "Nadir",
            "track[0]": "One",
            "timestamp[0]": at,
            "artist[1]": "Café",
            "track[1]": "Tü",
            "timestamp[1]": at + 300,
        }
        signed = app.signed(method="track.scrobble", sk=app.sk, **rows)
        form, url = urlencode(signed).replace("Caf%C3%A9", broken), "/2.0/"
    else:
        assert app.plays({"artist": "Nadir", "title": "One", "at": at}).ok
        form, url = (
            f"key={player.token}&artist={broken}&title=T%C3%BC&time={at + 300}",
            "/apis/mlj_1/newscrobble",
        )
    assert app.client.post(url, form.encode("latin-1"), content_type=FORM).status_code == 200
    told = sorted(
        (listen.track_as_told.artist.name, listen.track_as_told.title) for listen in Listen.objects.all()
    )
    assert told == [("Café", "Tü"), ("Nadir", "One")]


def test_words_in_latin_1_cost_nothing_in_json_either(player):
    listens = [ListenBrainz(player).listen(play(title, "Tü")) for title in ("Café", "One")]
    body = json.dumps({"listen_type": "import", "payload": listens}, ensure_ascii=False).encode()
    sent = body.replace("Café".encode(), "Café".encode("latin-1"))
    assert ListenBrainz(player).post("/1/submit-listens", sent).status_code == 200
    assert titles() == ["Café", "One"]
    assert {listen.track_as_told.artist.name for listen in Listen.objects.all()} == {"Tü"}


def test_of_several_artists_one_that_is_none_costs_no_other(player):
    for number, artists in enumerate((["N", None], ["N", 5, {}], "N")):
        assert (
            Maloja(player)
            .post({"key": player.token, "artists": artists, "title": f"Song {number}"})
            .status_code
            == 200
        )
    assert {listen.track_as_told.artist.name for listen in Listen.objects.all()} == {"N"}
    assert Maloja(player).post({"key": player.token, "artists": [None], "title": "Song"}).status_code == 400


BROKEN = [b"", b"{", b"[]", b"null", b"5", b'"x"', b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"payload": {}}',
          b"a[0]=%ff&t[0]=%ff&i[0]=x", b"&".join(b"f=1" for _ in range(5_000))]  # fmt: skip
ADDRESSES = ("/1/submit-listens", "/apis/listenbrainz/1/submit-listens", "/1/feedback/recording-feedback", "/2.0/",
             "/submissions/now", "/submissions/plays", "/apis/mlj_1/newscrobble")  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_body_is_answered_in_the_protocol_s_shape(player, address, body):
    brainz = ListenBrainz(player)
    for kind in (
        "application/json",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=klingon",
    ):
        raw = brainz.client.generic("POST", address, body, content_type=kind, headers=brainz.headers)
        said = raw.content.decode()
        if address.startswith("/submissions"):
            assert raw.status_code == 200
            assert said.startswith(("FAILED ", "BADSESSION"))
        elif address == "/2.0/":
            assert raw.status_code in (400, 403)
            assert '<lfm status="failed"><error code="' in said
        else:
            assert raw.status_code in (400, 403)
            assert json.loads(said).keys() >= (
                {"code", "error"} if "mlj" not in address else {"status", "error"}
            )


def test_ten_megabytes_are_taken_and_one_byte_more_is_not(player):
    brainz = ListenBrainz(player)
    listen = {
        "listened_at": play()["at"],
        "track_metadata": {"track_name": "Long", "artist_name": "Nadir Vale"},
    }
    frame = json.dumps({"listen_type": "single", "payload": [listen], "padding": ""}).encode()
    whole = frame[:-2] + b"x" * (10 * 1024 * 1024 - len(frame)) + frame[-2:]
    assert brainz.post("/1/submit-listens", whole).json() == {"status": "ok"}
    over = brainz.post("/1/submit-listens", whole + b" ")
    assert (over.status_code, over.json()["code"]) == (413, 413)


def test_nobody_has_long_json_read_before_it_is_known_who_asks(player, monkeypatch):
    read = []
    monkeypatch.setattr(bodies, "json", SimpleNamespace(loads=lambda text: read.append(len(text)) or {}))
    many = b'{"a": [' + b"{}," * 100_000 + b"{}]}"
    for address in ADDRESSES:
        answer = ListenBrainz(player).client.generic("POST", address, many, content_type="application/json")
        assert answer.status_code in {200, 400, 401, 403, 413}
    assert max(read, default=0) <= 128 * 1024
