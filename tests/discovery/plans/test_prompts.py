"""The written prompts: all of them are understood as they are meant. `evaluate_plans` carries them out as well."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from discovery.lab.plan_prompts import made_up, missed, prompts_read
from discovery.plans.grammar import fields_read, plan_written
from discovery.plans.understand import plan_understood
from discovery.platform.errors import InvalidInput
from discovery.platform.names import name_key
from graph.sample.vocabulary import SCENES

PROMPTS = list(prompts_read(Path(__file__).with_name("prompts.tsv")))
BAR = 0.98


def known():
    """The names of the sample community that stand in the prompts, its tags, and five friends."""
    asked = [
        value.split("|")
        for prompt in PROMPTS
        for what, value in prompt.expected
        if what in {"artist", "without"}
    ]
    tags = {tag for scene in SCENES for tag in (*scene["genres"], *scene["moods"])}
    artists = {name_key(name) for names in asked for name in names} - tags
    friends = {"ben", "yusuf", "stellan", "leila", "odile"}
    return SimpleNamespace(artists=artists, tags=tags, friends=friends, says=lambda _word: False)


def test_there_are_as_many_in_each_language_and_enough_unseen():
    assert len(PROMPTS) == 200
    assert sum(prompt.language == "en" for prompt in PROMPTS) == 100
    unseen = [prompt.language for prompt in PROMPTS if prompt.seen == "unseen"]
    assert (unseen.count("en"), unseen.count("de")) == (30, 30)
    assert len({prompt.text for prompt in PROMPTS}) == 200


def test_every_prompt_is_understood():
    names, wrong, whole = known(), [], 0
    for prompt in PROMPTS:
        expected = dict(prompt.expected)
        whole += len(expected)
        if "refused" in expected:
            with pytest.raises(InvalidInput) as refused:
                plan_understood(prompt.text, names)
            assert refused.value.specific_code == expected["refused"]
            continue
        plan = plan_understood(prompt.text, names)
        assert fields_read(plan_written(plan))[0] == plan
        wrong += [(prompt.text, part) for part in (*missed(prompt, plan), *made_up(prompt, plan))]
    assert whole > 400
    assert len(wrong) <= (1 - BAR) * whole, wrong


def test_another_plan_is_told_from_the_one_that_was_meant():
    prompt = next(prompt for prompt in PROMPTS if dict(prompt.expected).keys() == {"length", "mood"})
    plan = plan_understood("two hours of folk", known())
    assert missed(prompt, plan)
    assert made_up(prompt, plan) == ["tag"]
