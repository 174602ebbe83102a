"""The states of a model: which moves there are, what each leaves behind, and that nothing takes that back."""

from itertools import pairwise

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discovery.platform.errors import Conflict, NotFound
from graph.models import ModelEvent, ModelVersion
from graph.serving import active_model
from graph.serving.lifecycle import (
    MOVES,
    STAFF,
    TRIED,
    may_move,
    staff_forget,
    staff_name,
    version_move,
    who_were,
)
from graph.serving.storage import artifact_directory
from graph.training.lineage import lineage_of
from graph.training.publish import leftovers_sweep
from graph.training.reinstate import model_promote, model_rollback, model_stop
from graph.training.rollout import ROWS_KEPT, models_forget
from tests import factories
from tests.graph.training.test_publish import publish, withdraw

pytestmark = pytest.mark.django_db

State = ModelVersion.State


@pytest.fixture(autouse=True)
def fresh(artifact_dir, monkeypatch, settings):
    settings.EARSHOT_ROLLOUT = "staged"
    for name in ("_served", "_beside", "_failed"):
        monkeypatch.setattr(active_model, name, None)


def test_the_table_of_moves_knows_every_state_and_no_way_back_to_being_new():
    assert set(MOVES) == {"", *State}
    assert all(becomes in set(State) for ends in MOVES.values() for becomes in ends)
    assert not any(may_move(was, State.REJECTED) for was in State)
    assert not any(may_move(was, State.CANDIDATE) for was in State)
    assert MOVES[State.REJECTED] == frozenset()
    assert not may_move(State.RETIRED, State.STOPPED)


def test_what_is_no_move_is_refused_and_leaves_nothing():
    version = publish()
    with pytest.raises(Conflict, match="does not become") as refused:
        version_move(version, State.CANDIDATE, who="test")
    assert refused.value.specific_code == "MODEL_MOVE"
    assert ModelEvent.objects.count() == 1
    assert ModelVersion.objects.get().state == State.ACTIVE


ACTS = {
    "train": lambda _of: publish(),
    "shadow": lambda of: model_promote(version_id=of, becomes=State.SHADOW),
    "canary": lambda of: model_promote(version_id=of, becomes=State.CANARY, share=0.5),
    "serve": lambda of: model_promote(version_id=of),
    "stop": lambda of: model_stop(version_id=of),
    "back": lambda _of: model_rollback(),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 4)), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_one_serves_at_most_one_is_tried_and_the_audit_tells_how_it_came(acts):
    with transaction.atomic():
        publish()
        for act, number in acts:
            versions = list(ModelVersion.objects.order_by("created_at").values_list("pk", flat=True))
            try:
                with transaction.atomic():
                    ACTS[act](versions[number % len(versions)])
            except (Conflict, NotFound):
                continue
            states = list(ModelVersion.objects.values_list("state", flat=True))
            assert states.count(State.ACTIVE) == 1
            assert sum(states.count(state) for state in TRIED) <= 1
        for version in ModelVersion.objects.all():
            events = list(ModelEvent.objects.filter(model=version.pk).order_by("pk"))
            assert events[0].was == ""
            assert events[-1].became == version.state
            assert all(before.became == after.was for before, after in pairwise(events))
            assert all(may_move(event.was, event.became) for event in events)
        transaction.set_rollback(True)


@pytest.mark.sqlite
def test_two_cannot_serve_and_two_cannot_be_tried_whoever_writes_the_rows():
    publish(), publish(), publish()
    for state in (State.ACTIVE, State.SHADOW):
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelVersion.objects.update(state=state)


