"""What an export tells of listening is read again as it was: by its lines, and as a whole archive handed in."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.models import DataExport
from discovery.privacy import export_listens
from discovery.privacy.export import data_export_build
from graph.formats.listenbrainz import listen_read
from graph.importers.history import history_import
from graph.ingest.sources import source_id_or_none, source_or
from graph.models import Artist, Feedback, FeedbackKind, Listen, Playlist, PlaylistEntry, Track
from graph.services.history import history_undo
from tests import factories
from tests.graph.formats.test_playlists import words

MBID = "12345678-1234-1234-1234-123456789abc"
plays = st.builds(
    SimpleNamespace,
    track=st.builds(
        Track, title=words, artist=st.builds(Artist, name=words), album=st.just("") | words,
        mbid=st.sampled_from(["", MBID]), isrc=st.sampled_from(["", "USRC17607839"]),
        duration_ms=st.none() | st.integers(1, 86_400_000),
    ),
    listened_at=st.datetimes(datetime(2003, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ms_played=st.none() | st.integers(0, 86_400_000),
    # As ingest keeps them.
    source=words.map(lambda word: source_or(word, "")).filter(bool), source_id=words.map(source_id_or_none).filter(bool),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(play=plays)
def test_every_play_is_read_as_it_was_told(play, tmp_path_factory):
    from discovery.privacy.archive import Archive

    row = Listen(
        track=play.track, listened_at=play.listened_at, ms_played=play.ms_played, source=play.source, source_id=play.source_id
    )  # fmt: skip
    path = tmp_path_factory.mktemp("export") / "x.zip"
    with Archive(path) as archive:
        archive.lines("listens/1.jsonl", [export_listens._listen(row)])
    with zipfile.ZipFile(path) as file:
        read = listen_read(json.loads(file.read("listens/1.jsonl")))
    assert abs(read.listened_at - play.listened_at) < timedelta(milliseconds=1)  # as JSON tells moments
    assert (read.source, read.source_id, read.ms_played) == (play.source, play.source_id, play.ms_played)
    assert (read.title, read.artist, read.album or "") == (
        play.track.title, play.track.artist.name, play.track.album,
    )  # fmt: skip
    assert (read.mbid or "", read.isrc or "", read.duration_ms) == (
        play.track.mbid, play.track.isrc, play.track.duration_ms,
    )  # fmt: skip


def kept(user):
    """Plays, likes and playlists, without whose they are."""
    listens = Listen.objects.filter(user=user).order_by("listened_at", "source_id")
    said = Feedback.objects.filter(user=user, kind__in=("LIKE", "DISLIKE"), artist=None).order_by("given_at")
    entries = PlaylistEntry.objects.filter(playlist__owner=user).order_by("playlist", "position")
    return (
        list(listens.values_list("track", "listened_at", "ms_played", "source", "source_id")),
        [(track, kind, at.replace(microsecond=0)) for track, kind, at in said.values_list("track", "kind", "given_at")],
        list(entries.values_list("playlist__title", "playlist__description", "track")),
    )  # fmt: skip


@pytest.mark.django_db
def test_an_export_handed_in_by_somebody_else_makes_them_the_same(settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    tracks = [factories.track(f"Song {number}", mbid=MBID if number == 1 else "") for number in range(4)]
    for number, track in enumerate(tracks):
        factories.listens(ada, track, 2, at=factories.NOON + timedelta(days=40 * number))
    factories.listens(ada, tracks[0], ms_played=None, at=factories.NOON + timedelta(milliseconds=250))
    for number, (track, kind) in enumerate(zip(tracks, FeedbackKind.values, strict=True)):
        Feedback.objects.create(
            user=ada, track=track, kind=kind, given_at=factories.NOON + timedelta(hours=number)
        )
    Feedback.objects.create(user=ada, artist=tracks[0].artist, kind="LIKE", given_at=factories.NOON)
    mine = Playlist.objects.create(owner=ada, title="Mine", description="of my own")
    for position, track in enumerate([tracks[1], tracks[0], tracks[1]]):
        PlaylistEntry.objects.create(playlist=mine, track=track, position=position)
    export = data_export_build(export_id=str(DataExport.objects.create(user=ada).pk))

    history = history_import(user=ben, path=export.path)
    assert (history.state, history.format, history.refused) == ("DONE", "LISTENBRAINZ", 0)
    assert kept(ben) == kept(ada)
    assert (history.stored, history.words_said, history.playlists_made) == (9, 2, 1)
    own = history_import(user=ada, path=export.path)
    assert (own.words_said, own.playlists_made, Listen.objects.filter(user=ada).count()) == (0, 0, 9)
    history_undo(user=ben, history_id=history.pk)
    assert kept(ben)[1:] == ([], [])
