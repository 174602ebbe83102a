"""Erasure: frozen at once, resumable at each step, and nobody comes back."""

import hashlib
import json
import re
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import override_settings

from accounts.models import ConsentEvent, Purpose, User
from accounts.services.audit import ledger_verify
from accounts.services.consent import consent_set
from accounts.signatures import public_key_text, verify
from discovery.models import Erasure
from discovery.platform.errors import ImportFailed, InvalidInput
from discovery.privacy import erasure as machine
from discovery.privacy.erasure import erasure_advance, erasure_request, erasures_open
from discovery.privacy.export import data_export_build, data_export_request
from discovery.privacy.restore import export_restore
from discovery.recommend import feed
from graph import snapshot
from graph.importers.lastfm_people import listeners_get_or_create
from graph.models import ArtistPlayCount, Feedback, FeedbackKind, ItemKind, Listen, ModelVersion
from graph.serving import active_model, storage
from graph.serving.artifact import MANIFEST
from graph.serving.eligible import contributions_withdrawn
from graph.training.training_edges import EDGES, edges_of_model, edges_of_person, edges_write, root_of_model
from tests import factories
from tests.api.client import App

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folders(tmp_path, settings):
    settings.EXPORT_DIR = tmp_path / "exports"
    settings.ARTIFACT_DIR = tmp_path / "models"
    settings.ARTIFACT_DIR.mkdir()


@pytest.fixture
def ben(world):
    """Somebody who contributed to the model that serves, as the ledger says."""
    User.objects.filter(pk=world.ben.pk).update(external_id="zz-4711", email="ben@example.org")
    world.ben.consents.all().delete()
    for purpose in factories.EVERYTHING:
        consent_set(user=world.ben, purpose=purpose, granted=True)
    return User.objects.get(pk=world.ben.pk)


def published(state=ModelVersion.State.ACTIVE, taken=None):
    """A model trained on what is permitted now (or was ``taken`` earlier), with files that tell of its edges."""
    ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).update(state=ModelVersion.State.RETIRED)
    version = ModelVersion(
        state=state,
        data_hash="d",
        ledger_position=ConsentEvent.objects.latest("pk").pk,
        config={},
        metrics={},
    )
    folder = storage.artifact_directory(version.pk)
    folder.mkdir()
    manifest = json.dumps({"training_edges": edges_write(taken or snapshot.take(), folder)})
    (folder / MANIFEST).write_text(manifest)
    version.manifest_hash = hashlib.sha256(manifest.encode()).hexdigest()
    version.save(force_insert=True)
    return version


def test_it_takes_ones_own_handle(ben):
    for wrong in ("", "BEN", "yes"):
        with pytest.raises(InvalidInput):
            erasure_request(user=ben, confirm=wrong)
    assert User.objects.get(pk=ben.pk).is_active
    assert Erasure.objects.count() == 0


def test_it_acts_on_the_next_request(ben, world):
    app = App(ben)
    shown = app.data('mutation { requestErasure(confirm: "ben") { ... on Erasure { state url } } }')
    assert shown["requestErasure"]["state"] == "FROZEN"
    assert app.post({"query": "{ viewer { id } }"}).status_code == 401
    answer = feed.from_friends(world.ada, ItemKind.TRACK).answer
    assert [explanation.item for explanation in answer.items] == [world.favorites["cleo"]]
    path = shown["requestErasure"]["url"].removeprefix("http://testserver")
    assert app.client.get(path).json() == {
        "id": path.rsplit("/", 1)[1], "state": "FROZEN", "receipt": None,
    }  # fmt: skip


def test_the_other_two_are_left_as_they_were(ben, world):
    plays = Listen.objects.exclude(user=ben).count()
    erasure_advance(erasure_id=str(erasure_request(user=ben, confirm="ben").pk))
    assert Listen.objects.count() == plays
    assert set(User.objects.values_list("username", flat=True)) == {"ada", "cleo"}
    assert [
        problem for problem in ledger_verify() if "projection" not in problem
    ] == []  # theirs was made without one


