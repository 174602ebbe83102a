"""Whatever a file holds: what can be read is, and the rest is named. Nothing is unpacked without an end."""

import json
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.platform.errors import ImportFailed
from graph.formats.found import Left
from graph.formats.recognize import recognized
from graph.ingest.incoming import IncomingPlay
from tests.graph.formats.files import archive, codes, extended, read, whats


def written(*rows):
    return (
        "["
        + ",\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
        + "]"
    )


GOOD = extended()
BROKEN_ROWS = {
    "a quote too few": json.dumps(GOOD).replace('"Quiet Rivers"', '"Quiet Rivers', 1),
    "a comma too few": json.dumps(GOOD).replace('"ada",', '"ada"', 1),
    "half a row": json.dumps(GOOD)[:200],
    "brackets": '{"ts": ' + "[" * 50_000 + "}",
    "a number without end": '{"ts": ' + "9" * 10_000 + "}",
}


@pytest.mark.parametrize("kind", BROKEN_ROWS)
def test_a_broken_row_costs_that_row_and_is_named(tmp_path, kind):
    form, found = read(tmp_path / "x", written(GOOD, BROKEN_ROWS[kind], *[GOOD] * 300))
    assert form == "SPOTIFY"
    assert [(place, what.code) for place, what in found if isinstance(what, Left)] == [((1, 2), "BROKEN")]
    assert len(found) == 302


def test_a_file_that_ends_in_the_middle_gives_what_is_there(tmp_path):
    whole = written(*[GOOD] * 500)
    assert codes(tmp_path / "x", whole[: len(whole) // 2])[-1] == "TRUNCATED"
    assert 245 <= len(codes(tmp_path / "x")) <= 255
    assert codes(tmp_path / "x", whole[:-1])[-1] == "TRUNCATED"
    assert codes(tmp_path / "x", whole) == [""] * 500


def test_no_row_is_lost_where_pieces_meet(tmp_path):
    draw = random.Random(7)  # noqa: S311
    titles = ["é€😀" * draw.randrange(0, 400) + f"{number}" for number in range(400)]
    rows = [extended(master_metadata_track_name=title) for title in titles]
    assert [play.title for play in whats(tmp_path / "x", written(*rows))] == titles


def test_words_in_latin_1_are_read_as_such(tmp_path):
    (play,) = whats(tmp_path / "x", written(extended(master_metadata_track_name="Jóga")).encode("latin-1"))
    assert play.title == "Jóga"


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 500, b"MZ\x90", b"[]", b'{"a": 1}', "no music at all\n", b"PK\x03\x04garbage"]
)
def test_what_is_none_of_the_formats_is_refused(tmp_path, content):
    with pytest.raises(ImportFailed) as refused:
        read(tmp_path / "x", content)
    assert refused.value.specific_code in {"NOT_RECOGNIZED", "DAMAGED_ARCHIVE"}


def test_a_folder_is_for_another_command(tmp_path):
    with pytest.raises(ImportFailed, match="import_lastfm"):
        read(tmp_path)


def test_an_archive_that_unpacks_to_much_more_is_refused_before_it_is(tmp_path):
    path = archive(tmp_path / "bomb", **{"history.json": written(GOOD)[:-1] + " " * (40 << 20) + "]"})
    with pytest.raises(ImportFailed) as refused:
        read(path)
    assert refused.value.specific_code == "ARCHIVE_TOO_LARGE"
    many = archive(tmp_path / "many", **{f"{number}.json": b"" for number in range(2_001)})
    with pytest.raises(ImportFailed):
        read(many)


def test_an_archive_that_lies_of_its_size_gives_no_more_than_it_says(tmp_path):
    path = archive(tmp_path / "x", **{"a.json": written(GOOD, GOOD), "b.json": written(GOOD)})
    data = path.read_bytes()
    size = len(written(GOOD, GOOD)).to_bytes(4, "little")
    path.write_bytes(data.replace(size, (500).to_bytes(4, "little")))
    assert "DAMAGED" in codes(path) or "TRUNCATED" in codes(path)


