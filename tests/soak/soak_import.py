"""Histories of 200,000 rows in constant memory, and how fast they are read and stored. Run by ``make soak``.

``SOAK_ROWS`` says how many rows; figures are printed.
"""

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from graph.models import History, Listen
from tests import factories
from tests.graph.formats.files import LISTEN, extended
from tests.soak.test_two_workers import database_url

ROWS = int(os.environ.get("SOAK_ROWS", "200000"))
FEW = 10_000
LARGEST_GROWTH = 50 * 1024  # KiB of the larger file over the smaller
LONGEST_ROW = 60e-6  # CPU seconds of reading one
FEWEST_ROWS = 4_000  # read and stored in one CPU second
BEGIN = datetime(2010, 1, 1, tzinfo=UTC)
# Of this program alone: what getrusage says begins with whoever started it.
PEAK = """
def peak():
    import pathlib
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
"""
READ = """
import json, sys, time, pathlib
from graph.formats.recognize import recognized
begun, rows = time.process_time(), 0
with recognized(pathlib.Path(sys.argv[1])) as file:
    for _place, _what in file.rows:
        rows += 1
print(json.dumps({"rows": rows, "cpu": time.process_time() - begun,
                  "peak": peak(), "format": file.format}))
"""
IMPORT = """
import json, sys, time, pathlib, django
django.setup()
from accounts.models import User
from graph.importers.history import history_import
user, begun = User.objects.get(username="ada"), time.process_time()
history = history_import(user=user, path=pathlib.Path(sys.argv[1]))
print(json.dumps({"rows": history.rows_read, "stored": history.stored, "state": history.state,
                  "cpu": time.process_time() - begun, "peak": peak()}))
"""


def moment(number):
    return BEGIN + timedelta(minutes=4 * number)


def names(number):
    """Of 20,000 songs by 3,000 artists, the first ones more often."""
    song = int((number * 7919 % 20_011) ** 2 / 20_011)
    return f"Song {song}", f"Artist {song % 3_000}", f"Album {song % 6_000}"


def spotify(path, rows):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(4):
            with archive.open(f"Streaming_History_Audio_{part}.json", "w") as file:
                for place, number in enumerate(range(part, rows, 4)):
                    title, artist, album = names(number)
                    row = extended(
                        ts=f"{moment(number):%Y-%m-%dT%H:%M:%SZ}", ms_played=number % 240_000, master_metadata_track_name=title,
                        master_metadata_album_artist_name=artist, master_metadata_album_album_name=album,
                        spotify_track_uri=f"spotify:track:{title}",
                    )  # fmt: skip
                    file.write(f"{',' if place else '['}\n{json.dumps(row, indent=2)}".encode())
                file.write(b"]")


def listenbrainz(path, rows):
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("listens/1.jsonl", "w") as file,
    ):
        for number in range(rows):
            title, artist, album = names(number)
            song = int(title.removeprefix("Song "))
            known = {"isrc": f"USRC1{song:07}", "spotify_id": f"https://open.spotify.com/track/{song:022}"}
            told = {
                **LISTEN["track_metadata"],
                "additional_info": LISTEN["track_metadata"]["additional_info"] | known,
                "track_name": title,
                "artist_name": artist,
                "release_name": album,
                "mbid_mapping": None,
            }
            row = {"inserted_at": 1, "listened_at": int(moment(number).timestamp()), "track_metadata": told}
            file.write(f"{json.dumps(row)}\n".encode())


def lastfm(path, rows):
    with path.open("w") as file:
        file.write("[")
        for page in range(0, rows, 200):
            tracks = []
            for number in range(page, min(page + 200, rows)):
                title, artist, album = names(number)
                tracks.append({
                    "artist": {"mbid": "", "#text": artist}, "album": {"mbid": "", "#text": album}, "name": title, "mbid": "",
                    "streamable": "0", "image": [{"size": "small", "#text": "https://x"}], "date": {"uts": str(int(moment(number).timestamp()))},
                })  # fmt: skip
            file.write(("," if page else "") + json.dumps({"track": tracks, "@attr": {"page": str(page)}}))
        file.write("]")


def maloja(path, rows):
    with path.open("w") as file:
        file.write('{"maloja": {"export_time": 1}, "scrobbles": [')
        for number in range(rows):
            title, artist, album = names(number)
            track = {
                "artists": [artist],
                "title": title,
                "length": 200,
                "album": {"albumtitle": album, "artists": [artist]},
            }
            row = {"time": int(moment(number).timestamp()), "duration": 180, "origin": "x", "track": track}
            file.write(("," if number else "") + json.dumps(row))
        file.write("]}")


def rockbox(path, rows):
    with path.open("w") as file:
        file.write("#AUDIOSCROBBLER/1.1\n#TZ/UTC\n")
        for number in range(rows):
            title, artist, album = names(number)
            file.write(f"{artist}\t{album}\t{title}\t1\t200\tL\t{int(moment(number).timestamp())}\t\n")


WRITERS = {writer.__name__: writer for writer in (spotify, listenbrainz, lastfm, maloja, rockbox)}


def told(program, path, **environment):
    run = subprocess.run(
        [sys.executable, "-c", PEAK + program, str(path)], check=True, capture_output=True, text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "discovery.settings"} | environment,
    )  # fmt: skip
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("name", WRITERS)
def test_a_long_history_is_read_in_constant_memory(name, tmp_path):
    figures = {}
    for rows in (FEW, ROWS):
        WRITERS[name](path := tmp_path / str(rows), rows)
        figures[rows] = told(READ, path)
        assert figures[rows]["rows"] == rows
    few, many = figures[FEW], figures[ROWS]
    each = many["cpu"] / ROWS
    print(
        f"{name}: {ROWS} rows of {path.stat().st_size >> 20} MiB, {each * 1e6:.1f} µs a row, "
        f"peak {few['peak'] >> 10} MiB at {FEW} rows and {many['peak'] >> 10} MiB"
    )
    assert many["peak"] - few["peak"] <= LARGEST_GROWTH
    assert each <= LONGEST_ROW


@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("name", WRITERS)
def test_a_long_history_is_stored_in_constant_memory(name, transactional_db, tmp_path):
    factories.sharer("ada")
    place = {"DATABASE_URL": database_url(), "EARSHOT_HOME": str(tmp_path)}
    figures = {}
    for rows in (FEW, ROWS):  # the second one begins as the first did
        WRITERS[name](path := tmp_path / str(rows), rows)
        figures[rows] = told(IMPORT, path, **place)
        assert (figures[rows]["rows"], figures[rows]["state"]) == (rows, "DONE")
    few, many = figures[FEW], figures[ROWS]
    print(
        f"{name}, stored: {few['rows'] / few['cpu']:.0f} and {many['rows'] / many['cpu']:.0f} rows a CPU second (without the "
        f"database's own), peak {few['peak'] >> 10} and {many['peak'] >> 10} MiB"
    )
    assert Listen.objects.count() == ROWS
    assert told(IMPORT, path, **place)["stored"] == 0, "a second time there is nothing new"
    for history in History.objects.order_by("-pk"):
        call_command("undo_import", str(history.pk))
    assert not Listen.reports.exists()
    assert many["peak"] - few["peak"] <= LARGEST_GROWTH
    assert many["rows"] / many["cpu"] >= FEWEST_ROWS
