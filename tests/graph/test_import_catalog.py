"""MusicBrainz's dumps: what the catalog says goes before what plays say, and of a large one only what is named is taken."""

import gzip
import io
import json
import lzma
import tarfile

import pytest
from django.core.management import CommandError, call_command

from discovery.platform.errors import ImportFailed
from graph.importers import musicbrainz
from graph.importers.musicbrainz import catalog_import
from graph.ingest.catalog import namings_sweep
from graph.ingest.incoming import IncomingPlay
from graph.ingest.record import plays_ingest
from graph.models import Artist, ArtistName, Listen, Naming, Standing, Track
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

VALE, PLUM, BELL = (f"{number}{number}{number}{number}3471-7e6a-48da-86a9-c1c07a0f47ae" for number in "123")
EMBER, DAWN, DUSK = (f"{number}{number}{number}{number}c1c0-7e6a-48da-86a9-c1c07a0f47ae" for number in "456")


def artist(mbid, name, *aliases):
    return {
        "id": mbid, "name": name, "sort-name": name, "type": "Person",
        "aliases": [{"name": alias, "sort-name": alias} for alias in aliases],
    }  # fmt: skip


def recording(mbid, title, *credit, isrcs=(), length=201_000):
    joins = [*[" feat. "] * (len(credit) - 1), ""][: len(credit)]
    return {
        "id": mbid, "title": title, "length": length, "isrcs": list(isrcs),
        "artist-credit": [
            {"name": name, "joinphrase": join, "artist": {"id": key, "name": name, "sort-name": name}}
            for (key, name), join in zip(credit, joins, strict=True)
        ],
    }  # fmt: skip


ARTISTS = [
    artist(VALE, "Nadir Vale", "Vale, Nadir", "Надир"),
    artist(PLUM, "Otto Plum"),
    artist(BELL, "Foggy Bell"),
]
RECORDINGS = [
    recording(
        EMBER, "Ember", (VALE, "Nadir Vale"), (PLUM, "Otto Plum"), isrcs=["GBAYE0000351", "USRC17607839"]
    ),
    recording(DAWN, "Dawn", (VALE, "Nadir Vale"), length=None),
    recording(DUSK, "Dusk", (BELL, "Foggy Bell")),
]


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def plain(path, rows):
    path.write_bytes(lines(rows))


def packed(path, rows):
    path.write_bytes(lzma.compress(lines(rows)))


def zipped(path, rows):
    path.write_bytes(gzip.compress(lines(rows)))


def archived(path, rows):
    with tarfile.open(path, "w:xz") as archive:
        for name, content in (("COPYING", b"by nobody\n"), ("mbdump/recording", lines(rows))):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture
def dump(tmp_path):
    def made(rows, write=plain, name="dump"):
        path = tmp_path / name
        write(path, rows)
        return path

    return made


@pytest.fixture
def tell():
    ada, told = factories.sharer("ada"), []

    def play(title="Ember", artist="Nadir Vale", **words):
        told.append(title)
        moment = factories.NOON + len(told) * factories.timedelta(minutes=10)
        plays_ingest(
            user=ada,
            plays=[IncomingPlay(source="app", listened_at=moment, title=title, artist=artist, **words)],
        )
        return Listen.objects.select_related("track__artist").get(listened_at=moment).track

    return play


def counts(report):
    (file,) = report.files
    return file.read, file.stored, dict(file.skipped)


def rows():
    return [sorted(model.objects.values_list(*columns)) for model, *columns in (
        (Artist, "name", "mbid", "standing"), (ArtistName, "name", "mbid", "listed", "artist__name"),
        (Track, "title", "mbid", "isrc", "duration_ms", "artist__name"),
    )]  # fmt: skip


@pytest.mark.parametrize("write", [plain, packed, zipped, archived])
def test_everything_once_however_it_is_packed(dump, write, monkeypatch):
    monkeypatch.setattr(musicbrainz, "BATCH", 2)
    path = dump([*ARTISTS, *RECORDINGS], write)
    assert counts(catalog_import(path=path, everything=True)) == (6, 6, {})
    ember = Track.objects.get(mbid=EMBER)
    assert (ember.title, ember.isrc, ember.duration_ms, ember.standing) == (
        "Ember",
        "GBAYE0000351",
        201_000,
        Standing.CATALOG,
    )
    assert (ember.artist.name, [guest.artist.name for guest in ember.guests.all()]) == (
        "Nadir Vale",
        ["Otto Plum"],
    )
    before = rows()
    assert counts(catalog_import(path=path, everything=True)) == (6, 0, {"already stored": 6})
    assert rows() == before
    catalog_import(path=dump([artist(VALE, "Nadir Vålé")]), everything=True)  # a later dump
    assert Artist.objects.get(mbid=VALE).name == "Nadir Vålé"