def test_it_waits_for_a_model_without_the_person_and_ends_in_a_signed_receipt(ben):
    older = published()
    key = str(erasure_request(user=ben, confirm="ben").pk)
    assert erasure_advance(erasure_id=key).state == Erasure.State.PURGED
    assert erasures_open() == [key]
    assert contributions_withdrawn(after=older.ledger_position), "a training follows by itself"
    clean = published()
    closed = erasure_advance(erasure_id=key)
    assert closed.state == Erasure.State.CLOSED
    assert erasures_open() == []
    assert closed.receipt["cleanModel"] == {
        "id": str(clean.pk), "manifestHash": clean.manifest_hash, "ledgerPosition": clean.ledger_position,
        "trainingRoot": root_of_model(clean),
        # Ben's: 2 tracks, their 2 artists, 2 friends from either side. The model's: as many of Ada's and Cleo's, and either's friendship.
        "trainingEdges": {"ofPerson": 8, "ofModel": 4 + 4 + 2, "inBoth": 0},
    }  # fmt: skip
    assert bytes(closed.edges) == b""
    assert closed.receipt["deleted"]["graph.Listen.user"] == 7
    verify(closed.receipt, public_key_text(django_settings.SIGNING_KEY))
    assert not storage.artifact_directory(older.pk).exists()
    assert storage.artifact_directory(clean.pk).exists()


def test_every_edge_that_could_be_learned_from_somebody_is_known_as_theirs(ben, world):
    ArtistPlayCount.objects.create(user=ben, artist=factories.artist(), count=3, source="import")
    for item in ({"track": factories.track()}, {"artist": factories.artist()}):
        Feedback.objects.create(user=ben, kind=FeedbackKind.LIKE, given_at=factories.NOON, **item)
        factories.tag("mine", next(iter(item.values())), by=ben)
    published()
    learned = edges_of_model(published())
    consent_set(user=ben, purpose=Purpose.CONTRIBUTE, granted=False)
    without = edges_of_model(published())
    assert set(learned.tolist()) - set(without.tolist()) == set(edges_of_person(ben).tolist())
    assert set(without.tolist()) & set(edges_of_person(ben).tolist()) == set()


@pytest.mark.parametrize("fault", ["learned from them", "does not say", "another key", "altered"])
def test_no_model_is_clean_that_learned_from_the_person_or_does_not_say(ben, fault, caplog):
    published()
    with_ben = snapshot.take()
    key = str(erasure_request(user=ben, confirm="ben").pk)
    assert erasure_advance(erasure_id=key).state == Erasure.State.PURGED
    model = published(taken=with_ben if fault == "learned from them" else None)
    edges = storage.artifact_directory(model.pk) / EDGES
    if fault == "does not say":
        edges.unlink()
    elif fault == "altered":
        edges.write_bytes(edges.read_bytes()[:-8] + bytes(8))
    with override_settings(SIGNING_KEY="ab" * 32 if fault == "another key" else django_settings.SIGNING_KEY):
        assert erasure_advance(erasure_id=key).state == Erasure.State.PURGED
    expected = (
        "trained on 8 edges of theirs"
        if fault == "learned from them"
        else "waits for a model that says what it learned from"
    )
    assert expected in caplog.text
    published()
    assert erasure_advance(erasure_id=key).receipt["cleanModel"]["trainingEdges"]["inBoth"] == 0


@pytest.mark.parametrize("why", ["refused", "a day"])
def test_where_no_clean_model_comes_the_old_one_serves_no_longer(ben, why, monkeypatch):
    older = published()
    key = str(erasure_request(user=ben, confirm="ben").pk)
    for _ in range(machine.REFUSALS - 1):
        published(ModelVersion.State.REJECTED)
    ModelVersion.objects.filter(pk=older.pk).update(state=ModelVersion.State.ACTIVE)
    assert erasure_advance(erasure_id=key).state == Erasure.State.PURGED, "it may still come"
    assert active_model.active_version() == older
    if why == "refused":
        published(ModelVersion.State.REJECTED)
        ModelVersion.objects.filter(pk=older.pk).update(state=ModelVersion.State.ACTIVE)
    else:
        monkeypatch.setattr(machine, "LONGEST_WAIT", timedelta(0))
    closed = erasure_advance(erasure_id=key)
    assert closed.state == Erasure.State.CLOSED
    assert closed.receipt["cleanModel"] == {"id": None, "retired": str(older.pk)}
    verify(closed.receipt, public_key_text(django_settings.SIGNING_KEY))
    assert active_model.active_version() is None
    assert not storage.artifact_directory(older.pk).exists()


