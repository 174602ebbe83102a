"""The measure of reasons: it passes true ones and fails those that cite what counts least."""

from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from discovery.lab.faithfulness import explanations_measure
from discovery.recommend import explain
from graph.models import ItemKind
from tests import factories
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def listener(serve):
    """Five plays that point more and more towards the one item that is left."""
    ada = factories.sharer("ada")
    tracks = [factories.track() for _ in range(6)]
    for played in tracks[:5]:
        factories.listens(ada, played)
    ids = [track.pk for track in tracks]
    serve(ItemKind.TRACK, small_index([[1.0], [2.0], [4.0], [8.0], [16.0], [1.0]], ids=ids))
    return ada


def test_true_reasons_hold(listener):
    explained = explanations_measure(ItemKind.TRACK, listeners=5)
    assert (explained.listeners, explained.cases, explained.removals, explained.three_cited) == (1, 1, 1, 0)
    assert explained.cited_drop == pytest.approx(16)  # one play is more than half of the score
    assert explained.random_drop in {1, 2, 4, 8, 16}
    assert (explained.at_least_as_large, explained.not_identical) == (1, 0)
    assert explained.largest_gap == pytest.approx(0, abs=1e-5)
    assert explanations_measure(ItemKind.ARTIST, listeners=5) is None


def test_reasons_that_cite_what_counts_least_are_found_out(listener, monkeypatch):
    honest = explain.explain

    def lying(ranking):
        return [
            replace(explanation, reasons=tuple(replace(cited, rows=(0,)) for cited in explanation.reasons))
            for explanation in honest(ranking)
        ]

    monkeypatch.setattr(explain, "explain", lying)
    measured = [explanations_measure(ItemKind.TRACK, listeners=5, seed=seed) for seed in range(4)]
    assert {explained.cited_drop for explained in measured} == {1}
    assert not any(explained.holds for explained in measured)


def test_sums_that_do_not_add_up_are_found_out(listener, monkeypatch):
    honest = explain.explain
    monkeypatch.setattr(
        explain,
        "explain",
        lambda ranking: [
            replace(explanation, remainder=explanation.remainder + 0.01) for explanation in honest(ranking)
        ],
    )
    explained = explanations_measure(ItemKind.TRACK, listeners=5)
    assert explained.largest_gap == pytest.approx(0.01)
    assert not explained.holds


def test_the_command_says_when_there_is_nothing_to_measure():
    with pytest.raises(CommandError, match="There is no model yet"):
        call_command("evaluate_recommender", "--explanations")
