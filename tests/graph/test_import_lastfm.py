"""Last.fm HetRec 2011 files: what is taken, what is not and why, and that a failing import leaves nothing."""

import datetime as dt
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import (
    Block,
    Consent,
    ConsentActor,
    ConsentEvent,
    ConsentState,
    Friendship,
    PersonalizationLevel,
    Purpose,
    User,
    pair,
)
from accounts.services.friendship import block_create, block_remove, friendship_answer, friendship_end
from discovery.platform.errors import ImportFailed
from graph.importers.lastfm import lastfm_import
from graph.models import Artist, ArtistPlayCount, Listen, Tag, Tagging

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

FILES = {
    "artists.dat": ["id\tname\turl\tpictureURL", "1\tSigur Rós\thttp://a\thttp://b", "2\t椎名林檎\t\t"],
    "tags.dat": ["tagID\ttagValue", "10\tchanson française", "11\tPost  Rock", "12\tpost rock"],
    "user_artists.dat": ["userID\tartistID\tweight", "5\t1\t100", "5\t2\t7", "6\t1\t3"],
    "user_friends.dat": ["userID\tfriendID", "5\t6", "6\t5", "6\t70", "70\t6"],
    "user_taggedartists.dat": [
        "userID\tartistID\ttagID\tday\tmonth\tyear",
        "5\t1\t10\t1\t4\t2009",
        "5\t1\t11\t1\t4\t2009",
        "5\t1\t12\t1\t4\t2009",
    ],
}
LATIN_1 = "tags.dat"
LF_ONLY = "artists.dat"


def write(folder: Path, **more: list[str]) -> Path:
    """The files, with the lines of ``more`` (keyed without ``.dat``) after the good ones."""
    for name, lines in FILES.items():
        end = "\n" if name == LF_ONLY else "\r\n"
        text = "".join(line + end for line in lines + more.get(name.removesuffix(".dat"), []))
        (folder / name).write_bytes(text.encode("latin-1" if name == LATIN_1 else "utf-8"))
    return folder


class Notes:
    """A watcher that writes down the broken rows."""

    def __init__(self):
        self.broken = []
        self.bytes = 0
        self.size = 0

    def file_started(self, _file, *, size):
        self.size += size

    def bytes_read(self, _file, count):
        self.bytes += count

    def row_broken(self, file, *, line, reason):
        self.broken.append((file, line, reason))

    def file_done(self, report):
        pass


def stored_rows():
    return {
        model.__name__: model.objects.count()
        for model in (User, Artist, Tag, ArtistPlayCount, Friendship, Tagging, Consent, ConsentEvent, Listen)
    }


def test_stores_what_the_files_say(tmp_path):
    notes = Notes()
    report = lastfm_import(folder=write(tmp_path), assume_consent=True, watcher=notes)

    assert dict(Artist.objects.values_list("external_id", "name")) == {"1": "Sigur Rós", "2": "椎名林檎"}
    assert set(Tag.objects.values_list("name", flat=True)) == {"chanson française", "post rock"}
    counts = ArtistPlayCount.objects.values_list("user__external_id", "artist__external_id", "count")
    assert set(counts) == {("5", "1", 100), ("5", "2", 7), ("6", "1", 3)}
    friends = Friendship.objects.filter(state=Friendship.State.ACCEPTED)
    assert set(friends.values_list("low__external_id", "high__external_id")) == {("5", "6"), ("6", "70")}
    assert set(Tagging.objects.values_list("tag__name", "tagged_on")) == {
        ("chanson française", dt.date(2009, 4, 1)),
        ("post rock", dt.date(2009, 4, 1)),
    }
    assert Listen.objects.count() == 0
    assert [(file.file, file.read, file.stored, dict(file.skipped)) for file in report.files] == [
        ("artists.dat", 2, 2, {}),
        ("tags.dat", 3, 2, {"merged with the tag of the same name": 1}),
        ("user_artists.dat", 3, 3, {}),
        ("user_friends.dat", 4, 2, {"already stored": 2}),
        ("user_taggedartists.dat", 3, 2, {"already stored": 1}),
    ]
    assert report.listeners_new == 3
    assert notes.broken == []
    assert notes.bytes == notes.size


def test_listeners_arrive_without_password_and_without_any_answer_and_so_without_plays(tmp_path):
    report = lastfm_import(folder=write(tmp_path))

    five = User.objects.get(external_id="5")
    assert five.username == "lastfm-5"
    assert not five.has_usable_password()
    assert five.level == PersonalizationLevel.OFF
    assert Consent.objects.count() == ConsentEvent.objects.count() == 0
    assert not ArtistPlayCount.objects.exists()
    counts = next(file for file in report.files if file.file == "user_artists.dat")
    assert counts.skipped == {"keeping plays (RECORD) is not granted": 3}


def test_a_second_import_stores_nothing(tmp_path):
    lastfm_import(folder=write(tmp_path), assume_consent=True)
    before = stored_rows()

    report = lastfm_import(folder=tmp_path, assume_consent=True)

    assert report.stored == report.listeners_new == report.consents_assumed_for == 0
    assert stored_rows() == before
    assert all(file.read == file.skipped.total() for file in report.files)


