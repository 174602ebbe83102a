"""A damaged model: the previous one serves where it may, the log says why, and one training follows."""

import hashlib
import json
import logging
import threading
import uuid

import boto3
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem
from safetensors.numpy import load, save

from accounts.models import User
from discovery.platform.errors import ModelUnavailable
from graph.models import Deletion, ModelVersion
from graph.serving import active_model, standby, storage
from graph.serving.artifact import MANIFEST, TENSORS
from graph.training import run as training
from graph.training.lease import lease_claim
from graph.training.publish import leftovers_sweep
from graph.training.training_edges import EdgesUnknown, edges_of_model
from tests import factories
from tests.graph.small_artifact import write_small_artifact
from tests.graph.training.test_publish import publish, withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(artifact_dir, monkeypatch):
    """Another process begins."""

    def restart():
        monkeypatch.setattr(active_model, "_served", None)
        monkeypatch.setattr(active_model, "_failed", None)

    restart()
    return restart


@pytest.fixture
def choose(client):
    """Choose models in the admin, and an action of theirs; the page that comes of it."""
    client.force_login(factories.listener("staff", is_staff=True, is_superuser=True))

    def act(action, *versions):
        form = {"action": action, "_selected_action": [str(version.pk) for version in versions]}
        return client.post(reverse("admin:graph_modelversion_changelist"), form, follow=True).text

    return act


def bit(folder):
    blob = bytearray((folder / TENSORS).read_bytes())
    blob[-3] ^= 1
    (folder / TENSORS).write_bytes(blob)


def truncated(folder):
    (folder / TENSORS).write_bytes((folder / TENSORS).read_bytes()[:-9])


def missing(folder):
    (folder / TENSORS).unlink()


def all_gone(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def vouched_for(folder, change):
    """A change that the manifest and the row know of, as a faulty training would leave it."""
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    ModelVersion.objects.filter(pk=folder.name).update(manifest_hash=digest)


def no_number(folder):
    def change(manifest):
        arrays = {name: array.copy() for name, array in load((folder / TENSORS).read_bytes()).items()}
        arrays["artist.prior"][1] = np.nan
        (folder / TENSORS).write_bytes(save(arrays))
        manifest["tensors_sha256"] = hashlib.sha256((folder / TENSORS).read_bytes()).hexdigest()

    vouched_for(folder, change)


def another_format(folder):
    vouched_for(folder, lambda manifest: manifest.update(format_version=99))


def another_manifest(folder):
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text() + " ")


