"""The whole way from snapshot to served model, in this process, as the command takes it."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from graph import snapshot
from graph.ml.distributed.launch import Workers
from graph.ml.sources import fit_here
from graph.models import ModelVersion, TrainingRun
from graph.sample.community import sample_community_create
from graph.serving import active_model
from graph.training import run as training

# The heartbeat has a thread and a connection of its own, so nothing here is in one transaction.
pytestmark = pytest.mark.django_db(transaction=True)
WORSE = {"memory": {"dims": 40}, "blend": {"learned": False}}


@pytest.fixture(autouse=True)
def _fresh_process(artifact_dir, monkeypatch):
    monkeypatch.setattr(active_model, "_served", None)


@pytest.fixture
def config_file(tmp_path):
    def write(**choices):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"network": {"epochs": 1, "dims": 16}, "memory": {"dims": 16}, **choices}))
        return path

    return write


def test_the_command_trains_publishes_and_knows_when_there_is_nothing_new(config_file, capsys):
    sample_community_create(listeners=60, now=timezone.now())
    call_command("train_recommender", config=config_file())
    said = capsys.readouterr().out
    version = active_model.active().version
    taken = snapshot.take()
    assert f"Model {version.pk} is active." in said
    assert "0 %  taking the snapshot" in said
    assert (version.data_hash, version.ledger_position) == (taken.content_hash, taken.ledger_position)
    assert version.config["network"]["epochs"] == 1
    assert version.metrics["data"]["users"] == len(taken.users)
    assert TrainingRun.objects.get().state == "DONE"

    call_command("train_recommender", "--if-needed", config=config_file())
    assert "The active model is up to date." in capsys.readouterr().out
    assert ModelVersion.objects.count() == 1

    with pytest.raises(CommandError, match=r"The model was refused: .*of the most popular items"):
        call_command("train_recommender", "--if-needed", config=config_file(untrained=True))
    assert active_model.active().version == version


def test_without_anything_to_learn_from_the_command_says_so():
    with pytest.raises(CommandError, match="Nobody has granted"):
        call_command("train_recommender")
    assert TrainingRun.objects.get().state == "FAILED"
    assert ModelVersion.objects.count() == 0


@pytest.mark.parametrize("text", ["{", '{"networks": {}}', '{"network": {"depth": 3}}'])
def test_a_wrong_configuration_is_refused_before_anything_is_claimed(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(CommandError, match=r"config\.json"):
        call_command("train_recommender", config=path)
    assert not TrainingRun.objects.exists()


def test_a_run_in_other_hands_is_left_alone():
    TrainingRun.objects.create(key="daily", holder="another", heartbeat_at=timezone.now())
    assert training.train_and_publish(key="daily", holder="me") is None
    assert TrainingRun.objects.get().holder == "another"


def test_a_training_that_finds_a_fifth_less_is_refused_and_the_active_model_stays(config_file, capsys):
    """By 128 listeners; each of the two is well above what is most popular."""
    sample_community_create(listeners=160, now=timezone.now())
    good = {"network": {"epochs": 1, "dims": 16}, "memory": {}}
    call_command("train_recommender", config=config_file(**good))
    served = active_model.active().version
    with pytest.raises(CommandError, match=r"The model was refused: .*recall@20 .* active model's"):
        call_command("train_recommender", config=config_file(**good | WORSE))
    run = TrainingRun.objects.latest("pk")
    refused = run.model_version
    share = {
        kind: measured["recall"] / served.metrics["items"][kind]["recall"]
        for kind, measured in refused.metrics["items"].items()
    }
    assert min(share.values()) < 0.8
    assert (run.state, refused.state) == ("DONE", ModelVersion.State.REJECTED)
    assert "most popular" not in refused.rejected_because
    assert active_model.active().version == served
    call_command("train_recommender", config=config_file(**good))
    assert "is active" in capsys.readouterr().out
    assert active_model.active().version != served, "as good on the same data passes"


def test_a_training_in_several_processes_leaves_no_plays_behind(
    config_file, settings, artifact_dir, monkeypatch
):
    """Who fits is asked for each part of the data; what the workers read is gone when the model serves."""
    asked = []

    def fit_instead(workers, taken, view, config, progress):
        asked.append((workers.count, workers.directory.parent, view.kind, len(taken.users)))
        (workers.directory / "plays.parquet").touch()
        return fit_here(taken, view, config, progress)

    monkeypatch.setattr(Workers, "__call__", fit_instead)
    settings.EARSHOT_TRAINING_WORKERS = 3
    sample_community_create(listeners=60, now=timezone.now())
    call_command("train_recommender", config=config_file())
    assert {(count, parent) for count, parent, _, _ in asked} == {(3, artifact_dir)}
    assert {kind for _, _, kind, _ in asked} == {"ARTIST", "TRACK"}
    assert not list(artifact_dir.glob(".parts-*"))
    call_command("train_recommender", "--workers", "1", config=config_file())
    assert len(asked) == len([row for row in asked if row[0] == 3])