@pytest.mark.parametrize(
    ("file", "row", "reason"),
    [
        ("artists", "x\tName\t\t", "id is not a whole number"),
        ("artists", "3\t  \t\t", "name is empty"),
        ("artists", "3\tNul\0l\t\t", "name holds control characters"),
        ("artists", "3\t" + "x" * 1001 + "\t\t", "name is longer than 1000 characters"),
        ("artists", "3\tName", "not 4 columns"),
        ("artists", "3\t" + "x" * 70_000, "line too long"),
        ("tags", "10\tother", "tagID stands for another tag already"),
        ("user_artists", "5\t1\t0", "weight is not positive"),
        ("user_artists", "5\t1\t-4", "weight is not positive"),
        ("user_artists", "5\t1\t1.5", "weight is not a whole number"),
        ("user_artists", "5\t1\tmany", "weight is not a whole number"),
        ("user_artists", "5\t1\t٣", "weight is not a whole number"),
        ("user_artists", "5\t1\t2147483648", "weight is too large"),
        ("user_artists", "5\t999\t1", "unknown artist"),
        ("user_artists", "-5\t1\t1", "userID is negative"),
        ("user_friends", "5\t5", "friend of oneself"),
        ("user_friends", "5\t05", "friend of oneself"),
        ("user_taggedartists", "5\t1\t999\t1\t4\t2009", "unknown tag"),
        ("user_taggedartists", "5\t999\t10\t1\t4\t2009", "unknown artist"),
        ("user_taggedartists", "5\t1\t10\t30\t2\t2009", "day, month and year are no date"),
    ],
)
def test_a_broken_row_is_reported_with_its_line_and_stops_nothing(tmp_path, file, row, reason):
    good_lines = len(FILES[f"{file}.dat"])
    notes = Notes()
    last = {"artists": "9\tLast\t\t", "tags": "19\tlast", "user_artists": "6\t2\t1", "user_friends": "5\t70"}
    last_row = last.get(file, "6\t2\t10\t1\t1\t2010")

    report = lastfm_import(
        folder=write(tmp_path, **{file: [row, last_row]}), assume_consent=True, watcher=notes
    )

    assert notes.broken == [(f"{file}.dat", good_lines + 1, reason)]
    [told] = [report_of_file for report_of_file in report.files if report_of_file.file == f"{file}.dat"]
    assert told.skipped[reason] == 1
    clean = {"artists": 2, "tags": 2, "user_artists": 3, "user_friends": 2, "user_taggedartists": 2}
    assert told.stored == clean[file] + 1


def test_bytes_that_are_no_utf_8_break_one_row_only(tmp_path):
    write(tmp_path)
    with (tmp_path / "artists.dat").open("ab") as file:
        file.write(b"3\tBj\xf6rk\t\t\n4\tBj\xc3\xb6rk\t\t\n")
    notes = Notes()

    lastfm_import(folder=tmp_path, watcher=notes)

    assert notes.broken == [("artists.dat", 4, "not utf-8")]
    assert Artist.objects.get(external_id="4").name == "Björk"


def remove(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


def blank(path):
    path.write_bytes(b"\r\n\r\n")


def other_header(path):
    path.write_bytes(b"a\tb\r\n1\t2\r\n")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (remove, "missing"),
        (empty, "empty"),
        (blank, "empty"),
        (other_header, "does not start with the columns"),
    ],
)
def test_a_file_that_is_not_there_is_one_clear_error_and_stores_nothing(tmp_path, file, spoil, word):
    spoil(write(tmp_path) / file)
    before = stored_rows()

    with pytest.raises(ImportFailed) as failure:
        lastfm_import(folder=tmp_path, assume_consent=True)

    assert f"{file} " in failure.value.message
    assert word in failure.value.message
    assert stored_rows() == before


def test_a_taken_handle_stores_nothing(tmp_path):
    User.objects.create_user("lastfm-6")
    before = stored_rows()

    with pytest.raises(ImportFailed, match="lastfm-6"):
        lastfm_import(folder=write(tmp_path), assume_consent=True)

    assert stored_rows() == before


def test_assumed_consent_stands_in_the_ledger(tmp_path):
    report = lastfm_import(folder=write(tmp_path), assume_consent=True)

    granted = {
        "RECORD",
        "SELF",
        "CONTRIBUTE",
        "SOCIAL_IN",
        "SOCIAL_OUT",
        "NAMED",
        "DISCOVERABLE",
        "THIRD_PARTY",
    }
    for user in User.objects.all():
        assert (
            set(user.consents.filter(state=ConsentState.GRANTED).values_list("purpose", flat=True)) == granted
        )
        events = ConsentEvent.objects.filter(subject=user.pseudonym)
        assert set(events.values_list("purpose", "new_state", "actor")) == {
            (purpose, ConsentState.GRANTED, ConsentActor.IMPORT) for purpose in granted
        }
        assert user.level == PersonalizationLevel.SOCIAL
    assert report.consents_assumed_for == 3