def test_of_a_large_one_what_plays_name(dump, tell):
    path = dump([*ARTISTS, *RECORDINGS])
    assert counts(catalog_import(path=path)) == (6, 0, {"no play names it": 6})
    brought = tell("ember", "NADIR VALE")
    tell("Any", "надир")
    assert counts(catalog_import(path=path)) == (6, 2, {"no play names it": 4})
    ember = tell("Ember", "Nadir Vale", duration_ms=5)
    assert (ember.title, ember.mbid, ember.duration_ms, ember.artist.name) == (
        "Ember",
        EMBER,
        201_000,
        "Nadir Vale",
    )
    assert not Track.objects.filter(pk=brought.pk).exists()  # its plays are the operator's track's now
    assert Listen.objects.filter(track=ember).count() == 2
    assert [guest.artist.name for guest in ember.guests.all()] == ["Otto Plum"]
    assert tell("Any", "Надир").artist.mbid == VALE


@pytest.mark.parametrize("first", ["plays", "dump"])
@pytest.mark.parametrize(
    "words",
    [
        {"title": "Embr", "artist": "N. V.", "mbid": EMBER}, {"title": "Embr", "artist": "N. V.", "isrc": "GBAYE0000351"},
        {"title": "Ember", "artist": "Vale, Nadir"}, {"title": "EMBER (feat. Otto Plum)"}, {"artist": "Nadir Vale feat. Otto Plum"},
    ],
    ids=str,
)  # fmt: skip
def test_plays_mean_it_in_either_order(dump, tell, first, words):
    path = dump([*ARTISTS, *RECORDINGS])
    if first == "dump":
        catalog_import(path=path, everything=True)
    tell(**words)
    if first == "plays":
        catalog_import(path=path, everything=True)
    track = tell(**words)
    assert (track.mbid, track.title, track.artist.name) == (EMBER, "Ember", "Nadir Vale")
    assert Listen.objects.filter(track=track).count() == 2
    Listen.reports.all().delete()
    namings_sweep(list(Naming.objects.values_list("pk", flat=True)))
    assert ArtistName.objects.filter(name="Vale, Nadir", listed=True).exists()  # no play's, and so it stays


def test_the_recordings_may_come_before_what_their_artists_are_called(dump, tell):
    catalog_import(path=dump(RECORDINGS), everything=True)
    assert tell("Ember", "Vale, Nadir").mbid == ""
    catalog_import(path=dump(ARTISTS), everything=True)
    assert tell("Ember", "Vale, Nadir").mbid == EMBER
    assert Listen.objects.filter(track__mbid=EMBER).count() == 2


def test_a_name_of_two_is_of_neither(dump, tell):
    catalog_import(
        path=dump([artist(VALE, "Nadir Vale", "NV"), artist(PLUM, "Otto Plum", "NV")]), everything=True
    )
    assert tell("Ember", "NV").artist.mbid == ""
    assert tell("Dawn", "Otto Plum").artist.mbid == PLUM


def test_what_is_broken_costs_itself(dump):
    bad = [
        {"id": "x", "name": "A", "sort-name": "A"}, {"id": VALE, "name": "", "sort-name": ""}, {"id": EMBER, "title": "Label only"},
        recording(DUSK, "Dusk"), {"id": DUSK, "title": "D", "artist-credit": [None, 5, {"name": "x"}]}, {"id": PLUM, "name": "P", "sort-name": 5, "aliases": [None, {"name": 4}]},
    ]  # fmt: skip
    path = dump(bad)
    path.write_bytes(path.read_bytes() + b"[]\nno json\n\n" + lines(ARTISTS[:1]))
    read, stored, skipped = counts(catalog_import(path=path, everything=True))
    assert (read, stored) == (9, 2)
    assert sum(skipped.values()) == 7
    assert skipped["no JSON object"] == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("aliases", 5), ("aliases", {"name": "x"}), ("isrcs", 5), ("isrcs", "GBAYE0000351"), ("artist-credit", 5),
     ("artist-credit", True), ("artist-credit", {"name": "x"})],
    ids=str,
)  # fmt: skip
def test_a_list_that_is_none_costs_its_row(dump, name, value):
    rows = {"aliases": ARTISTS, "isrcs": RECORDINGS, "artist-credit": RECORDINGS}[name]
    read, stored, skipped = counts(
        catalog_import(path=dump([rows[0] | {name: value}, *rows[1:]]), everything=True)
    )
    assert (read, stored, sum(skipped.values())) == (len(rows), len(rows) - 1, 1)


def test_the_command_says_what_became_of_it(dump, capsys, tmp_path):
    call_command("import_catalog", str(dump(ARTISTS)), "--all")
    assert "3 rows read, 3 stored, 0 skipped" in capsys.readouterr().out
    cut = dump(RECORDINGS, packed, "cut")
    cut.write_bytes(cut.read_bytes()[:-40])
    for wrong in (cut, tmp_path / "nothing"):
        with pytest.raises(CommandError):
            call_command("import_catalog", str(wrong))
    with pytest.raises(ImportFailed):
        catalog_import(path=tmp_path)
