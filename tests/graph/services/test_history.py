"""Histories that people hand in: read once, resumable, undone; nothing stored without RECORD, no file left behind."""

import json
import re
import stat
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Purpose, User
from accounts.signals import person_purging
from discovery.platform.errors import ConsentMissing, InvalidInput, LimitExceeded, NotFound
from discovery.privacy.export_listens import listen_files
from graph.importers import history as reading
from graph.importers.history import history_run
from graph.ingest.incoming import IncomingPlay
from graph.ingest.record import plays_ingest
from graph.models import (
    Feedback,
    FeedbackKind,
    History,
    HistoryCorrection,
    HistoryRow,
    Listen,
    Naming,
    Playlist,
    PlaylistEntry,
    Track,
)
from graph.services import history as service
from graph.services.feedback import feedback_give
from graph.services.history import histories_abandoned, history_request, history_undo
from graph.services.listening import listen_correct
from graph.services.playlists import playlist_rename
from graph.services.uploads import upload_get, upload_path, upload_store, uploads_expire
from tests import factories
from tests.graph.formats.files import LISTEN, archive, extended

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
JSPF = {"playlist": {"title": "Mine", "annotation": "of my own", "track": [
    {"title": "Quiet Rivers", "creator": "Nerloo Choir"}, {"title": "", "creator": "x"}, {"title": "Tide", "creator": "Vesna", "duration": -1},
]}}  # fmt: skip


@pytest.fixture(autouse=True)
def uploads(tmp_path, settings):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return settings.UPLOAD_DIR


@pytest.fixture
def ada():
    return factories.sharer("ada")


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 100)


def started(row):
    return datetime.fromisoformat(row["ts"]) - timedelta(milliseconds=row["ms_played"])


def listens_exported(user):
    return [(name, json.dumps(list(rows), default=str)) for name, rows in listen_files(user)]


def plays(count, **changed):
    """As many rows, a minute apart."""
    begin = timezone.now() - timedelta(days=400)
    return [
        extended(
            ts=(begin + timedelta(minutes=5 * number)).isoformat(), master_metadata_track_name=f"Song {number % 7}",
            spotify_track_uri=f"spotify:track:{number % 7}", **changed,
        )
        for number in range(count)
    ]  # fmt: skip


def exported(title, source_id="1"):
    """A line of an own export: it tells the play by the source and id that it had."""
    info = {"submission_client": "Earshot", "source": "app", "source_id": source_id}
    named = {"track_name": title, "artist_name": "Nadir Vale", "additional_info": info}
    return (
        json.dumps({"listened_at": int(factories.NOON.timestamp()), "track_metadata": named}).encode() + b"\n"
    )


def scrobble(title, source_id="1"):
    return IncomingPlay(
        source="app", source_id=source_id, listened_at=factories.NOON, title=title, artist="Nadir Vale"
    )


def said_now():
    return [listen.track_as_told.title for listen in Listen.reports.select_related("track__artist", "naming")]


def handed_in(user, content):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return history_request(user=user, upload=upload_store(user=user, pieces=[data[:10], data[10:]]))


def imported(user, content):
    history_run(history_id=handed_in(user, content).pk)
    return History.objects.latest("pk")


def counts(history):
    return history.stored, history.duplicates, history.skipped, history.refused


def test_a_history_is_stored_with_a_verdict_for_every_other_row(
    ada, uploads, django_capture_on_commit_callbacks
):
    rows = plays(250)
    rows[3:6] = [extended(incognito_mode=True)] * 3
    rows[100] = extended(ts="2031-01-01T00:00:00Z")
    with django_capture_on_commit_callbacks(execute=True):
        history = imported(ada, rows)
    assert (history.state, history.format, history.rows_read, history.error) == ("DONE", "SPOTIFY", 250, "")
    assert counts(history) == (246, 0, 3, 1)
    assert history.bytes_done == history.bytes_total > 0
    assert Listen.objects.filter(user=ada).count() == 246
    assert [(row.first, row.last, row.outcome, row.code) for row in history.rows.order_by("pk")] == [
        (4, 6, "SKIPPED", "INCOGNITO"), (101, 101, "REFUSED", "INVALID_TIME"),
    ]  # fmt: skip
    assert list(uploads.glob("*/*")) == []


