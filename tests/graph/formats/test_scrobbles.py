"""Last.fm, Maloja and Rockbox, in the shapes in which exporters write them."""

import json
from datetime import UTC, datetime

import pytest

from tests.graph.formats.files import codes, read, whats

UTS = 1_620_129_600
PAGED = {
    "artist": {"#text": "Nerloo Choir", "mbid": "a"}, "album": {"#text": "Windows", "mbid": ""}, "name": "Quiet Rivers",
    "mbid": "b-1", "image": [{"#text": "https://x", "size": "small"}, {"#text": "", "size": "large"}], "date": {"uts": str(UTS), "#text": "x"},
}  # fmt: skip
FLAT = {
    "artist": "Nerloo Choir",
    "album": "Windows",
    "track": "Quiet Rivers",
    "date": UTS * 1000,
    "albumId": "",
}
LASTFM = {
    "pages of the API": [{"track": [PAGED], "@attr": {"page": "1"}}, {"track": [PAGED]}],
    "an answer of the API": {"recenttracks": {"@attr": {"page": "1"}, "track": [PAGED, PAGED]}},
    "answers of the API": [{"recenttracks": {"track": [PAGED]}}, {"recenttracks": {"track": PAGED, "@attr": {}}}],
    "one list of tracks": [PAGED, PAGED],
    "recent tracks": {"recenttracks": "x", "track": [PAGED, PAGED]},
    "flat": [FLAT, FLAT],
    "wrapped": {"username": "ada", "scrobbles": [FLAT, FLAT]},
    "table": f"uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n{UTS},x,Nerloo Choir,a,Windows,,Quiet Rivers,b-1\n"
    f'"{UTS}","x","Nerloo Choir","a","Windows","","Quiet Rivers","b-1"\n',
    "semicolons": f"Artist;Album;AlbumId;Track;Date#ada\nNerloo Choir;Windows;;Quiet Rivers;{UTS * 1000}\n" * 1
    + f'"Nerloo Choir";"Windows";;"Quiet Rivers";"{UTS * 1000}"',
    "headless": "Nerloo Choir,Windows,Quiet Rivers,04 May 2021 12:00\n" * 2,
}  # fmt: skip


@pytest.mark.parametrize("shape", LASTFM)
def test_last_fm(tmp_path, shape):
    form, found = read(tmp_path / "x", LASTFM[shape])
    assert (form, len(found)) == ("LASTFM", 2)
    for _place, play in found:
        assert (play.source, play.title, play.artist, play.album) == (
            "lastfm", "Quiet Rivers", "Nerloo Choir", "Windows",
        )  # fmt: skip
        assert play.listened_at in {UTS, datetime.fromtimestamp(UTS, UTC)}


def test_a_cut_answer_keeps_what_was_read_and_loved_tracks_are_no_plays(tmp_path):
    whole = json.dumps({"recenttracks": {"track": [PAGED, PAGED, PAGED]}})
    assert codes(tmp_path / "x", whole[: whole.rindex("Quiet")]) == ["", "", "TRUNCATED"]
    assert codes(tmp_path / "x", {"lovedtracks": {"track": [PAGED, PAGED]}}) == ["NO_NAME"]


def test_what_plays_now_has_no_moment(tmp_path):
    now = {name: value for name, value in PAGED.items() if name != "date"} | {"@attr": {"nowplaying": "true"}}
    assert codes(tmp_path / "x", [{"track": [now, PAGED]}]) == ["NOW_PLAYING", ""]