DAMAGE = {
    bit: "does not match its manifest's checksum",
    truncated: "does not match its manifest's checksum",
    missing: "No such file",
    all_gone: "No such file",
    no_number: "artist.prior holds what is no number",
    another_format: "not a manifest of the formats (1, 2, 3)",
    another_manifest: "its manifest is not the published one",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_the_previous_model_serves_the_log_says_why_and_one_training_follows(damage, fresh, caplog):
    before, now = publish(prior=1.5), publish(prior=2.5)
    damage(storage.artifact_directory(now.pk))
    with caplog.at_level(logging.WARNING):
        served = active_model.active()
    assert (served.version.pk, served.artifact.index("ARTIST").prior[0]) == (before.pk, 1.5)
    assert f"model {now.pk} is damaged: " in caplog.text
    assert DAMAGE[damage] in caplog.text
    assert f"model {before.pk} serves in place of {now.pk}" in caplog.text
    now.refresh_from_db()
    assert (now.state, DAMAGE[damage] in now.damage) == ("DAMAGED", True)
    fresh()
    assert active_model.active().version.pk == before.pk
    key = training.run_due()
    assert (key, training.run_due()) == (f"damaged:{now.pk}", key)
    publish(lease=lease_claim(key=key, holder="test"))
    assert training.run_due() is None
    assert lease_claim(key=key, holder="another") is None, "once"


def test_the_clock_finds_what_a_process_that_loaded_it_before_does_not():
    before, now = publish(), publish()
    assert active_model.active().version == now
    assert active_model.active_verify() is True
    bit(storage.artifact_directory(now.pk))
    assert active_model.active().version == now, "from memory"
    assert active_model.active_verify() is False
    assert active_model.active().version == before
    assert training.run_due() == f"damaged:{now.pk}"
    assert active_model.active_verify() is True
    bit(storage.artifact_directory(before.pk))
    assert active_model.active_verify() is False, "and there is no other"


def test_one_that_is_no_number_is_not_published():
    served = publish()

    def write(folder):
        write_small_artifact(folder, prior=float("nan"))

    refused = publish(write=write)
    assert (refused.state, active_model.active().version) == ("REJECTED", served)
    assert "artist.prior holds what is no number" in refused.rejected_because


def test_with_no_other_it_is_unavailable_until_its_files_are_back(fresh):
    only = publish()
    path = storage.artifact_directory(only.pk) / TENSORS
    blob = path.read_bytes()
    missing(path.parent)
    with pytest.raises(ModelUnavailable, match=str(only.pk)):
        active_model.active()
    assert training.run_due() == f"damaged:{only.pk}"
    path.write_bytes(blob)
    with pytest.raises(ModelUnavailable):
        active_model.active()  # not with every request
    fresh()
    assert active_model.active().version == only
    assert training.run_due() is None


def test_a_folder_that_is_away_or_closed_damages_nothing(artifact_dir, fresh):
    before, now = publish(), publish()
    artifact_dir.rename(artifact_dir.with_name("away"))
    with pytest.raises(ModelUnavailable):
        active_model.active()
    now.refresh_from_db()
    assert (now.state, now.damaged_at, training.run_due()) == ("ACTIVE", None, None)
    artifact_dir.with_name("away").rename(artifact_dir)
    fresh()
    assert active_model.active().version == now != before


def erased(position):
    withdraw(position)  # of somebody without an account here


def withdrawn(position):
    event = withdraw(position)
    User.objects.create(username="somebody", pseudonym=event.subject)


def deleted(position):
    Deletion.objects.create(pk=position, subject=uuid.uuid4(), rows=1)


REFUSED = [
    (erased, 3, "MODEL_SAW_ERASED"),  # none is without them yet
    (erased, 2, "MODEL_SAW_ERASED"),
    (withdrawn, 2, "MODEL_SAW_WITHDRAWN"),
    (deleted, 2, "MODEL_SAW_WITHDRAWN"),
    (withdrawn, 3, None),  # the damaged one learned from them too
    (withdrawn, 1, None),
    (deleted, 3, None),
]


@pytest.mark.parametrize(("gone", "position", "code"), REFUSED)
def test_nobody_comes_back_whom_a_later_model_has_let_go(gone, position, code, fresh, choose):
    before = publish(position=1, deletions=1)
    gone(position)
    now = publish(position=2, deletions=2)
    if code is None:
        call_command("rollback_model")
        assert active_model.active().version == before
        call_command("promote_model", str(now.pk))
    else:
        for command in (
            ["rollback_model"],
            ["rollback_model", str(before.pk)],
            ["promote_model", str(before.pk)],
        ):
            with pytest.raises(CommandError, match=code):
                call_command(*command)
        for action in ("promote", "roll_back"):
            assert f"{code}: " in choose(action, before)
        assert active_model.active_version() == now
    bit(storage.artifact_directory(now.pk))
    fresh()
    if code is None:
        assert active_model.active().version == before
    else:
        with pytest.raises(ModelUnavailable):
            active_model.active()
        assert not ModelVersion.objects.filter(pk=before.pk, state="ACTIVE").exists()


def test_what_cannot_be_promoted_is_refused_with_a_code(capsys):
    call_command("promote_model", "--list")
    told = capsys.readouterr()
    assert (told.out, "train_recommender" in told.err) == ("", True)  # a script that reads ids reads none
    refused = publish(ndcg=0.01)
    first, second = publish(), publish()
    call_command("promote_model", "--list")
    listed = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    states = {second: "ACTIVE", first: "RETIRED", refused: "REJECTED"}
    assert listed == [[str(version.pk), state] for version, state in states.items()]
    bit(storage.artifact_directory(first.pk))
    for command, code in (
        (["promote_model", str(second.pk)], "MODEL_SERVES"),
        (["promote_model", str(refused.pk)], "MODEL_REJECTED"),
        (["promote_model", str(uuid.uuid4())], "NOT_FOUND"),
        (["promote_model", str(first.pk), "--share", "0.1"], "A share is a canary's"),
        (["promote_model", str(first.pk)], "MODEL_DAMAGED"),
        (["rollback_model"], "MODEL_DAMAGED"),
    ):
        with pytest.raises(CommandError, match=f"^{code}: "):
            call_command(*command)
        assert active_model.active_version() == second
    bit(storage.artifact_directory(first.pk))
    call_command("rollback_model")
    with pytest.raises(CommandError, match=r"^NOT_FOUND: "):
        call_command("rollback_model")
    with pytest.raises(CommandError, match=r"^MODEL_LATER: "):
        call_command("rollback_model", str(second.pk))
    assert active_model.active_version() == first


@pytest.mark.parametrize("action", ["promote", "roll_back"])
def test_staff_who_may_go_back_in_the_admin(choose, action):
    first, second = publish(), publish()
    assert "Choose one." in choose(action, first, second)
    assert active_model.active_version() == second
    assert "serve" in choose(action, first)
    assert active_model.active_version() == first
    User.objects.filter(username="staff").update(is_superuser=False)
    choose(action, second)
    assert active_model.active_version() == first


@pytest.fixture(params=["memory", "s3"])
def shared(request, settings, monkeypatch):
    """A store that several machines share."""
    if request.param == "memory":
        settings.ARTIFACT_STORE = f"memory://{uuid.uuid4()}"
        yield settings.ARTIFACT_STORE
        return
    S3FileSystem.clear_instance_cache()  # of servers that are gone
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="models")
    settings.ARTIFACT_STORE = f"s3://models/{uuid.uuid4()}"
    yield settings.ARTIFACT_STORE
    server.stop()


