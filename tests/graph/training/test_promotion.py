"""What may be served: better than popularity, whole numbers, and not clearly worse than today's; of few, what is not broken."""

import math

import pytest

from graph.training.promotion import MANY, SOME, finite, not_measured, promotion_refusal


def measured(
    ndcg,
    *,
    own=None,
    popularity=0.1,
    recall=0.3,
    plays=1000,
    kind="ARTIST",
    viewers=MANY,
    above=(-1.0, 1.0),
    error=0.01,
):
    return {
        "items": {
            kind: {
                "viewers": viewers,
                "ndcg": ndcg,
                "own_ndcg": ndcg if own is None else own,
                "recall": recall,
                "popularity_ndcg": popularity,
                "above_popularity": above,
                "ndcg_error": error,
                "recall_error": error,
            }
        },
        "friends": None,
        "data": {"users": viewers, "artist_plays": plays, "track_plays": 0},
    }


def test_a_better_model_passes():
    assert promotion_refusal(measured(0.2), None) == ""
    assert promotion_refusal(measured(0.2), measured(0.19)) == ""


@pytest.mark.parametrize("ndcg", [0.1, 0.05, 0.0])
def test_no_better_than_popularity_is_refused(ndcg):
    assert "is not above the 0.1000 of the most popular items" in promotion_refusal(measured(ndcg), None)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_question_that_both_answer_alike_whatever_they_say_refuses_nobody(end):
    assert promotion_refusal(measured(end, popularity=end), None) == ""
    assert promotion_refusal(measured(0.5, popularity=0.5), None) != ""


@pytest.mark.parametrize("viewers", [SOME, MANY - 1])
def test_of_some_listeners_only_what_is_clearly_below_popularity_is_refused(viewers):
    below = {"popularity": 0.2, "viewers": viewers}
    assert promotion_refusal(measured(0.15, above=(-0.11, 0.01), **below), None) == ""
    assert promotion_refusal(measured(0.2, above=(0.0, 0.0), **below), None) == ""
    refused = promotion_refusal(measured(0.15, above=(-0.09, -0.01), **below), None)
    assert refused == (
        "ARTIST NDCG@20 0.1500 is clearly below the 0.2000 of the most popular items "
        "(the difference is -0.0900 to -0.0100)"
    )
    assert promotion_refusal(measured(0.15, above=(math.nan, math.nan), **below), None) != ""
    assert promotion_refusal(measured(0.15, popularity=0.2, above=(-0.11, 0.01), viewers=MANY), None) != ""


def test_of_few_listeners_nothing_is_compared_and_what_is_broken_is_refused():
    few = {"viewers": SOME - 1, "above": (-0.2, -0.1)}
    assert promotion_refusal(measured(0.0, **few), measured(0.9)) == ""
    assert promotion_refusal(measured(0.9), measured(0.0, **few)) == ""
    assert not_measured(measured(0.0, **few)) == "ARTIST by 19 of the 20 listeners that a comparison takes"
    assert not_measured(measured(0.0, viewers=SOME)) == ""
    assert "ARTIST own_ndcg is nan" in promotion_refusal(measured(0.2, own=math.nan, **few), None)


def test_what_friends_play_does_not_excuse_a_model_that_learned_nothing():
    assert "ARTIST NDCG@20 0.0500 is not above the 0.1000" in promotion_refusal(measured(0.3, own=0.05), None)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -0.1, 1.1])
def test_a_measure_that_is_no_share_is_refused(broken):
    assert f"ARTIST ndcg is {broken}" in promotion_refusal(measured(broken), None)
    assert f"ARTIST recall is {broken}" in promotion_refusal(measured(0.2, recall=broken), None)


def test_a_model_that_was_not_measured_is_refused():
    nothing = measured(0.2) | {"items": {}}
    assert promotion_refusal(nothing, None) == "nothing was held out, so nothing is known of the model"
    few = nothing | {"data": {"users": MANY - 1, "artist_plays": 99, "track_plays": 0}}
    unplayed = nothing | {"data": {"users": MANY, "artist_plays": 0, "track_plays": 0}}
    assert [promotion_refusal(one, None) for one in (few, unplayed)] == ["", ""]
    assert not_measured(few) == "nothing could be held out of what is played here"


def test_clearly_worse_than_the_active_model_is_refused_on_like_data_only():
    assert promotion_refusal(measured(0.181), measured(0.2)) == ""
    assert "clearly below the active model's 0.2000" in promotion_refusal(measured(0.179), measured(0.2))
    assert promotion_refusal(measured(0.179, plays=1201), measured(0.2)) == ""
    assert "clearly below" in promotion_refusal(measured(0.179, plays=1200), measured(0.2))


def test_a_model_that_finds_less_and_puts_it_first_is_refused_too():
    before = measured(0.2, recall=0.3)
    assert promotion_refusal(measured(0.21, recall=0.271), before) == ""
    refused = promotion_refusal(measured(0.21, recall=0.24), before)
    assert refused == "ARTIST recall@20 0.2400 is clearly below the active model's 0.3000"
    few = measured(0.2, recall=0.3, viewers=50)
    assert promotion_refusal(measured(0.2, recall=0.24, viewers=50, error=0.05), few) == ""
    assert promotion_refusal(measured(0.2, recall=0.24, viewers=50, error=0.01), few) == refused


def test_two_models_of_some_listeners_differ_clearly_beyond_their_errors():
    before = measured(0.2, viewers=50)
    assert "clearly below" in promotion_refusal(measured(0.16, viewers=50, error=0.01), before)
    assert promotion_refusal(measured(0.16, viewers=50, error=0.03), before) == ""
    assert "clearly below" in promotion_refusal(measured(0.16, error=0.03), measured(0.2))


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