@pytest.mark.sqlite
def test_what_became_of_a_model_cannot_be_rewritten_but_a_name_can_go():
    ada = factories.listener("ada", is_staff=True)
    version = publish()
    model_promote(version_id=publish().pk, becomes=State.SHADOW, who=staff_name(ada), why="to see")
    event = ModelEvent.objects.latest("pk")
    assert who_were([event.who, "clock"]) == {event.who: "ada", "clock": "clock"}
    for change in ({"why": "nothing"}, {"became": "ACTIVE"}, {"model": version.pk}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            ModelEvent.objects.filter(pk=event.pk).update(**change)
    staff_forget(ada)
    event.refresh_from_db()
    assert (event.who, STAFF in event.who, event.why) == ("staff", False, "to see")


def test_a_share_and_a_neighbor_are_asked_for():
    version = publish()
    for share in (0.0, -0.1, 1.1):
        with pytest.raises(Exception, match="more than 0") as refused:
            model_promote(version_id=publish().pk, becomes=State.CANARY, share=share)
        assert refused.value.specific_code == "INVALID_SHARE"
    with pytest.raises(Conflict) as alone:
        model_promote(version_id=version.pk, becomes=State.CANARY)
    assert alone.value.specific_code == "MODEL_ALONE"
    model_stop(version_id=publish().pk)
    with pytest.raises(NotFound):
        model_stop(version_id=version.pk)  # there is none that could take its place
    assert ModelVersion.objects.get(pk=version.pk).state == State.ACTIVE


def test_the_active_model_is_stopped_for_the_one_before(settings):
    settings.EARSHOT_ROLLOUT = "direct"
    first, second = publish(), publish()
    model_stop(version_id=second.pk, why="it sounds wrong")
    assert active_model.active().version == first
    assert ModelVersion.objects.get(pk=second.pk).state == State.STOPPED
    assert [event.became for event in ModelEvent.objects.filter(model=first.pk).order_by("pk")] == [
        "ACTIVE", "RETIRED", "ACTIVE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {"items": {}}}, {"ledger_position": 7}, {"config": {"seed": 8}}, {"data_hash": "1" * 64},
        {"manifest_hash": "1" * 64}, {"lineage": ""}, {"lineage": "{}"}, {"lineage": "no JSON"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_as_it_was_signed_serves_no_more(settings, change):
    settings.EARSHOT_ROLLOUT = "direct"
    publish(), publish()
    first, second = ModelVersion.objects.order_by("created_at")
    if change == {"lineage": ""}:
        first = model_stop(version_id=second.pk)
    ModelVersion.objects.filter(pk=first.pk).update(**change)
    with pytest.raises(Conflict) as refused:
        model_promote(version_id=first.pk)
    assert refused.value.specific_code == "MODEL_UNSIGNED"


def test_one_signed_with_another_key_or_from_before_lineages(settings):
    settings.EARSHOT_ROLLOUT = "direct"
    first, second = publish(), publish()
    said = lineage_of(second)
    assert (said["parent"], said["ledgerPosition"], said["config"]) == (str(first.pk), 0, {"seed": 7})
    ModelVersion.objects.filter(pk=first.pk).update(lineage="")
    assert model_promote(version_id=first.pk).state == State.ACTIVE, "the first of all may be from before"
    settings.SIGNING_KEY = "ab" * 32
    with pytest.raises(Conflict) as refused:
        model_promote(version_id=second.pk)
    assert refused.value.specific_code == "MODEL_UNSIGNED"


def test_a_model_is_not_tried_first_where_the_active_one_knows_what_was_withdrawn():
    first, tried = publish(position=1), publish(position=1)
    model_promote(version_id=tried.pk, becomes=State.SHADOW)
    waiting = publish(position=1)
    withdraw(2)
    clean = publish(position=2)
    states = {version.pk: version.state for version in ModelVersion.objects.all()}
    assert states == {first.pk: "RETIRED", tried.pk: "RETIRED", waiting.pk: "RETIRED", clean.pk: "ACTIVE"}


def test_files_stay_of_what_may_yet_serve_and_for_a_month_of_what_was_stopped(artifact_dir):
    versions = {name: publish() for name in ("active", "tried", "waits", "stopped", "overtaken")}
    model_promote(version_id=versions["tried"].pk, becomes=State.SHADOW)
    model_stop(version_id=versions["stopped"].pk)
    with transaction.atomic():
        version_move(ModelVersion.objects.get(pk=versions["overtaken"].pk), State.RETIRED, who="clock")
    leftovers_sweep()
    there = {name for name, version in versions.items() if artifact_directory(version.pk).exists()}
    assert there == {"active", "tried", "waits", "stopped"}


def test_rows_go_two_years_after_the_last_change(monkeypatch, settings):
    settings.EARSHOT_ROLLOUT = "direct"
    gone, lately, active = publish(), publish(), publish()
    now = lately.created_at
    ModelVersion.objects.update(created_at=F("created_at") - ROWS_KEPT * 2)
    monkeypatch.setattr("graph.training.rollout.clock.now", lambda: now + ROWS_KEPT * 0.9)
    assert models_forget() == 0, "what became of them is from then"
    model_rollback()  # lately serves again, and active is retired: both are events of then
    monkeypatch.setattr("graph.training.rollout.clock.now", lambda: now + ROWS_KEPT * 1.2)
    assert models_forget() == 1
    assert set(ModelVersion.objects.values_list("pk", flat=True)) == {lately.pk, active.pk}
    assert not ModelEvent.objects.filter(model=gone.pk).exists()
    assert ModelEvent.objects.filter(model=lately.pk).count() == 3
