"""Playlists in two formats: what is written comes back equal, and no document type comes in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.platform.errors import ImportFailed
from graph.formats import jspf, xspf
from graph.formats.found import ListedPlaylist, ListedTrack
from tests.graph.formats.files import codes, read, whats

MBID = "12345678-1234-1234-1234-123456789abc"
# Words as the catalog holds them: no control characters, no space at their ends.
words = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cn", "Co")), min_size=1, max_size=40
)
tracks = st.builds(
    ListedTrack, title=words, artist=words, album=st.none() | words, mbid=st.none() | st.just(MBID),
    isrc=st.none() | st.just("USRC17607839"), duration_ms=st.none() | st.integers(1, 86_400_000),
)  # fmt: skip
playlists = st.builds(
    ListedPlaylist, title=words, description=st.none() | words, tracks=st.lists(tracks, max_size=5)
)
WRITERS = {
    "JSPF": lambda playlist: json.dumps(jspf.document_of(playlist, creator="Ada"), ensure_ascii=False),
    "XSPF": lambda playlist: "".join(xspf.written(playlist, creator="Ada")),
}


@settings(max_examples=100, deadline=None)
@given(playlist=playlists)
@pytest.mark.parametrize("form", WRITERS)
def test_what_is_written_comes_back_equal(form, playlist, tmp_path_factory):
    path = tmp_path_factory.mktemp("list") / "x"
    found = read(path, WRITERS[form](playlist))
    assert found == (form, [((1, 0), playlist)])


def test_a_jspf_of_another_service(tmp_path):
    track = {"identifier": f"https://musicbrainz.org/recording/{MBID}", "title": "Quiet Rivers", "creator": "Nerloo Choir",
             "extension": {"https://musicbrainz.org/doc/jspf#track": {"added_by": "x"}}}  # fmt: skip
    other = {**track, "identifier": [track["identifier"], 7], "duration": 200_000}
    (playlist,) = whats(
        tmp_path / "x", {"playlist": {"title": "Mine", "creator": "x", "track": [track, other, 5]}}
    )
    assert [one.mbid for one in playlist.tracks] == [MBID, MBID, None]
    assert playlist.tracks[1].duration_ms == 200_000
    assert codes(tmp_path / "x", '{"playlist": {"track": [') == ["NOT_A_ROW"]


BOMB = """<?xml version="1.0"?>
<!DOCTYPE playlist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>&b;</title></playlist>"""
OUTSIDE = BOMB.replace('<!ENTITY a "aaaaaaaaaa">', '<!ENTITY a SYSTEM "file:///etc/hostname">')
DEEP = '<playlist xmlns="http://xspf.org/ns/0/">' + "<x>" * 5_000
LONG = '<playlist xmlns="http://xspf.org/ns/0/"><title>' + "a" * 20_000 + "</title></playlist>"
PLAIN = '<?xml version="1.0" encoding="iso-8859-1"?><playlist xmlns="http://xspf.org/ns/0/"><title>J\xf3ga</title></playlist>'


@pytest.mark.parametrize(("text", "code"), [(DEEP, "TOO_LARGE"), (DEEP[:70], "BROKEN")])
def test_neither_depth_nor_length_without_end(tmp_path, text, code):
    assert codes(tmp_path / "x", text) == [code]


def test_what_is_not_read_of_a_playlist_may_be_of_any_length(tmp_path):
    text = (
        f'<playlist xmlns="http://xspf.org/ns/0/"><title>Mine</title><annotation>{"b" * 20_000}</annotation>'
        f"<image>data:{'a' * 300_000}</image><trackList><track><title>Tide</title><creator>Vesna</creator>"
        f"<annotation>{'a' * 20_000}</annotation><image>{'a' * (17 << 20)}</image></track></trackList></playlist>"
    )
    (playlist,) = whats(tmp_path / "x", text)
    assert (playlist.title, [one.title for one in playlist.tracks]) == ("Mine", ["Tide"])
    assert playlist.description == "b" * (xspf.LONGEST_TEXT + 1)
    assert whats(tmp_path / "x", LONG)[0].title == "a" * (xspf.LONGEST_TEXT + 1)


def test_what_is_read_of_a_playlist_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(xspf, "LARGEST", 50_000)
    title = LONG.removeprefix('<playlist xmlns="http://xspf.org/ns/0/">').removesuffix("</playlist>")
    for number, code in ((4, ""), (6, "TOO_LARGE")):
        text = f'<playlist xmlns="http://xspf.org/ns/0/">{title * number}</playlist>'
        assert codes(tmp_path / "x", text) == [code]


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_no_document_type_comes_in(tmp_path, text):
    with pytest.raises(ImportFailed):
        read(tmp_path / "x", text)
    with pytest.raises(xspf.Refused):
        xspf._Reader().parser.Parse(text.encode(), True)  # noqa: FBT003


def test_latin_1_is_read_whatever_it_says_of_itself(tmp_path):
    assert whats(tmp_path / "x", PLAIN.encode("latin-1"))[0].title == "Jóga"
    assert whats(tmp_path / "x", PLAIN.encode())[0].title == "Jóga"