def test_a_broken_track_costs_itself_alone_though_it_holds_lists_of_objects(tmp_path):
    good = json.dumps(PAGED)
    broken = good.replace('"name": ', '"name" ', 1)
    text = f'[{{"track": [{good}, {broken}, {good}], "@attr": {{}}}}, {{"track": [{good}, {good}]}}]'
    assert codes(tmp_path / "x", text) == ["", "BROKEN", "", "", ""]


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        ([{"track": [PAGED]}, None, {"track": [PAGED]}], ["", "NOT_A_ROW", ""]),
        ([{"track": [PAGED]}, [], 5, {"track": [PAGED]}], ["", "NOT_A_ROW", "NOT_A_ROW", ""]),
        ([{"track": [PAGED]}, {"track": PAGED, "@attr": {}}, {"track": [PAGED]}], ["", "", ""]),
        ([{"track": PAGED}, {"track": [PAGED]}], ["", ""]),
        ([{"track": PAGED}], [""]),
        ([None, {"track": [PAGED]}], ["NOT_A_ROW", ""]),
        (
            [{"track": [PAGED]}, {"@attr": {}}, {"track": None}, {"track": [PAGED]}],
            ["", "NO_NAME", "NO_NAME", ""],
        ),
        ([{"track": [PAGED]}, FLAT], ["", ""]),
        (
            [FLAT, FLAT | {"track": []}, FLAT | {"track": [PAGED]}, FLAT | {"track": PAGED}, FLAT],
            ["", "NO_NAME", "", "", ""],
        ),
        ([{"track": None}, {"track": [PAGED]}], ["NO_NAME", ""]),
        ([{"track": [PAGED, None, [PAGED]]}, {"track": []}], ["", "NOT_A_ROW", "NOT_A_ROW"]),
    ],
    ids=range(11),
)
def test_no_page_is_lost_without_a_word(tmp_path, pages, found):
    assert codes(tmp_path / "x", pages) == found


def test_pages_that_end_in_the_middle_say_so_once(tmp_path):
    text = json.dumps([{"track": [PAGED, PAGED]}, {"track": [PAGED]}])
    for end in (len(text) - 1, len(text) - 2, len(text) - 3, text.rindex('}, {"track"') + 1):
        assert codes(tmp_path / "x", text[:end])[-2:] == ["", "TRUNCATED"]


def test_blank_lines_of_a_table_are_none(tmp_path):
    table = LASTFM["table"].replace("\n", "\n\n  \n")
    assert codes(tmp_path / "x", f"\n\r\n{table}") == ["", ""]


def test_maloja(tmp_path):
    scrobble = {
        "time": UTS, "duration": 170, "origin": "client:x",
        "track": {"artists": ["Nerloo Choir", "Vesna"], "title": "Quiet Rivers", "length": 200, "album": {"albumtitle": "Windows", "artists": None}},
    }  # fmt: skip
    bare = {
        "time": UTS,
        "duration": None,
        "track": {"artists": ["Vesna"], "title": "Tide", "length": None, "album": None},
    }
    form, found = read(
        tmp_path / "x",
        {"maloja": {"export_time": 1}, "scrobbles": [scrobble, bare, {"time": 1, "track": {}}]},
    )
    (_, play), (_, other), (_, left) = found
    assert (form, play.source, play.artist) == ("MALOJA", "maloja", "Nerloo Choir, Vesna")
    assert play.artists == ["Nerloo Choir", "Vesna"]
    assert (play.listened_at, play.ms_played, play.duration_ms) == (UTS, 170_000, 200_000)
    assert (other.ms_played, other.duration_ms, other.album) == (None, None, None)
    assert left.code == "NO_NAME"


def test_one_artist_of_maloja_s_is_one(tmp_path):
    rows = [
        {"time": UTS, "track": {"artists": told, "title": "Tide"}}
        for told in ("Nadir", ["N", None, 5], [], None)
    ]
    plays = whats(tmp_path / "x", {"scrobbles": rows})
    assert [(play.artist, play.artists) for play in plays] == [
        ("Nadir", ["Nadir"]), ("N", ["N", None, 5]), ("", None), ("", None),
    ]  # fmt: skip


def test_rockbox_with_its_skips_and_in_latin_1(tmp_path):
    rows = [
        "#AUDIOSCROBBLER/1.1", "#TZ/UNKNOWN", "#CLIENT/Rockbox sansa $Revision$",
        f"Björk\tHomogenic\tJóga\t2\t305\tL\t{UTS}\tb-1", f"Björk\t\tUnravel\t\t200\tS\t{UTS + 400}", "Björk\tonly", "a\tb\tc\t1\t2\tX\t3",
    ]  # fmt: skip
    for encoding in ("utf-8", "latin-1", "utf-8-sig", "utf-16"):
        form, found = read(tmp_path / "x", "\r\n".join(rows).encode(encoding))
        (place, play), (_, skip), (_, cut), (_, odd) = found
        assert (form, place, play.artist, play.title) == ("ROCKBOX", (1, 4), "Björk", "Jóga")
        assert (play.ms_played, play.duration_ms, play.mbid, play.listened_at) == (None, 305_000, "b-1", UTS)
        assert (skip.ms_played, skip.title) == (0, "Unravel")
        assert (cut.code, odd.field) == ("NOT_A_ROW", "rating")
