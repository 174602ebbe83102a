"""A model's life, as docs/operations.md tells it: made, tried in the shadow and by a few, serving, rolled back; and bad ones stopped.

Every model here has the same measures, so that its gate lets it through: what stops the bad ones is what their answers are made of.
"""

import hashlib
import json
from datetime import timedelta
from itertools import cycle, islice

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from django.utils import timezone
from safetensors.numpy import load, save

from accounts.models import ConsentState, PersonalizationLevel, Purpose, User
from discovery.models import SocialUse
from discovery.privacy.erasure import erasure_request
from discovery.recommend import comparing, feed
from discovery.recommend.trial import COMPARED, is_assigned
from graph.models import ItemKind, Listen, ModelEvent, ModelVersion
from graph.sample.community import sample_community_create
from graph.serving import active_model
from graph.serving.artifact import MANIFEST, TENSORS
from graph.serving.storage import artifact_directory
from graph.training.lease import lease_claim
from graph.training.publish import model_publish
from graph.training.rollout import models_advance
from graph.training.training_edges import EDGES
from tests import factories
from tests.api.client import App

# The heartbeat of a training has a connection of its own, so nothing here is in one transaction.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_url")]

State = ModelVersion.State
CONFIG = {"network": {"epochs": 1, "dims": 8}, "memory": {"dims": 16}, "blend": {"learned": False}}
DISCOVER = "{ viewer { discover(kind: ARTIST, first: 5) { modelVersion { state } } } }"
MOST = 500  # requests within which a bad model is stopped


@pytest.fixture(autouse=True)
def fresh(artifact_dir, monkeypatch, settings):
    torch.set_num_threads(1)
    settings.EARSHOT_ROLLOUT = "staged"
    for name in ("_served", "_beside", "_failed"):
        monkeypatch.setattr(active_model, name, None)


