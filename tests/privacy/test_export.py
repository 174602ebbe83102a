"""What is kept about a person goes into one file, nothing of others does, and it can be put back."""

import hashlib
import json
import os
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts import policies
from accounts.models import ConsentEvent, Purpose, User
from accounts.services.audit import ledger_verify
from accounts.services.consent import consent_set
from accounts.services.friendship import friendship_end
from discovery.models import DataExport
from discovery.platform.errors import ImportFailed
from discovery.privacy.export import data_export_build, data_export_request, exports_waiting
from discovery.privacy.export_end import exports_expire
from discovery.privacy.export_files import WRITTEN
from discovery.privacy.restore import export_restore
from discovery.privacy.stores import STORES, WITHHELD
from discovery.segments.kinds import SegmentKind
from discovery.segments.services import segment_refuse
from graph.models import Artist, ArtistPlayCount, Feedback, FeedbackKind, Playlist, PlaylistEntry, Tag, Track
from graph.services.exclusions import taste_exclusion_set
from graph.services.sharing import item_recommend
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def export_dir(tmp_path, settings):
    settings.EXPORT_DIR = tmp_path / "exports"
    return settings.EXPORT_DIR


@pytest.fixture
def ada(world):
    """Ada of the triangle, with something in every store."""
    ada, favorite = world.ada, world.favorites["ada"]
    for purpose in (Purpose.RECORD, Purpose.EXPERIMENT):
        consent_set(user=ada, purpose=purpose, granted=True)
    consent_set(user=ada, purpose=Purpose.FEEDBACK, granted=False)
    ArtistPlayCount.objects.create(user=ada, artist=favorite.artist, count=4, source="lastfm")
    Feedback.objects.create(user=ada, track=favorite, kind=FeedbackKind.LIKE, given_at=factories.NOON)
    Feedback.objects.create(
        user=ada, artist=factories.artist("Ünïcode 🎷"), kind=FeedbackKind.HIDE, given_at=factories.NOON
    )
    factories.tag("mine", favorite, by=ada)
    mine = Playlist.objects.create(owner=ada, title="Mine", description="of my own")
    for position, track in enumerate([favorite, world.common, favorite]):
        PlaylistEntry.objects.create(playlist=mine, track=track, position=position, added_by=ada)
    taste_exclusion_set(user=ada, thing=world.common, excluded=True)
    taste_exclusion_set(user=ada, thing=mine, excluded=True)
    segment_refuse(user=ada, kind=SegmentKind.EXPLORER, refused=True)
    return ada


def export_of(user):
    export = data_export_build(export_id=str(DataExport.objects.create(user=user).pk))
    with zipfile.ZipFile(export.path) as file:
        return export, {name: file.read(name) for name in file.namelist()}


def test_every_field_with_a_user_key_is_exported_or_justified():
    told = {f"{store.model._meta.label}.{field}" for store in STORES for field in store.fields} | set(
        WITHHELD
    )
    own = {"discovery.DataExport.user", "discovery.Erasure.user"}  # the requests themselves
    lines = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.partition(".")[0] != "tests"
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model is get_user_model()
    }
    assert lines - told - own == set()
    fields = {str(field) for model in apps.get_models() for field in model._meta.concrete_fields}
    assert told - lines - fields == set(), "these are no fields any more"


