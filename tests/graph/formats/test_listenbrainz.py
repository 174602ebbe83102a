"""ListenBrainz's export: listens, and likes of what the listens name."""

import json
from datetime import UTC, datetime

import pytest

from graph.formats import listenbrainz
from graph.formats.found import Said
from tests.graph.formats.files import LISTEN, archive, codes, read, whats


def lines(*rows):
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)


def test_a_listen(tmp_path):
    (play,) = whats(tmp_path / "x", lines(LISTEN))
    assert (play.source, play.source_id, play.listened_at) == ("listenbrainz", None, 1_620_129_600)
    assert (play.title, play.artist, play.album) == ("Quiet Rivers", "Nerloo Choir feat. Vesna", "Windows")
    assert (play.artists, play.artist_mbids) == (["Nerloo Choir", "Vesna"], ["a-1", "a-2"])
    assert (play.mbid, play.isrc, play.uri) == ("b-1", "USRC17607839", "spotify:track:1")
    assert (play.duration_ms, play.ms_played) == (200_000, None)
    assert "Secret" not in repr(play)


def test_older_exports_are_one_array(tmp_path):
    assert read(tmp_path / "x", [LISTEN, LISTEN])[0] == "LISTENBRAINZ"
    assert codes(tmp_path / "x") == ["", ""]


def test_the_archive_with_what_was_said(tmp_path):
    said = [
        {"recording_msid": "m-1", "recording_mbid": None, "score": 1, "created": 1_620_130_000},
        {"recording_msid": "", "recording_mbid": "b-1", "score": -1, "created": 1_620_130_001},
        {"recording_msid": "m-1", "recording_mbid": None, "score": 0, "created": 1},
        {"recording_msid": "m-9", "recording_mbid": None, "score": 1, "created": 1},
        {"recording_msid": "m-1", "score": 5},
    ]
    path = archive(
        tmp_path / "x",
        **{"user.json": {"user_id": 1, "username": "ada"}, "feedback.jsonl": lines(*said),
           "listens__2021__5.jsonl": lines(LISTEN), "pinned_recording.jsonl": lines({"recording_msid": "m-1", "pinned_until": 1})},
    )  # fmt: skip
    form, found = read(path)
    assert form == "LISTENBRAINZ"
    assert [place for place, _what in found] == [
        (1, 0),
        (4, 0),
        (3, 1),
        (2, 1),
        (2, 2),
        (2, 3),
        (2, 4),
        (2, 5),
    ]
    likes = [what for _place, what in found if isinstance(what, Said)]
    assert [(word.liked, word.track.title, word.track.mbid) for word in likes] == [
        (True, "Quiet Rivers", "b-1"), (False, "Quiet Rivers", "b-1"),
    ]  # fmt: skip
    assert [what.code for _place, what in found[-3:]] == ["NOTHING_SAID", "UNKNOWN_RECORDING", "NOT_A_ROW"]


def test_a_broken_line_costs_that_line(tmp_path):
    assert codes(tmp_path / "x", lines(LISTEN, '{"listened_at": 1, "track_meta', "[" * 100_000, LISTEN)) == [
        "", "BROKEN", "BROKEN", "",
    ]  # fmt: skip


def test_only_our_own_export_says_whose_play_it_was(tmp_path):
    def told(client):
        row = json.loads(json.dumps(LISTEN))
        row["track_metadata"]["additional_info"] |= {
            "submission_client": client, "source": "phone", "source_id": "7", "ms_played": 1, "listened_at": "2021-05-04T12:00:00.500Z",
        }  # fmt: skip
        return row

    ours, other = whats(tmp_path / "x", lines(told("Earshot"), told("other")))
    assert (ours.source, ours.source_id, ours.ms_played) == ("phone", "7", 1)
    assert ours.listened_at == datetime(2021, 5, 4, 12, 0, 0, 500_000, tzinfo=UTC)
    assert (other.source, other.source_id, other.ms_played) == ("listenbrainz", None, None)
    assert other.listened_at == LISTEN["listened_at"]


@pytest.mark.parametrize("odd", [["a"], {}, True, "x" * 129, "a\x00b"])
def test_what_our_own_export_cannot_have_said_costs_no_play(tmp_path, odd):
    listen = json.loads(json.dumps(LISTEN))
    listen["track_metadata"]["additional_info"] |= {
        "submission_client": "Earshot",
        "source": odd,
        "source_id": odd,
    }
    (play,) = whats(tmp_path / "x", lines(listen))
    assert (play.source, play.source_id, play.title) == ("listenbrainz", None, "Quiet Rivers")


def test_more_likes_than_are_held_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(listenbrainz, "MOST_SAID", 2)
    said = lines(*[{"recording_msid": f"m-{number}", "score": 1} for number in range(5)])
    path = archive(tmp_path / "x", **{"feedback.jsonl": said, "listens.jsonl": lines(LISTEN)})
    assert codes(path)[1:] == ["UNKNOWN_RECORDING", "", "TOO_LARGE"]
    assert len(codes(path)) == 4


@pytest.mark.parametrize("score", [[1], {}, "1", 2, 0.5])
def test_a_score_that_is_none_costs_that_row(tmp_path, score):
    said = [{"recording_msid": "m-1", "score": 1}, {"recording_msid": "m-1", "score": score}]
    path = archive(tmp_path / "x", listens__1=lines(LISTEN), feedback=lines(*said))
    assert codes(path) == ["", "", "NOT_A_ROW"]
