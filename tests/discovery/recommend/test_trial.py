"""Whom a model that is tried answers, and what comparisons leave behind: people who agree at this moment, and sums."""

import uuid
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from accounts.models import PersonalizationLevel, Purpose, User
from accounts.services.private_session import private_session_start
from discovery.models import SocialUse
from discovery.platform import clock, pulse
from discovery.recommend import comparing, feed, trial
from discovery.recommend.trial import is_assigned
from graph.models import ItemKind, ModelEvent, ModelVersion, Track
from graph.serving import active_model, watch
from graph.serving.artifact import TENSORS
from graph.serving.storage import artifact_directory
from graph.training.reinstate import model_promote
from graph.training.rollout import LONGEST, drift_due, models_advance
from tests import factories
from tests.api.client import App
from tests.graph.small_artifact import write_artifact
from tests.graph.training.test_publish import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]

State = ModelVersion.State
DISCOVER = "{ viewer { discover(kind: ARTIST) { modelVersion { id state } edges { node { score } } } } }"
ROOM = "mutation { createRoom(kind: ARTIST) { ... on Room { modelVersion { state } } ... on OperationInfo { messages { code } } } }"


@pytest.fixture(autouse=True)
def fresh(artifact_dir, monkeypatch, settings):
    settings.EARSHOT_ROLLOUT = "staged"
    for name in ("_served", "_beside", "_failed"):
        monkeypatch.setattr(active_model, name, None)
    monkeypatch.setattr(watch, "_looked", None)
    monkeypatch.setattr(trial, "OWN", 0.1)
    monkeypatch.setattr(trial, "is_drawn", lambda share: share > 0)
    monkeypatch.setattr(comparing, "is_drawn", lambda share: share > 0)


@pytest.fixture
def ada():
    """Somebody who agrees to experiments, with a friend who shares and a few artists."""
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.answered(ada, Purpose.EXPERIMENT)
    factories.befriended(ada, ben)
    for number in range(6):
        track = factories.track(f"Song {number}")
        factories.listens(ben if number else ada, track)
    return ada


@pytest.fixture
def models(ada):
    """The active model, and one that is made to be tried, of the artists there are."""
    ids = sorted({track.artist_id for track in Track.objects.all()})

    def write(scale):
        vectors = {key: (1.0, scale * place) for place, key in enumerate(ids)}
        return lambda folder: write_artifact(
            folder, {"ARTIST": vectors}, prior=[0.1 * len(ids) - 0.1 * n for n in range(len(ids))]
        )

    return publish(write=write(0.1)), publish(write=write(0.2))


def canary(version, share=1.0):
    model_promote(version_id=version.pk, becomes=State.CANARY, share=share)


def answered_by(user):
    return App(user).data(DISCOVER)["viewer"]["discover"]["modelVersion"]["state"]


def keys():
    return [key.decode() for key in pulse.client().keys(f"{watch.PREFIX}*")]


def test_a_share_is_a_share_the_same_each_time_and_another_for_each_model():
    people = [uuid.UUID(int=number) for number in range(5_000)]
    one, other = uuid.uuid4(), uuid.uuid4()
    chosen = [is_assigned(one, person, 0.1) for person in people]
    assert chosen == [is_assigned(one, person, 0.1) for person in people]
    assert 0.08 < sum(chosen) / len(people) < 0.12
    assert chosen != [is_assigned(other, person, 0.1) for person in people]
    assert all(is_assigned(one, person, 0.5) for person, was in zip(people, chosen, strict=True) if was), (
        "it only grows"
    )
    assert not any(is_assigned(one, person, 0.0) for person in people)


def test_who_agrees_is_answered_by_the_canary_from_the_next_request_on_and_nobody_else(ada, models):
    other = factories.sharer("cleo")
    factories.listens(other, Track.objects.first())
    canary(models[1])
    assert (answered_by(ada), answered_by(other)) == ("CANARY", "ACTIVE")
    factories.revoke(ada, Purpose.EXPERIMENT)
    assert answered_by(ada) == "ACTIVE"


TAKEN_OUT = {
    "level off": lambda user: User.objects.filter(pk=user.pk).update(level=PersonalizationLevel.OFF),
    "private session": lambda user: private_session_start(user=user),
    "a minor without a guardian": lambda user: User.objects.filter(pk=user.pk).update(is_minor=True),
    "a yes to a text that tells of radios alone": lambda user: user.consents.filter(
        purpose=Purpose.EXPERIMENT
    ).update(policy_version="2026-11-26"),
    "run out": lambda user: user.consents.filter(purpose=Purpose.EXPERIMENT).update(
        valid_until=timezone.now() - timedelta(1)
    ),
}


@pytest.mark.parametrize("name", TAKEN_OUT)
def test_and_who_is_to_be_left_alone_is_neither_answered_nor_compared(ada, models, name):
    TAKEN_OUT[name](ada)
    canary(models[1])
    assert answered_by(User.objects.get(pk=ada.pk)) == "ACTIVE"
    assert keys() == []