def test_who_never_contributed_waits_for_no_model(world):
    published_before = ModelVersion.objects.count()
    dora = factories.listener("dora")
    closed = erasure_advance(erasure_id=str(erasure_request(user=dora, confirm="dora").pk))
    assert closed.state == Erasure.State.CLOSED
    assert closed.receipt["cleanModel"] is None
    assert ModelVersion.objects.count() == published_before


def test_nothing_of_the_person_is_left_in_any_table_or_folder(ben, world, settings):
    app = App(ben)
    app.client.force_login(ben)
    feed.from_friends(world.ada, ItemKind.TRACK)
    data_export_build(export_id=str(data_export_request(user=ben).pk))
    published()
    key = str(erasure_request(user=ben, confirm="ben").pk)
    erasure_advance(erasure_id=key)
    published()
    erasure_advance(erasure_id=key)
    word = re.compile(r"\bben\b|zz-4711|ben@example", re.IGNORECASE)
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values():
            text = " ".join(str(value) for value in row.values())
            assert not word.search(re.sub("ben's favorite", "", text, flags=re.IGNORECASE)), model
    assert Session.objects.count() == 0
    assert list(settings.EXPORT_DIR.iterdir()) == []


def test_no_import_brings_the_person_back(ben, tmp_path):
    export = data_export_build(export_id=str(data_export_request(user=ben).pk))
    copy = tmp_path / "mine.zip"
    copy.write_bytes(export.path.read_bytes())
    erasure_advance(erasure_id=str(erasure_request(user=ben, confirm="ben").pk))
    assert listeners_get_or_create(external_ids={"zz-4711", "4712"})[0].keys() == {"4712"}
    with pytest.raises(ImportFailed, match="was erased here"):
        export_restore(copy)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("step", [state for state in Erasure.State if state != Erasure.State.CLOSED])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_step_it_resumes_and_ends_in_the_same_receipt(ben, monkeypatch, step, moment):
    published()
    whole = {**machine.STEPS, Erasure.State.REQUESTED: machine._freeze}

    def killed(erasure):
        if moment == "after":
            whole[step](erasure)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setitem(machine.STEPS, step, killed)
        if step == Erasure.State.REQUESTED:
            patch.setattr(machine, "_freeze", killed)
        with pytest.raises(KilledError):  # noqa: PT012  wherever it is killed
            erasure_advance(erasure_id=str(erasure_request(user=ben, confirm="ben").pk))
            published()
            erasure_advance(erasure_id=erasures_open()[0])
    key = str(erasure_request(user=User.objects.get(pk=ben.pk), confirm="ben").pk) if step in {
        Erasure.State.REQUESTED, Erasure.State.FROZEN} else erasures_open()[0]  # fmt: skip
    erasure_advance(erasure_id=key)
    published()
    closed = erasure_advance(erasure_id=key)
    assert closed.state == Erasure.State.CLOSED
    assert closed.receipt["deleted"]["graph.Listen.user"] == 7
    assert closed.receipt["cleanModel"] is not None
    assert erasure_advance(erasure_id=key).receipt == closed.receipt
    assert not User.objects.filter(username="ben").exists()


def test_an_unknown_erasure_is_not_found(client):
    assert client.get(f"/privacy/erasures/{uuid.uuid4()}").status_code == 404
    assert erasure_advance(erasure_id=str(uuid.uuid4())) is None


def test_a_consent_given_before_is_no_way_back(ben):
    erasure_request(user=ben, confirm="ben")
    assert not ben.consents.filter(state="GRANTED").exists()
    assert ConsentEvent.objects.filter(subject=ben.pseudonym).latest("pk").new_state != "GRANTED"
    assert Purpose.CONTRIBUTE in ConsentEvent.objects.filter(channel="erasure").values_list(
        "purpose", flat=True
    )
