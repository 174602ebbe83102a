"""What counts as a loss between two runs, and that the report names it."""

import json

from discovery.lab.model_check import Figure, as_json, from_json, losses, picture, report


def test_what_noise_explains_is_no_loss_and_what_it_does_not_is():
    before = {"quality": Figure(value=1.05, error=0.01)}
    assert losses({"quality": Figure(value=1.03, error=0.01)}, before) == []
    (lost,) = losses({"quality": Figure(value=1.0, error=0.01)}, before)
    assert lost.startswith("quality is 1, was 1.05")
    assert losses({"quality": Figure(value=1.2, error=0.01)}, before) == []


def test_less_may_be_better():
    before = {"cost": Figure(value=5, error=0.5, higher=False)}
    assert losses({"cost": Figure(value=4, error=0.5, higher=False)}, before) == []
    assert losses({"cost": Figure(value=7, error=0.5, higher=False)}, before)


def test_a_bound_counts_whatever_the_baseline_says():
    figure = Figure(value=0.2, error=1.0, higher=False, bound=0.1)
    assert losses({"privacy": figure}, {"privacy": figure}) == ["privacy is 0.2, beyond its bound of 0.1"]


def test_what_is_no_number_and_what_is_missing_are_losses():
    before = {"quality": Figure(value=1.0), "gone": Figure(value=1.0)}
    lost = losses({"quality": Figure(value=float("nan"))}, before)
    assert len(lost) == 2
    assert "gone is not measured any more" in lost


def test_the_report_says_what_is_lost_and_baselines_come_back_as_they_were():
    before = {"quality": Figure(value=1.05, error=0.01)}
    now = {"quality": Figure(value=0.9, error=0.01)}
    lost = losses(now, before)
    assert f"- **lost:** {lost[0]}" in report("sample", now, before, lost)
    assert "Nothing is lost." in report("sample", before, before, [])
    assert "#b3402a" in picture(now, before)
    assert "#b3402a" not in picture(before, before)
    assert from_json(json.loads(json.dumps(as_json(before)))) == before