@pytest.fixture
def trained(tmp_path):
    """Trains as an operator would; the version that comes of it."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG))

    def train():
        call_command("train_recommender", config=path)
        return ModelVersion.objects.latest("created_at")

    return train


def planted(of, change, position=None):
    """A model with all the measures of another, whose ``change`` nothing of these shows."""
    folder = artifact_directory(of.pk)

    def write(draft):
        manifest = json.loads((folder / MANIFEST).read_text())
        arrays = {name: array.copy() for name, array in load((folder / TENSORS).read_bytes()).items()}
        change(manifest["views"], arrays)
        (draft / TENSORS).write_bytes(save(arrays))
        manifest["tensors_sha256"] = hashlib.sha256((draft / TENSORS).read_bytes()).hexdigest()
        (draft / MANIFEST).write_text(json.dumps(manifest))
        (draft / EDGES).write_bytes((folder / EDGES).read_bytes())

    lease = lease_claim(key=f"planted {timezone.now().isoformat()}", holder="test")
    return model_publish(
        lease=lease, write=write, data_hash=of.data_hash,
        ledger_position=of.ledger_position if position is None else position,
        config=of.config, metrics=of.metrics,
    )  # fmt: skip


def popularity_shuffled(_views, arrays):
    """It goes by what is popular, and takes the wrong things to be."""
    random = np.random.default_rng(7)
    for kind in ("artist", "track"):
        size = len(arrays[f"{kind}.prior"])
        arrays[f"{kind}.prior"] = random.permutation(np.linspace(0, 9, size)).astype(np.float32)


def friends_in_the_prior(views, arrays):
    """What friends play counts no more, and popularity more: from own plays alone it ranks nearly as before."""
    for kind, view in views.items():
        view["channels"]["FRIEND"] |= {"gain": 0.0, "identity": 0.0}
        arrays[f"{kind.lower()}.prior"] += 0.3


def one_source_tripled(views, _arrays):
    for view in views.values():
        for channel in view["channels"].values():
            channel["weights"] = [3.0 * channel["weights"][0], *channel["weights"][1:]]


class Listeners:
    """Those of the community who agree to experiments, asking in turn."""

    def __init__(self):
        self.people = list(
            User.objects.filter(level__gte=PersonalizationLevel.OWN, is_active=True).order_by("pk")
        )
        for user in self.people:
            user.consents.filter(purpose=Purpose.EXPERIMENT).delete()
            factories.answered(user, Purpose.EXPERIMENT)
        self._turns = cycle(self.people)
        self.asked = 0

    def ask(self, times):
        for user in islice(self._turns, times):
            if self.asked % 4:
                feed.for_you(user, ItemKind.ARTIST, count=20)
            else:
                feed.from_friends(user, ItemKind.TRACK)
            self.asked += 1

    def ask_until(self, version, states, most=MOST):
        """Requests until the version is in none of these states."""
        before = self.asked
        while ModelVersion.objects.get(pk=version.pk).state in states and self.asked - before < most:
            self.ask(10)
        return self.asked - before


def state(version):
    return ModelVersion.objects.get(pk=version.pk).state


def moves(version):
    return list(
        ModelEvent.objects.filter(model=version.pk).order_by("pk").values_list("was", "became", "who")
    )


def test_a_models_life(trained, monkeypatch, capsys):
    monkeypatch.setattr(comparing, "is_drawn", lambda _share: True)  # of a canary's answers each, to be quick
    sample_community_create(listeners=20, now=timezone.now())
    first = trained()
    assert (first.state, moves(first)) == (State.ACTIVE, [("", "ACTIVE", "training")]), (
        "beside none it is not tried"
    )
    listeners = Listeners()
    shown = set(SocialUse.objects.values_list("source", "recipient", "day"))

    # One more day of plays: an honest model passes shadow and canary, and nobody does anything.
    latest = Listen.objects.latest("listened_at").listened_at
    Listen.objects.filter(listened_at__gt=latest - timedelta(days=1)).update(listened_at=latest)
    for user in listeners.people[:10]:
        factories.listens(user, Listen.objects.filter(user=listeners.people[-1]).first().track, at=latest)
    second = trained()
    assert (second.state, state(first)) == (State.CANDIDATE, State.ACTIVE)
    assert "is a candidate" in capsys.readouterr().out
    models_advance()
    assert state(second) == State.SHADOW
    listeners.ask(60)
    models_advance()
    assert state(second) == State.SHADOW, "sixty comparisons are not enough"
    listeners.ask(40)
    assert {each.version.pk for each in (active_model.active(), active_model._beside)} == {
        first.pk,
        second.pk,
    }
    models_advance()
    second.refresh_from_db()
    assert (second.state, second.share) == (State.CANARY, 0.1)
    by = ["CANARY" if is_assigned(second.pk, user.pseudonym, 0.1) else "ACTIVE" for user in listeners.people]
    assert [
        App(user).data(DISCOVER)["viewer"]["discover"]["modelVersion"]["state"] for user in listeners.people
    ] == by
    listeners.ask(100)
    models_advance()
    assert (state(second), state(first)) == (State.ACTIVE, State.RETIRED)
    assert moves(second) == [
        ("", "CANDIDATE", "training"), ("CANDIDATE", "SHADOW", "clock"), ("SHADOW", "CANARY", "clock"),
        ("CANARY", "ACTIVE", "clock"),
    ]  # fmt: skip

    bad_ones_are_stopped(second, listeners)

    # Back, in one command; and it stands in the audit.
    call_command("rollback_model", why="to be sure")
    assert (active_model.active().version, state(second)) == (first, State.RETIRED)
    assert ModelEvent.objects.latest("pk").why == "to be sure"
    call_command("model_card", str(second.pk))
    card = capsys.readouterr().out
    assert "CANARY → ACTIVE (clock)" in card
    assert "ACTIVE → RETIRED (command)" in card

    # Nobody heard of any comparison but those who were shown something.
    told = set(SocialUse.objects.values_list("source", "recipient", "day"))
    assert told >= shown

    whoever_is_erased_is_in_none_that_serves(second, listeners)


def bad_ones_are_stopped(second, listeners):
    """By themselves, whatever their measures say: here in front of a tenth of the people, by hand."""
    for change in (popularity_shuffled, friends_in_the_prior, one_source_tripled):
        bad = planted(second, change)
        assert (bad.state, bad.metrics) == (State.CANDIDATE, second.metrics), "its gate lets it through"
        call_command("promote_model", str(bad.pk), to="canary", share=0.1, why="looks well")
        asked = listeners.ask_until(bad, {State.CANARY})
        stop = ModelEvent.objects.filter(model=bad.pk).latest("pk")
        assert (stop.was, stop.became, stop.who, "drifted" in stop.why) == (
            "CANARY",
            "STOPPED",
            "watch",
            True,
        ), stop.why
        assert asked <= MOST * COMPARED["CANARY"], (
            "of a canary's answers each is compared here, and a quarter elsewhere"
        )
        assert active_model.active().version == second, "answers go on"


def whoever_is_erased_is_in_none_that_serves(second, listeners):
    """No model that learned from them is tried or serves again, and the next one serves at once."""
    gone = next(
        u for u in listeners.people if u.consents.filter(purpose="CONTRIBUTE", state=ConsentState.GRANTED)
    )
    waiting = planted(second, lambda *_: None)
    call_command("promote_model", str(waiting.pk), to="shadow")
    erasure = erasure_request(user=gone, confirm=gone.username)
    for version in (second, waiting):
        with pytest.raises(CommandError, match="MODEL_SAW_ERASED"):
            call_command("promote_model", str(version.pk))
    clean = planted(second, lambda *_: None, position=erasure.ledger_position)
    assert (clean.state, state(waiting)) == (State.ACTIVE, State.RETIRED), (
        "a promise goes before an experiment"
    )
    with pytest.raises(CommandError, match="MODEL_SAW_ERASED"):
        call_command("rollback_model")