def test_what_several_people_share_is_the_active_models(ada, models):
    canary(models[1])
    assert App(ada).data(ROOM)["createRoom"] == {"modelVersion": {"state": "ACTIVE"}}
    popular = "{ popular(kind: ARTIST) { modelVersion { state } } }"
    assert App(ada).data(popular)["popular"]["modelVersion"]["state"] == "ACTIVE"


def test_what_cannot_be_watched_is_not_served(ada, models, settings):
    canary(models[1])
    assert answered_by(ada) == "CANARY"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    watch._looked = None
    assert answered_by(ada) == "ACTIVE"
    assert ModelVersion.objects.get(pk=models[1].pk).state == State.CANARY, "that is no fault of its own"


def test_a_comparison_leaves_sums_behind_and_nothing_of_anybody(ada, models):
    model_promote(version_id=models[1].pk, becomes=State.SHADOW)
    told = SocialUse.objects.count()
    answer = feed.for_you(ada, ItemKind.ARTIST).answer
    assert answer.model_version == models[0], "shown is what the active one says"
    notes = SocialUse.objects.count()
    feed.for_you(ada, ItemKind.ARTIST)
    assert (SocialUse.objects.count(), notes > told) == (notes, True)
    (key,) = keys()
    assert key == watch.trial_key(models[1].pk, "SHADOW", models[0].pk)
    kept = {name.decode() for name in pulse.client().hgetall(key)}
    people = {str(value) for user in User.objects.all() for value in (user.pseudonym, user.username)}
    assert not any(word in name for name in kept for word in people)
    counted = watch.sums_read(key)
    assert (counted.pairs, counted.overlap, set(counted.families)) == (
        2, 2.0, {"reasons", "sources", "tags", "popularity", "artists"},
    )  # fmt: skip
    for family in counted.families.values():
        assert sum(shares.now for shares in family.values()) == pytest.approx(2)


def test_a_damaged_model_is_tried_no_more(ada, models):
    (artifact_directory(models[1].pk) / TENSORS).write_bytes(b"half")
    ModelVersion.objects.filter(pk=models[1].pk).update(state=State.CANARY, share=1.0)
    assert answered_by(ada) == "ACTIVE"
    stopped = ModelEvent.objects.latest("pk")
    assert (stopped.became, stopped.who) == ("STOPPED", "watch")
    assert "cannot be read" in stopped.why


def test_a_preview_and_the_weights_told_are_of_the_model_that_answers(ada, models, monkeypatch):
    canary(models[1])
    asked = []
    monkeypatch.setattr(
        active_model, "beside", lambda tried, of=active_model.beside: asked.append(tried.id) or of(tried)
    )
    App(ada).data("{ recommenderParameters { weight } }")
    assert asked == [models[1].pk]


def test_where_too_few_agree_the_gates_word_counts_after_a_while(models, monkeypatch):
    models_advance()
    assert ModelVersion.objects.get(pk=models[1].pk).state == State.SHADOW
    assert models_advance() is None
    later = clock.now() + LONGEST * 1.1
    monkeypatch.setattr("discovery.platform.clock.now", lambda: later)
    assert models_advance().state == State.ACTIVE
    assert "too few to tell" in ModelEvent.objects.filter(model=models[1].pk).latest("pk").why


def test_one_by_hand_is_left_alone_where_the_rollout_is_direct(models, settings):
    model_promote(version_id=models[1].pk, becomes=State.SHADOW)
    settings.EARSHOT_ROLLOUT = "direct"
    assert models_advance() is None
    assert ModelVersion.objects.get(pk=models[1].pk).state == State.SHADOW


def day(active, ago, shares, answers=watch.TOLD):
    amounts = {f"reasons|{name}|now": share * answers for name, share in shares.items()}
    amounts |= {f"reasons|{name}|squared": share**2 * answers for name, share in shares.items()}
    watch.sums_add(watch.day_key(active.pk, clock.now().date() - timedelta(days=ago)), amounts, pairs=answers)


def test_drift_of_the_people_asks_for_one_training_a_day(ada, models):
    feed.for_you(ada, ItemKind.ARTIST)
    (key,) = keys()
    assert key.startswith(watch.day_key(models[0].pk, clock.now().date()))
    for ago in (6, 5, 4):
        day(models[0], ago, {"OWN": 0.5, "FRIEND": 0.5})
    assert drift_due() is None, "there is nothing to compare with"
    day(models[0], 2, {"OWN": 0.52, "FRIEND": 0.48})
    assert drift_due() is None
    day(models[0], 1, {"OWN": 0.99, "FRIEND": 0.01}, answers=20 * watch.TOLD)
    assert drift_due() == f"drift:{clock.now():%Y-%m-%d}"


def test_without_redis_nothing_is_found(models, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert drift_due() is None
    with pytest.raises(redis.RedisError):
        watch.sums_read("x")
    assert watch.sums_add("x", {"overlap": 1.0}) == 0