def test_several_machines_serve_one_model_and_heal(shared, artifact_dir, fresh, caplog):
    before, now = publish(prior=1.5), publish(prior=2.5)
    assert [path.name for path in artifact_dir.iterdir()] == [".lock"], (
        "nothing of a model stays on a machine"
    )
    assert active_model.active().artifact.index("ARTIST").prior[0] == 2.5
    store = storage.artifact_store()
    blob = store.read(now.pk, TENSORS)
    store._files.pipe_file(store._path(now.pk, TENSORS), blob[:-9])
    fresh()
    assert active_model.active().version == before
    assert f"model {before.pk} serves in place of {now.pk}" in caplog.text
    store._files.rm(store._path(before.pk, TENSORS))
    fresh()
    with pytest.raises(ModelUnavailable, match="is not there"):
        active_model.active()
    with pytest.raises(EdgesUnknown):
        edges_of_model(before)


def test_what_is_kept_no_longer_leaves_the_store_and_what_is_being_put_stays(shared, artifact_dir, settings):
    versions = [publish() for _ in range(3)]
    store = storage.artifact_store()
    with pytest.raises(storage.FileLost):
        store.read(versions[0].pk, MANIFEST)
    assert store.read(versions[1].pk, MANIFEST)
    unknown = uuid.uuid4()
    draft = artifact_dir / "draft"
    draft.mkdir()
    write_small_artifact(draft)
    store.put(unknown, draft)
    assert leftovers_sweep() == []
    settings.TRAINING_SECONDS = -60
    assert leftovers_sweep() == [str(unknown)]
    store.remove(versions[1].pk)
    store.remove(versions[1].pk)


@pytest.mark.parametrize("shared", ["s3"], indirect=True)
def test_a_store_that_does_not_answer_damages_nothing(shared, fresh, monkeypatch):
    now = publish()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(S3FileSystem, "retries", 1)
    S3FileSystem.clear_instance_cache()
    with pytest.raises(ModelUnavailable, match="s3 store"):
        active_model.active()
    now.refresh_from_db()
    assert (now.state, now.damaged_at) == ("ACTIVE", None)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_notice_at_once_one_moves_the_pointer_while_another_publishes():
    first, now = publish(), publish()
    bit(storage.artifact_directory(now.pk))
    outcomes = []

    def act(what):
        try:
            outcomes.append(what())
        finally:
            connection.close()

    noticing = [lambda: standby.damage_note(now, "it is broken")] * 4
    threads = [threading.Thread(target=act, args=[what]) for what in (*noticing[:2], publish, *noticing[2:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 5, "nobody failed"
    assert ModelVersion.objects.filter(state="ACTIVE").count() == 1
    assert active_model.active() is not None
    assert [outcome for outcome in outcomes if outcome == first] in ([first], [])