def test_a_skip_stays_one_and_nothing_else_of_the_row_is_kept(ada):
    imported(ada, plays(1, ms_played=900))
    listen = Listen.objects.get(user=ada)
    assert listen.ms_played == 900
    kept = " ".join(
        str(value) for row in (*Listen.objects.values(), *History.objects.values()) for value in row.values()
    )
    assert not any(word in kept for word in ("192.0.2", "SecretAgent", "Android"))
    assert not re.search(r"\bDE\b", kept), "as a word: a random name may spell it"


def test_without_record_nothing_is_read_and_while_it_is_read_it_ends(ada, monkeypatch):
    history = handed_in(ada, plays(150))
    stored = reading._store

    def and_then_withdrawn(*args):
        stored(*args)
        factories.revoke(ada, Purpose.RECORD)

    monkeypatch.setattr(reading, "_store", and_then_withdrawn)
    history_run(history_id=history.pk)
    history.refresh_from_db()
    assert (history.state, history.error, history.stored) == ("FAILED", "CONSENT_MISSING", reading.CHUNK)
    with pytest.raises(ConsentMissing):
        handed_in(ada, plays(1))
    assert History.objects.count() == 1


def test_plays_of_a_private_session_stay_outside(ada):
    began = timezone.now() - timedelta(days=2)
    ada.private_from, ada.private_until = began, began + timedelta(hours=1)
    ada.save()
    inside = extended(ts=(began + timedelta(minutes=30)).isoformat())
    history = imported(ada, [inside, *plays(1)])
    assert history.stored == 1
    assert history.rows.get().code == "PRIVATE_SESSION"


