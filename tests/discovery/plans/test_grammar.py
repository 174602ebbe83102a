"""The grammar: what is written is read as the same plan, whatever stands in it; and each refusal has its code."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.plans.grammar import fields_read, plan_written
from discovery.plans.plan import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST,
    MOST_TRACKS,
    SHORTEST,
    Arc,
    Era,
    Language,
    Mood,
    Named,
    PlaylistPlan,
    Refresh,
    Unclear,
    Why,
    plan_checked,
)
from discovery.plans.understand import plan_understood
from discovery.platform.errors import InvalidInput, Refusal

NOBODY = SimpleNamespace(artists=set(), tags=set(), friends=set(), says=lambda _word: False)

names = st.text(min_size=1, max_size=30).filter(str.strip) | st.sampled_from(
    ['AC/DC, "live"', "a^2", "x=y", "(sic)", "back\\slash", "length:40m", "été", "^", '"']
)
figures = st.integers(0, 100).map(lambda hundredth: hundredth / 100)
both_ways = st.integers(-100, 100).map(lambda hundredth: hundredth / 100)
years = st.integers(FIRST_YEAR, LAST_YEAR)
named = st.lists(
    st.builds(Named, names, st.integers(5, 400).map(lambda n: n / 100), st.just("") | names), max_size=3
).map(tuple)
plans = st.builds(
    PlaylistPlan,
    words=named, artists=named, tags=named,
    friends=st.lists(names, max_size=2).map(tuple), without=st.lists(names, max_size=2).map(tuple),
    mood=st.none() | st.builds(Mood, both_ways, both_ways),
    era=st.none() | st.builds(lambda a, b: Era(*sorted((a, b))), years, years) | st.builds(Era, years, st.none())
    | st.builds(Era, st.none(), years),
    length=st.none() | st.integers(SHORTEST, LONGEST), count=st.none() | st.integers(1, MOST_TRACKS),
    unheard=st.booleans(), energy=st.none() | st.builds(Arc, figures, figures), variety=st.none() | figures,
    refresh=st.sampled_from(Refresh), title=st.just("") | names, language=st.sampled_from(Language),
    unclear=st.lists(st.builds(Unclear, names, st.sampled_from(Why)), max_size=2).map(tuple),
)  # fmt: skip


@given(plans)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_as_the_same(plan):
    try:
        checked = plan_checked(plan)
    except InvalidInput:  # a name of control characters, or of nothing that can be seen
        return
    read, prose = fields_read(plan_written(checked))
    assert read == checked
    assert prose.replace(",", "").strip() == ""


@given(st.text(max_size=500))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_is_a_plan_or_a_refusal(text):
    try:
        plan = plan_understood(text, NOBODY)
    except Refusal as refused:
        refusal = refused
    else:
        refusal = None
    if refusal is not None:
        assert refusal.specific_code.startswith(("PLAN_", "INVALID_", "LIMIT_"))
        return
    assert plan.says_something
    assert not plan.artists
    assert not plan.friends


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 501, "INVALID_TOO_LONG"),
        ("sad\x00songs", "INVALID_CHARACTERS"),
        ("   ", "INVALID_EMPTY"),
        ("xyzzy plugh", "PLAN_NOT_UNDERSTOOD"),
        ("please play some music", "PLAN_NOT_UNDERSTOOD"),
        ("tag:(jazz", "PLAN_UNBALANCED"),
        ('tag:("jazz)', "PLAN_UNBALANCED"),
        ("genre:(jazz)", "PLAN_UNKNOWN_FIELD"),
        ("count:many", "PLAN_VALUE"),
        ("length:forever", "PLAN_VALUE"),
        ("era:(x)", "PLAN_VALUE"),
        ("unheard:maybe", "PLAN_VALUE"),
        ("length:200h", "PLAN_UNREACHABLE"),
        ("30 seconds of sad songs", "PLAN_UNREACHABLE"),
        ("9000 sad songs", "PLAN_UNREACHABLE"),
        ("era:(2001-1995)", "PLAN_UNREACHABLE"),
        ("energy:(0-7)", "PLAN_UNREACHABLE"),
        ("variety:nan", "PLAN_UNREACHABLE"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_code(text, code):
    with pytest.raises(InvalidInput) as refused:
        plan_understood(text, NOBODY)
    assert refused.value.specific_code == code


def test_fields_count_before_words():
    plan = plan_understood("two hours of sad songs length:40m", NOBODY)
    assert plan.length == 40 * 60
    assert [word.text for word in plan.words] == ["sad"]
