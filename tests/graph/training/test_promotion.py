"""What may be served: better than popularity, whole numbers, and not clearly worse than today's."""

import math

import pytest

from graph.training.promotion import finite, promotion_refusal


def measured(ndcg, *, own=None, popularity=0.1, recall=0.3, plays=1000, kind="ARTIST"):
    return {
        "items": {
            kind: {
                "ndcg": ndcg,
                "own_ndcg": ndcg if own is None else own,
                "recall": recall,
                "popularity_ndcg": popularity,
            }
        },
        "friends": None,
        "data": {"users": 100, "artist_plays": plays},
    }


def test_a_better_model_passes():
    assert promotion_refusal(measured(0.2), None) == ""
    assert promotion_refusal(measured(0.2), measured(0.19)) == ""


@pytest.mark.parametrize("ndcg", [0.1, 0.05, 0.0])
def test_no_better_than_popularity_is_refused(ndcg):
    assert "is not above the 0.1000 of the most popular items" in promotion_refusal(measured(ndcg), None)


def test_what_friends_play_does_not_excuse_a_model_that_learned_nothing():
    assert "ARTIST NDCG@20 0.0500 is not above the 0.1000" in promotion_refusal(measured(0.3, own=0.05), None)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -0.1, 1.1])
def test_a_measure_that_is_no_share_is_refused(broken):
    assert f"ARTIST ndcg is {broken}" in promotion_refusal(measured(broken), None)
    assert f"ARTIST recall is {broken}" in promotion_refusal(measured(0.2, recall=broken), None)


def test_a_model_that_was_not_measured_is_refused():
    assert promotion_refusal({"items": {}, "friends": None, "data": {}}, None) == (
        "nothing was held out, so nothing is known of the model"
    )


def test_clearly_worse_than_the_active_model_is_refused_on_like_data_only():
    assert promotion_refusal(measured(0.181), measured(0.2)) == ""
    assert "clearly below the active model's 0.2000" in promotion_refusal(measured(0.179), measured(0.2))
    assert promotion_refusal(measured(0.179, plays=1201), measured(0.2)) == ""
    assert "clearly below" in promotion_refusal(measured(0.179, plays=1200), measured(0.2))


def test_losing_a_view_is_refused():
    assert (
        promotion_refusal(measured(0.2, kind="TRACK"), measured(0.2))
        == "ARTIST is missing, and the active model has it"
    )


def test_what_json_cannot_hold_is_stored_by_name():
    assert finite({"a": [math.nan, 1.0], "b": {"c": -math.inf}, "d": None}) == {
        "a": ["nan", 1.0],
        "b": {"c": "-inf"},
        "d": None,
    }