def test_a_killed_worker_loses_nothing_and_the_next_stores_nothing_twice(ada, monkeypatch):
    history = handed_in(ada, plays(450))
    stored, calls = reading._store, []

    def killed(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        stored(*args)

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_store", killed)
        with pytest.raises(KeyboardInterrupt):
            history_run(history_id=history.pk)
    history.refresh_from_db()
    assert (history.state, history.rows_read) == ("RUNNING", 2 * reading.CHUNK)
    assert histories_abandoned() == []
    assert history_run(history_id=history.pk) is None, "somebody may be at it"
    History.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    assert histories_abandoned() == [str(history.pk)]
    history_run(history_id=history.pk)
    history.refresh_from_db()
    assert (history.state, counts(history)) == ("DONE", (450, 0, 0, 0))
    assert Listen.objects.filter(user=ada).count() == 450
    assert history_run(history_id=history.pk) is None


def test_one_that_comes_back_late_stores_nothing_more(ada, monkeypatch):
    history = handed_in(ada, plays(150))
    stored = reading._store

    def and_is_taken_over(*args):
        stored(*args)
        History.objects.update(fence=9)

    monkeypatch.setattr(reading, "_store", and_is_taken_over)
    assert history_run(history_id=history.pk) is None
    assert Listen.objects.count() == reading.CHUNK


def test_one_that_kills_every_worker_is_given_up(ada, uploads, django_capture_on_commit_callbacks):
    history = handed_in(ada, plays(5))
    History.objects.update(attempts=service.MOST_ATTEMPTS)
    with django_capture_on_commit_callbacks(execute=True):
        assert history_run(history_id=history.pk) is None
    history.refresh_from_db()
    assert (history.state, history.error) == ("FAILED", "GIVEN_UP")
    assert list(uploads.glob("*/*")) == []


def test_the_same_file_again_stores_nothing_new(ada):
    rows = plays(230)
    imported(ada, rows)
    again = imported(ada, rows)
    assert Listen.objects.count() == 230
    assert again.state == "DONE"


@pytest.mark.parametrize(
    ("content", "code"), [(b"no music", "NOT_RECOGNIZED"), (b"PK\x03\x04", "DAMAGED_ARCHIVE")]
)
def test_what_cannot_be_read_fails_with_a_code_and_leaves_no_file(
    ada, uploads, content, code, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        history = imported(ada, content)
    assert (history.state, history.error) == ("FAILED", code)
    assert list(uploads.glob("*/*")) == []


class TestWhatElseComes:
    def test_likes_are_said_once_and_never_over_what_was_said_here(self, ada, tmp_path):
        said = {"recording_msid": "m-1", "score": 1, "created": 1_620_130_000}
        path = archive(
            tmp_path / "x", **{"feedback.jsonl": json.dumps(said), "listens__1.jsonl": json.dumps(LISTEN)}
        )
        data = path.read_bytes()
        history = imported(ada, data)
        word = Feedback.objects.get(user=ada)
        assert (history.words_said, word.kind, word.given_at.year) == (1, "LIKE", 2021)
        track = word.track
        again = imported(factories.sharer("ben"), data)
        feedback_give(user=again.user, item=track, kind=FeedbackKind.LIKE)
        history_undo(user=again.user, history_id=again.pk)
        assert Feedback.objects.get(user=again.user).given_at.year > 2021, (
            "said anew since, it is the person's own"
        )
        again.user.delete()
        history_undo(user=ada, history_id=history.pk)
        assert not Feedback.objects.exists()
        feedback_give(user=ada, item=track, kind=FeedbackKind.DISLIKE)
        again = imported(ada, data)
        assert Feedback.objects.get().kind == "DISLIKE"
        assert again.rows.get(code="SAID_ALREADY").outcome == "DUPLICATE"
        history_undo(user=ada, history_id=again.pk)
        assert Feedback.objects.get().kind == "DISLIKE"

    @pytest.mark.parametrize(("hours_ago", "kept"), [(2, 0), (4, 1)])
    def test_a_like_of_a_private_session_is_as_a_play_of_it(self, ada, tmp_path, hours_ago, kept):
        now = timezone.now()
        begun, ended = now - timedelta(hours=3), now - timedelta(hours=1)
        User.objects.filter(pk=ada.pk).update(private_from=begun, private_until=ended)
        at = int((now - timedelta(hours=hours_ago)).timestamp())
        said = {"recording_msid": "m-1", "score": 1, "created": at}
        told = {
            "feedback.jsonl": json.dumps(said),
            "listens__1.jsonl": json.dumps({**LISTEN, "listened_at": at}),
        }
        history = imported(ada, archive(tmp_path / "x", **told).read_bytes())
        assert (Listen.objects.count(), Feedback.objects.count(), Track.objects.count()) == (kept, kept, kept)
        outcomes = set(history.rows.values_list("outcome", "code"))
        assert outcomes == (set() if kept else {("SKIPPED", "PRIVATE_SESSION")})

    def test_a_playlist_comes_once_with_what_of_it_has_names(self, ada):
        history = imported(ada, JSPF)
        playlist = Playlist.objects.get(owner=ada)
        assert (playlist.title, playlist.description, history.playlists_made) == ("Mine", "of my own", 1)
        entries = PlaylistEntry.objects.filter(playlist=playlist)
        assert list(entries.values_list("position", "track__title")) == [(0, "Quiet Rivers"), (1, "Tide")]
        assert [(row.first, row.code) for row in history.rows.all()] == [(2, "INVALID_EMPTY")]
        again = imported(ada, JSPF)
        assert again.rows.get(outcome="DUPLICATE").code == "PLAYLIST_THERE"
        assert Playlist.objects.count() == 1

    def test_undoing_takes_the_playlist_unless_it_was_changed_since(self, ada):
        changed = imported(ada, JSPF)
        playlist_rename(owner=ada, playlist_id=Playlist.objects.get().pk, title="Ours")
        kept = imported(ada, JSPF)
        for history in (changed, kept):
            history_undo(user=ada, history_id=history.pk)
        assert list(Playlist.objects.values_list("title", flat=True)) == ["Ours"]
        assert set(History.objects.values_list("state", flat=True)) == {"UNDONE"}


class TestUndo:
    def test_it_takes_the_plays_back_for_their_person_alone(self, ada):
        history = imported(ada, plays(3))
        with pytest.raises(NotFound):
            history_undo(user=factories.sharer("ben"), history_id=history.pk)
        assert Listen.reports.count() == 3
        for _ in range(2):
            history_undo(user=ada, history_id=history.pk)
        assert not Listen.reports.exists()
        assert not Naming.objects.exists()

    def test_what_was_there_before_is_as_it_was_also_what_the_import_corrected_or_joined(self, ada):
        rows = plays(4)
        before = imported(ada, rows[:3])
        scrobble = IncomingPlay(
            source="app", source_id="1", listened_at=started(rows[1]), title=rows[1]["master_metadata_track_name"],
            artist=rows[1]["master_metadata_album_artist_name"], mbid="8f3471b5-7e6a-48da-86a9-c1c07a0f47ae",
        )  # fmt: skip
        plays_ingest(user=ada, plays=[scrobble])
        exported = list(listens_exported(ada))

        told = [{**row, "master_metadata_album_album_name": "Another"} for row in rows]
        history = imported(ada, told)
        assert (history.corrected, history.stored) == (3, 1)
        assert list(listens_exported(ada)) != exported
        history_undo(user=ada, history_id=history.pk)
        assert list(listens_exported(ada)) == exported
        history_undo(user=ada, history_id=before.pk)
        assert Listen.reports.get().source == "app"

    @pytest.mark.parametrize("first", [0, 1, 2])
    @pytest.mark.parametrize("player", [True, False])
    @pytest.mark.parametrize("titles", [("V1", "V2"), ("V1", "V1"), ("V0", "V1"), ("V1", "V0")])
    def test_in_whatever_order_what_the_rest_tell_is_left(self, ada, first, player, titles):
        """Two imports of one play, after a player or another import."""
        told = [] if player else [(imported(ada, exported("V0")), "V0")]
        if player:
            plays_ingest(user=ada, plays=[scrobble("V0")])
        told += [(imported(ada, exported(title)), title) for title in titles]
        left = [None] * player + [history for history, _title in told]
        says = dict(told) | {None: "V0"}
        while told:
            history = told.pop(first % len(told))[0]
            left.remove(history)
            history_undo(user=ada, history_id=history.pk)
            assert said_now() == [says[one] for one in left[-1:]]
        assert not HistoryCorrection.objects.exists()

    @pytest.mark.parametrize("title", ["V1", "V2"])
    def test_what_a_player_tells_too_stays_as_it_tells_it(self, ada, title):
        plays_ingest(user=ada, plays=[scrobble("V0", source_id="2")])
        history = imported(
            ada, exported("V1") + exported("V1", source_id="2") + exported("V1", source_id="3")
        )
        plays_ingest(user=ada, plays=[scrobble(title), scrobble(title, source_id="2")])
        history_undo(user=ada, history_id=history.pk)
        assert said_now() == [title, title]

    def test_what_its_listener_corrected_by_hand_stays(self, ada):
        plays_ingest(user=ada, plays=[scrobble("V0", source_id="2")])
        history = imported(
            ada, exported("V1") + exported("V1", source_id="2") + exported("V1", source_id="3")
        )
        for source_id in ("1", "2"):
            listen = Listen.objects.get(source_id=source_id)
            listen_correct(user=ada, listen_id=listen.pk, play=scrobble("Mine"))
        history_undo(user=ada, history_id=history.pk)
        assert said_now() == ["Mine", "Mine"]

    def test_a_like_that_two_imports_told_goes_with_the_last(self, ada, tmp_path):
        said = {"recording_msid": "m-1", "score": 1, "created": 1_620_130_000}
        told = {"feedback.jsonl": json.dumps(said), "listens__1.jsonl": json.dumps(LISTEN)}
        data = archive(tmp_path / "x", **told).read_bytes()
        for history, kept in ((imported(ada, data), 1), (imported(ada, data), 0)):
            history_undo(user=ada, history_id=history.pk)
            assert Feedback.objects.count() == kept

    def test_a_play_told_again_after_undoing_is_stored_again(self, ada):
        history = imported(ada, plays(2))
        history_undo(user=ada, history_id=history.pk)
        assert imported(ada, plays(2)).stored == 2

    def test_one_that_waits_is_called_off_with_its_file(
        self, ada, uploads, django_capture_on_commit_callbacks
    ):
        history = handed_in(ada, plays(3))
        with django_capture_on_commit_callbacks(execute=True):
            history_undo(user=ada, history_id=history.pk)
        assert history_run(history_id=history.pk) is None
        assert (Listen.objects.count(), list(uploads.glob("*/*"))) == (0, [])


class TestUploads:
    def test_a_file_is_its_persons_alone(self, ada, uploads):
        key = upload_store(user=ada, pieces=[b"a", b"b"])
        path = upload_path(ada, key)
        assert path.read_bytes() == b"ab"
        assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
        assert upload_get(user=ada, upload=str(key)) == key
        for user, name in ((factories.sharer("ben"), str(key)), (ada, "../x"), (ada, "")):
            with pytest.raises(NotFound):
                upload_get(user=user, upload=name)
        with pytest.raises(NotFound):
            history_request(user=factories.sharer("cleo"), upload=key)

    def test_no_larger_none_empty_and_not_too_many(self, ada, uploads, settings):
        settings.UPLOAD_LARGEST = 10
        with pytest.raises(LimitExceeded):
            upload_store(user=ada, pieces=[b"12345"] * 3)
        with pytest.raises(InvalidInput):
            upload_store(user=ada, pieces=[])
        assert list(uploads.glob("*/*")) == []
        for _ in range(5):
            upload_store(user=ada, pieces=[b"1"])
        with pytest.raises(LimitExceeded):
            upload_store(user=ada, pieces=[b"1"])

    def test_they_go_with_their_person(self, ada, uploads):
        ben = factories.sharer("ben")
        for user in (ada, ben):
            upload_store(user=user, pieces=[b"x"])
        person_purging.send(sender=type(ada), user=ada)
        assert [path.parent.name for path in uploads.glob("*/*")] == [str(ben.pseudonym)]
        assert uploads_expire() == 0

    def test_the_same_file_is_asked_for_once(self, ada):
        key = upload_store(user=ada, pieces=[json.dumps(plays(1)).encode()])
        assert history_request(user=ada, upload=key) == history_request(user=ada, upload=key)


class TestCommands:
    def test_a_file_is_read_and_left_where_it_is_and_undone(self, ada, tmp_path, capsys):
        file = tmp_path / "mine"
        file.write_text(json.dumps([*plays(2), extended(incognito_mode=True)]))
        call_command("import_history", "ada", str(file))
        said = capsys.readouterr().out
        assert "SPOTIFY DONE, 3 rows read: 2 plays stored, 1 left out" in said
        assert "1:3 SKIPPED INCOGNITO" in said
        assert file.exists()
        call_command("undo_import", str(History.objects.get().pk))
        assert History.objects.get().state == "UNDONE"

    def test_it_says_what_it_cannot(self, ada, tmp_path):
        with pytest.raises(CommandError, match="import_lastfm"):
            call_command("import_history", "ada", str(tmp_path))
        factories.revoke(ada, Purpose.RECORD)
        file = tmp_path / "mine"
        file.write_text(json.dumps(plays(1)))
        for arguments in (("ada", str(file)), ("nobody", str(file)), ("ada", str(tmp_path / "none"))):
            with pytest.raises(CommandError):
                call_command("import_history", *arguments)
        with pytest.raises(CommandError):
            call_command("undo_import", "4711")
        assert not History.objects.exists()
        assert not HistoryRow.objects.exists()


def private(user, *, running):
    now = timezone.now()
    ends = now + timedelta(hours=1) if running else now - timedelta(minutes=1)
    type(user).objects.filter(pk=user.pk).update(private_from=now - timedelta(hours=1), private_until=ends)


def test_what_is_handed_in_during_a_private_session_waits_for_its_end_and_keeps_the_day_alone(ada, tmp_path):
    private(ada, running=True)
    history = imported(ada, [*plays(2), extended(ts=(timezone.now() - timedelta(minutes=20)).isoformat())])
    assert (history.state, history.rows_read, history.heartbeat_at) == ("WAITING", 0, None)
    assert (history.asked_at.hour, history.asked_at.minute) == (0, 0)
    file = tmp_path / "mine"
    file.write_text(json.dumps(plays(1)))
    with pytest.raises(CommandError):
        call_command("import_history", "ada", str(file))
    private(ada, running=False)
    assert histories_abandoned() == [str(history.pk)]
    history_run(history_id=history.pk)
    history.refresh_from_db()
    assert (history.state, history.stored, history.rows.get().code) == ("DONE", 2, "PRIVATE_SESSION")


def test_a_private_session_that_begins_meanwhile_loses_nothing(ada, monkeypatch):
    history = handed_in(ada, plays(250))
    stored = reading._store

    def and_a_session_begins(*args):
        stored(*args)
        private(ada, running=True)

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_store", and_a_session_begins)
        history_run(history_id=history.pk)
    history.refresh_from_db()
    assert (history.state, history.rows_read, history.heartbeat_at) == ("WAITING", reading.CHUNK, None)
    private(ada, running=False)
    history_run(history_id=history.pk)
    history.refresh_from_db()
    assert (history.state, history.stored, history.skipped) == ("DONE", 250, 0)


def test_nothing_more_is_stored_of_somebody_who_asked_to_be_erased(ada):
    history = handed_in(ada, JSPF)
    type(ada).objects.filter(pk=ada.pk).update(is_active=False)
    history_run(history_id=history.pk)
    history.refresh_from_db()
    assert (history.state, history.error) == ("FAILED", "CONSENT_MISSING")
    assert not Playlist.objects.exists()


@pytest.mark.parametrize(
    ("annotation", "kept", "code"),
    [("a" * 2_001, "a" * 2_000, "INVALID_TOO_LONG"), ("a\x00b", "", "INVALID_CHARACTERS"), ("\ud800", "", "INVALID_CHARACTERS"),
     ([1], "", "INVALID_TYPE"), ({}, "", "INVALID_TYPE"), (None, "", None)],
    ids=ascii,
)  # fmt: skip
def test_what_is_said_of_a_playlist_never_costs_the_playlist(ada, annotation, kept, code):
    history = imported(ada, {"playlist": JSPF["playlist"] | {"annotation": annotation}})
    playlist = Playlist.objects.get()
    assert (playlist.description, playlist.entries.count(), history.playlists_made) == (kept, 2, 1)
    told = [(row.outcome, row.code, row.field) for row in history.rows.filter(first=0)]
    assert told == ([("SKIPPED", code, "description")] if code else [])


def test_a_playlist_s_title_is_cut_and_one_without_is_refused(ada):
    imported(ada, {"playlist": JSPF["playlist"] | {"title": "a" * 201}})
    assert Playlist.objects.get().title == "a" * 200
    assert (
        imported(ada, {"playlist": JSPF["playlist"] | {"title": 5}}).rows.get(first=0).code == "INVALID_TYPE"
    )
    assert Playlist.objects.count() == 1


def test_a_file_that_stores_nothing_and_kills_every_worker_is_given_up(ada, monkeypatch):
    history = handed_in(ada, plays(350))
    stored, calls = reading._store, []

    def killed_by_the_second_chunk(claim, file, chunk):
        calls.append(len(chunk))
        if History.objects.get().rows_read == reading.CHUNK:
            raise KeyboardInterrupt
        stored(claim, file, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_store", killed_by_the_second_chunk)
        for _death in range(2):
            with pytest.raises(KeyboardInterrupt):
                history_run(history_id=history.pk)
            History.objects.update(heartbeat_at=None)
        assert History.objects.get().attempts == 1, "the first one stored a chunk, the second nothing"
        for _death in range(service.MOST_ATTEMPTS - 1):
            with pytest.raises(KeyboardInterrupt):
                history_run(history_id=history.pk)
            History.objects.update(heartbeat_at=None)
        assert history_run(history_id=history.pk) is None
    history.refresh_from_db()
    assert (history.state, history.error, history.stored) == ("FAILED", "GIVEN_UP", 100)
    assert len(calls) == 1 + 1 + service.MOST_ATTEMPTS


def test_waiting_for_the_end_of_a_private_session_is_no_death(ada, monkeypatch):
    history = handed_in(ada, plays(50))

    def begun_meanwhile(*_args):
        raise reading.PrivateNow

    with monkeypatch.context() as patch:
        patch.setattr(reading, "_store", begun_meanwhile)
        for _session in range(service.MOST_ATTEMPTS + 2):
            assert history_run(history_id=history.pk).state == "WAITING"
    assert history_run(history_id=history.pk).stored == 50