def test_a_damaged_part_costs_its_rest_and_no_other_part(tmp_path):
    draw = random.Random(7)  # noqa: S311
    rows = [extended(master_metadata_track_name=f"{draw.random()}") for _ in range(3_000)]
    path = archive(tmp_path / "x", **{"a.json": written(*rows), "b.json": written(GOOD)})
    with zipfile.ZipFile(path) as file:
        middle = file.getinfo("a.json").compress_size // 2
    data = bytearray(path.read_bytes())
    data[middle : middle + 60] = b"\xff" * 60
    path.write_bytes(data)
    found = read(path)[1]
    assert [what.code for place, what in found if isinstance(what, Left) and place[0] == 1][-1] == "DAMAGED"
    assert isinstance(found[-1][1], IncomingPlay)
    assert found[-1][0] == (2, 1)


def test_so_many_broken_rows_are_no_history(tmp_path):
    assert codes(tmp_path / "x", written(GOOD, *['{"ts": }'] * 10_050))[-1] == "TOO_BROKEN"
    assert len(codes(tmp_path / "x")) == 10_002


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
HEADS = {
    "spotify": ('[{"ts": "2021-05-04T12:03:00Z", "ms_played": 1}', list(extended())),
    "short": ('[{"endTime": "x", "msPlayed": 1}', ["endTime", "artistName", "trackName", "msPlayed"]),
    "listenbrainz": (
        '[{"listened_at": 1, "track_metadata": {}}',
        ["listened_at", "track_metadata", "created", "score"],
    ),
    "maloja": ('{"scrobbles": [{"track": {"artists": []}}', ["time", "track", "duration"]),
    "lastfm": (
        '[{"artist": "a", "track": "b", "date": 1}',
        ["artist", "album", "title", "name", "date", "mbid", "@attr"],
    ),
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("kind", HEADS)
def test_any_value_in_any_field_is_read_or_refused(kind, data, tmp_path_factory):
    head, names = HEADS[kind]
    row = data.draw(st.dictionaries(st.sampled_from(names), ANYTHING) | ANYTHING)
    path = tmp_path_factory.mktemp("any") / "x"
    end = "]}" if head.startswith("{") else "]"
    path.write_text(f"{head}, {json.dumps(row)}{end}")
    with recognized(path) as file:
        assert len(list(file.rows)) == 2


@settings(max_examples=150, deadline=None)
@given(garbage=st.binary(max_size=400), kind=st.sampled_from(sorted(HEADS)))
def test_garbage_behind_a_good_beginning_ends(garbage, kind, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "x"
    path.write_bytes(HEADS[kind][0].encode() + b"," + garbage)
    with recognized(path) as file:
        assert all(place.part == 1 for place, _what in file.rows)


def test_two_members_of_one_name_are_two(tmp_path):
    path = tmp_path / "x"
    first, second = (written(extended(master_metadata_track_name=title)) for title in ("First", "Second"))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.json", first)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("a.json", second)
    assert [play.title for play in whats(path)] == ["First", "Second"]


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_damaged_part_is_said_however_it_is_packed(tmp_path, packing):
    path = tmp_path / "x"
    rows = [extended(master_metadata_track_name=f"{number * 7919}") for number in range(3_000)]
    with zipfile.ZipFile(path, "w", packing) as file:
        file.writestr("a.json", written(*rows))
        file.writestr("b.json", written(GOOD))
        middle = file.getinfo("a.json").compress_size // 2
    data = bytearray(path.read_bytes())
    data[middle : middle + 60] = b"\xff" * 60
    path.write_bytes(data)
    found = whats(path)
    assert [what.code for what in found if isinstance(what, Left)][-1] == "DAMAGED"
    assert isinstance(found[-1], IncomingPlay)


def test_a_name_in_no_encoding_costs_its_part_or_the_archive(tmp_path):
    path = archive(tmp_path / "x", **{"ä.json": written(GOOD), "b.json": written(GOOD)})
    data = path.read_bytes()
    name = "ä.json".encode()
    first, both = data.replace(name, b"\xff" + name[1:], 1), data.replace(name, b"\xff" + name[1:])
    path.write_bytes(first)
    assert codes(path) == ["DAMAGED", ""]
    path.write_bytes(both)
    with pytest.raises(ImportFailed) as refused:
        read(path)
    assert refused.value.specific_code == "DAMAGED_ARCHIVE"


def test_a_table_may_begin_as_an_archive_does(tmp_path):
    (play,) = whats(tmp_path / "x", "PK,Windows,Quiet Rivers,04 May 2021 12:00\n")
    assert (play.artist, play.title) == ("PK", "Quiet Rivers")