@pytest.mark.parametrize("said", ["everything taken back", "a level chosen"])
def test_silence_after_a_word_of_ones_own_is_no_consent(tmp_path, said):
    from accounts.services.consent import consent_withdraw_all, level_set

    lastfm_import(folder=write(tmp_path))
    five = User.objects.get(external_id="5")
    if said == "everything taken back":
        consent_withdraw_all(user=five)
    else:
        level_set(user=five, level=PersonalizationLevel.OFF)
    report = lastfm_import(folder=tmp_path, assume_consent=True)
    five.refresh_from_db()
    assert five.level == PersonalizationLevel.OFF
    assert User.objects.get(external_id="6").level == PersonalizationLevel.SOCIAL
    if said == "everything taken back":
        assert not five.consents.filter(state=ConsentState.GRANTED).exists()
        assert not ArtistPlayCount.objects.filter(user=five).exists()
        assert report.files[2].skipped["keeping plays (RECORD) is not granted"] == 2


def test_an_answer_once_given_is_not_overridden(tmp_path):
    from accounts.services.consent import consent_set

    lastfm_import(folder=write(tmp_path))
    five = User.objects.get(external_id="5")
    consent_set(user=five, purpose=Purpose.CONTRIBUTE, granted=False)

    report = lastfm_import(folder=tmp_path, assume_consent=True)

    assert report.consents_assumed_for == 2
    assert set(ArtistPlayCount.objects.values_list("user__external_id", flat=True)) == {"6"}
    five.refresh_from_db()
    assert five.level == PersonalizationLevel.OFF
    assert not five.consents.filter(state=ConsentState.GRANTED).exists()


def test_a_blocked_pair_is_not_made_friends(tmp_path):
    lastfm_import(folder=write(tmp_path), assume_consent=True)
    five, six = (User.objects.get(external_id=name) for name in "56")
    Friendship.objects.filter(**pair(five, six)).delete()
    Block.objects.create(blocker=six, blocked=five)

    report = lastfm_import(folder=tmp_path)

    assert not Friendship.objects.filter(**pair(five, six)).exists()
    assert report.files[3].skipped == {"already stored": 2, "one blocks the other": 2}


@pytest.mark.parametrize("end", ["ended", "declined", "blocked for a while"])
def test_a_friendship_that_ended_does_not_come_back(tmp_path, end):
    lastfm_import(folder=write(tmp_path), assume_consent=True)
    five, six = (User.objects.get(external_id=name) for name in "56")
    if end == "ended":
        friendship_end(user=six, other=five)
    elif end == "declined":
        row = Friendship.objects.get(**pair(five, six))
        Friendship.objects.filter(pk=row.pk).update(state=Friendship.State.REQUESTED, requested_by=five)
        friendship_answer(user=six, request=row, accept=False)
    else:
        User.objects.update(level=PersonalizationLevel.SOCIAL)
        block_create(user=six, other=five)
        block_remove(user=six, other=five)

    report = lastfm_import(folder=tmp_path)

    assert not Friendship.objects.filter(**pair(five, six)).exists()
    assert report.files[3].skipped == {"already stored": 2, "the friendship was ended": 2}
    assert report.files[3].stored == 0

    Friendship.objects.create(**pair(five, six), requested_by=five, state=Friendship.State.ACCEPTED)
    report = lastfm_import(folder=tmp_path)  # made again, it stays, and is no ended one
    assert report.files[3].skipped == {"already stored": 4}


def test_the_command_sums_up_and_names_the_broken_row(tmp_path, capsys):
    out = StringIO()
    call_command("import_lastfm", write(tmp_path, user_artists=["5\t1\tx"]), assume_consent=True, stdout=out)

    assert out.getvalue().splitlines()[2] == (
        "user_artists.dat: 4 rows read, 3 stored, 1 skipped (1 weight is not a whole number)"
    )
    assert "user_artists.dat:5: weight is not a whole number" in capsys.readouterr().err


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without statistics")
def test_the_planner_knows_what_came(tmp_path):
    """With statistics of before, the query for the words to show took minutes on real data."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    lastfm_import(folder=write(tmp_path), assume_consent=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [Tagging._meta.db_table])
        assert cursor.fetchone() == (Tagging.objects.count(),)


def test_the_command_fails_in_one_line(tmp_path):
    with pytest.raises(CommandError, match=r"artists\.dat is missing.*Nothing was stored"):
        call_command("import_lastfm", tmp_path)


def test_the_published_data_set():
    folder = Path(os.environ.get("EARSHOT_DATA", Path(__file__).parents[3] / "shared" / "data"))
    folder /= "lastfm-hetrec2011"
    if not folder.is_dir():
        pytest.skip(f"the HetRec 2011 files are not in {folder}")
    report = lastfm_import(folder=folder, assume_consent=True)

    counts, friends = report.files[2], report.files[3]
    assert counts.stored == counts.read > 0
    assert friends.stored * 2 == friends.read > 0
    assert Artist.objects.filter(name="Sigur Rós").exists()
