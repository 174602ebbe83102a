"""Spotify's histories: ends made starts, what is private dropped, and skips kept."""

from datetime import UTC, datetime

import pytest

from tests.graph.formats.files import SHORT, archive, codes, extended, read, whats


@pytest.fixture
def file(tmp_path):
    return tmp_path / "any name"


def test_a_row_is_a_play_that_began_before_its_end(file):
    (play,) = whats(file, [extended()])
    assert play.listened_at == datetime(2021, 5, 4, 12, tzinfo=UTC)
    assert (play.source, play.source_id) == ("spotify", "2021-05-04T12:03:00Z spotify:track:1")
    assert (play.title, play.artist, play.album) == ("Quiet Rivers", "Nerloo Choir", "Windows")
    assert (play.uri, play.ms_played) == ("spotify:track:1", 180_000)


def test_nothing_of_address_device_or_country_is_handed_on(file):
    assert not any(
        word in repr(whats(file, [extended()])) for word in ("192.0.2", "Agent", "DE'", "Android", "'ada'")
    )


def test_what_is_thrown_away_after_a_second_stays_a_play_of_a_second(file):
    (play,) = whats(file, [extended(ms_played=1_000, skipped=True, reason_end="fwdbtn")])
    assert play.ms_played == 1_000


def test_incognito_and_spoken_word_and_the_nameless_are_said(file):
    nameless = {"master_metadata_track_name": None}
    rows = [
        extended(incognito_mode=True), extended(**nameless, episode_name="Talk"),
        extended(**nameless, audiobook_title="Tale"), extended(**nameless), extended(), 7,
    ]  # fmt: skip
    assert codes(file, rows) == ["INCOGNITO", "PODCAST", "AUDIOBOOK", "NO_NAME", "", "NOT_A_ROW"]


STAMP = 1_619_000_000  # 2021-04-21


@pytest.mark.parametrize(
    ("changed", "began"),
    [
        ({"offline": True, "offline_timestamp": STAMP}, datetime.fromtimestamp(STAMP, UTC)),
        ({"offline": True, "offline_timestamp": STAMP * 1000}, datetime.fromtimestamp(STAMP, UTC)),
        ({"offline": True, "offline_timestamp": 0}, datetime(2021, 5, 4, 12, tzinfo=UTC)),
        ({"offline": False, "offline_timestamp": STAMP}, datetime(2021, 5, 4, 12, tzinfo=UTC)),
        ({"offline": True, "offline_timestamp": 1_700_000_000}, datetime(2021, 5, 4, 12, tzinfo=UTC)),  # after its end
        ({"offline": True, "offline_timestamp": 10**400}, datetime(2021, 5, 4, 12, tzinfo=UTC)),
        ({"offline": True, "offline_timestamp": -(10**400)}, datetime(2021, 5, 4, 12, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_without_a_connection_its_own_stamp_says_when_it_began(file, changed, began):
    assert whats(file, [extended(**changed)])[0].listened_at == began


def test_a_stamp_that_several_rows_bear_is_when_the_connection_was_lost(file):
    rows = [extended(offline=True, offline_timestamp=STAMP), extended(offline=True, offline_timestamp=STAMP)]
    assert whats(file, rows)[1].listened_at == datetime(2021, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "uri", ["spotify:local:" + "x" * 200, "spotify:track:\ud800", "a\x00b", 5, ["a"], {"a": 1}, True]
)
def test_an_address_that_is_none_costs_itself_alone(file, uri):
    (play,) = whats(file, [extended(spotify_track_uri=uri)])
    assert (play.title, play.source_id, play.uri) == ("Quiet Rivers", None, uri)


def test_what_is_no_time_or_no_number_is_left_for_the_ingest_to_refuse(file):
    odd = whats(
        file,
        [extended(ts="yesterday"), extended(ts=None), extended(ms_played="long"), extended(ms_played=10**20)],
    )
    assert [play.listened_at for play in odd[:2]] == ["yesterday", None]
    assert odd[2].ms_played == "long"
    assert odd[3].listened_at == datetime(2021, 5, 4, 12, 3, tzinfo=UTC)


def test_the_short_history(file):
    form, found = read(file, [SHORT, {**SHORT, "trackName": "Unknown Track", "artistName": "Unknown Artist"}, {"endTime": "x", "podcastName": "y", "msPlayed": 1}])  # fmt: skip
    assert form == "SPOTIFY_SHORT"
    assert found[0][1].listened_at == datetime(2021, 5, 4, 12, 2, tzinfo=UTC)
    assert [what.code for _place, what in found[1:]] == ["NO_NAME", "PODCAST"]


def test_the_archive_as_it_was_downloaded(tmp_path):
    path = archive(
        tmp_path / "my_spotify_data.zip",
        **{"ReadMeFirst.pdf": b"%PDF", "Data__Streaming_History_Audio_1.json": [extended(), extended()],
           "Data__Streaming_History_Video_2.json": [extended()], "Account__StreamingHistory0.json": [SHORT]},
    )  # fmt: skip
    form, found = read(path)
    assert form == "SPOTIFY"
    assert [place for place, _what in found] == [(1, 0), (2, 1), (2, 2), (3, 1), (4, 1)]
    assert found[0][1].code == "NOT_RECOGNIZED"