def test_the_manifest_vouches_for_every_file(ada):
    export, files = export_of(ada)
    manifest = json.loads(files.pop("manifest.json"))
    assert set(manifest["files"]) == set(files)
    assert {f"{store.name}.jsonl" for store in STORES if store.name not in WRITTEN} <= set(files)
    for name, content in files.items():
        assert manifest["files"][name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert export.sha256 == hashlib.sha256(export.path.read_bytes()).hexdigest()


def test_plays_have_the_shape_of_listenbrainz(ada, world):
    _, files = export_of(ada)
    plays = [json.loads(line) for line in files["listens/2026/1.jsonl"].splitlines()]
    assert len(plays) == 7
    assert plays[0]["listened_at"] == int(factories.NOON.timestamp())
    assert {play["track_metadata"]["track_name"] for play in plays} == {"Ada's Favorite", "Common Ground"}


def test_nothing_of_others_stands_in_it(ada, world):
    User.objects.filter(pk=world.ben.pk).update(email="ben@secret.example", external_id="ben-secret")
    factories.blocked(world.cleo, ada)
    stranger = factories.sharer("zachary_the_stranger")
    factories.blocked(stranger, ada)
    everything = b"".join(export_of(ada)[1].values()).decode()
    world.ben.refresh_from_db()
    for secret in (
        world.ben.email,
        world.ben.external_id,
        str(world.ben.pseudonym),
        "zachary",
        "cleo",
        "Cleo",
    ):
        assert secret not in everything.replace("Cleo's Favorite", ""), secret


def test_the_file_is_for_its_owner_for_a_while(ada, world):
    asked = App(ada).data("mutation { requestDataExport { ... on DataExport { id state url } } }")[
        "requestDataExport"
    ]
    assert (asked["state"], asked["url"]) == ("REQUESTED", None)
    (waiting,) = exports_waiting()
    data_export_build(export_id=waiting)
    app = App(ada)
    (mine,) = app.data("{ viewer { dataExports { url state size } } }")["viewer"]["dataExports"]
    path = mine["url"].removeprefix("http://testserver")
    response = app.client.get(path, headers=app.headers)
    assert len(b"".join(response.streaming_content)) == mine["size"]
    other = App(world.ben)
    assert other.client.get(path, headers=other.headers).status_code == 404
    assert other.client.get(path).status_code == 401
    assert app.client.get(path[:-2], headers=app.headers).status_code == 404
    DataExport.objects.update(expires_at=timezone.now())
    assert app.client.get(path, headers=app.headers).status_code == 404


def test_asking_twice_is_asking_once_and_building_twice_is_building_once(ada):
    first, second = data_export_request(user=ada), data_export_request(user=ada)
    assert first == second
    assert data_export_build(export_id=str(first.pk)) is not None
    assert data_export_build(export_id=str(first.pk)) is None
    assert data_export_build(export_id=str(uuid.uuid4())) is None


def test_a_failed_run_leaves_no_file_and_a_later_one_completes(ada, export_dir, monkeypatch):
    asked = data_export_request(user=ada)
    with monkeypatch.context() as patch:
        patch.setattr("discovery.privacy.export_files._index", _raise)
        with pytest.raises(RuntimeError):
            data_export_build(export_id=str(asked.pk))
    assert list(export_dir.iterdir()) == []
    assert exports_waiting() == [str(asked.pk)]
    assert data_export_build(export_id=str(asked.pk)).path.exists()


def _raise(*_):
    raise RuntimeError("killed")


def test_files_go_when_their_time_is_over(ada, export_dir):
    export, _ = export_of(ada)
    assert exports_expire() == 0
    DataExport.objects.update(expires_at=timezone.now())
    stray = export_dir / f"{uuid.uuid4()}.zip"
    stray.touch()
    old = (timezone.now() - timedelta(hours=1)).timestamp()
    for path in (stray, export.path):
        os.utime(path, (old, old))
    assert exports_expire() == 2
    assert list(export_dir.iterdir()) == []


RESTORED = (
    "profile.json", "consent/ledger.jsonl", "listens/2026/1.jsonl", "play_counts.jsonl", "feedback.jsonl", "tags.jsonl",
    "playlists/0001.jspf", "exclusions.jsonl", "segment_refusals.jsonl",
)  # fmt: skip
NOT_ITS_OWN = {"recorded_at", "added_at", "excluded_at"}  # when a row was written here


def comparable(content):
    """Each line or document without the times at which its row was written."""
    rows = content.splitlines() if content.startswith(b'{"') else [content]
    return [
        json.loads(row, object_pairs_hook=lambda pairs: {k: v for k, v in pairs if k not in NOT_ITS_OWN})
        for row in rows
    ]


@pytest.fixture
def empty_instance():
    """Makes this one as if nobody had ever been here."""

    def empty():
        User.objects.all().delete()
        Artist.objects.all().delete()
        Tag.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # past its triggers
            cursor.execute("TRUNCATE accounts_consentevent")
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")

    return empty


def test_a_round_trip_into_an_empty_instance_restores_it(ada, empty_instance):
    export, before = export_of(ada)
    path = export.path.rename(export.path.with_name("mine.zip"))
    empty_instance()
    restored, stored = export_restore(path)
    _, after = export_of(restored)
    for name in RESTORED:
        assert comparable(after[name]) == comparable(before[name]), name
    assert stored["plays"] == 7
    assert list(ledger_verify()) == []
    assert policies.permits(restored, Purpose.EXPERIMENT)


def test_without_record_plays_and_counts_stay_behind(ada, empty_instance, capsys):
    consent_set(user=ada, purpose=Purpose.RECORD, granted=False)
    export, before = export_of(ada)
    path = export.path.rename(export.path.with_name("mine.zip"))
    assert before["listens/2026/1.jsonl"].count(b"\n") == 7
    empty_instance()
    call_command("import_own_export", str(path))
    restored = User.objects.get(username="ada")
    assert not restored.listens.exists()
    assert not restored.artist_play_counts.exists()
    assert restored.feedback.count() == 2  # put down by the person
    assert "RECORD) is not granted" in capsys.readouterr().out


def test_who_is_here_is_not_imported_over(ada):
    export, _ = export_of(ada)
    with pytest.raises(ImportFailed, match="is here already"):
        export_restore(export.path)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("consent/ledger.jsonl", b"GRANTED", b"DENIED!", "ledger in this export was altered"),
        ("listens/2026/1.jsonl", b"Common", b"Uncommon", "was changed after the export"),
    ],
)
def test_an_export_that_was_altered_stores_nothing(ada, empty_instance, name, old, new, message):
    export, _ = export_of(ada)
    path = altered(export.path, name, old, new, vouched="ledger" in name)
    empty_instance()
    with pytest.raises(ImportFailed, match=message):
        export_restore(path)
    assert (User.objects.count(), ConsentEvent.objects.count(), Track.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("content", [b"", b"PK nonsense"])
def test_what_is_no_export_is_refused(tmp_path, content):
    path = tmp_path / "export.zip"
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match="is no complete export"):
        export_restore(path)


def altered(path, name, old, new, *, vouched):
    """The export with ``old`` replaced in one file; ``vouched``: and a manifest that says it is so."""
    target = path.with_name("altered.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as out:
        manifest = json.loads(source.read("manifest.json"))
        for file, facts in manifest["files"].items():
            content = source.read(file)
            content = content.replace(old, new) if file == name else content
            if vouched:
                facts["sha256"] = hashlib.sha256(content).hexdigest()
            out.writestr(file, content)
        out.writestr("manifest.json", json.dumps(manifest))
    return target


def test_what_was_said_by_hand_names_nobody_once_the_friendship_is_over(db):
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    item_recommend(sender=ben, recipient=ada, item=factories.track("Rain"), note="a secret note")
    assert b"a secret note" in export_of(ada)[1]["recommended.jsonl"]
    friendship_end(user=ben, other=ada)
    lines = export_of(ada)[1]["recommended.jsonl"]
    assert b"Rain" in lines
    assert b"secret" not in lines
    assert b"ben" not in lines
