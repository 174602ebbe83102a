"""A prompt made of clauses, each said in one of many ways and in any order, comes to the same plan."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.lab.plan_prompts import Prompt, made_up, missed
from discovery.plans.arcs import arcs
from discovery.plans.figures import figured, number_in
from discovery.plans.plan import Era
from discovery.plans.tokens import tokens_of
from discovery.plans.understand import plan_understood
from discovery.plans.years import era_joined, era_not
from discovery.platform.errors import InvalidInput
from tests.discovery.plans.test_prompts import known

SAID = {
    "length=5400": ("ninety minutes", "1h30", "an hour and a half", "eineinhalb Stunden", "1½ h", "anderthalbstündig"),
    "count=24": ("24 tracks", "two dozen songs", "vierundzwanzig Lieder", "no more than 24 songs"),
    "era=1990-1999": ("from the nineties", "aus den 90ern", "nothing before 1990 or after 1999", "1990 bis 1999"),
    "unheard": ("nothing I know", "songs I've never come across", "was ich noch nicht kenne", "bitte nichts Bekanntes"),
    "friend=ben": ("with Ben", "Ben's coming over", "für Ben und mich", "Ben ist auch dabei"),
    "without=Nerloo Choir|Mabdra Union": (
        "no Nerloo Choir or Mabdra Union",
        "Nerloo Choir and Mabdra Union can stay at home",
        "keep Nerloo Choir and Mabdra Union out",
        "weder Nerloo Choir noch Mabdra Union",
        "Nerloo Choir und Mabdra Union bitte weglassen",
    ),
    "tag=jazz": ("jazz", "Jazzmusik", "some jazz"),
    "mood=v- e+": ("furious", "stinksauer", "full of rage"),
    "refresh=weekly": ("every Friday anew", "jede Woche neu", "updated weekly"),
    "variety=+": ("full of surprises", "bunt gemischt", "mix it up"),
}  # fmt: skip


@settings(max_examples=150)
@given(st.data())
def test_clauses_in_any_order_come_to_the_same(data):
    facts = data.draw(st.lists(st.sampled_from(sorted(SAID)), min_size=1, max_size=5, unique=True))
    said = {fact: data.draw(st.sampled_from(SAID[fact])) for fact in facts}
    expected = tuple((what, value) for what, _is, value in (fact.partition("=") for fact in facts))
    plans = []
    for order in (facts, data.draw(st.permutations(facts))):
        text = ". ".join(said[fact] for fact in order)
        plan = plan_understood(text, known())
        assert (
            missed(Prompt("", "", text, expected), plan),
            made_up(Prompt("", "", text, expected), plan),
        ) == ([], []), text
        plans.append(replace(plan, title="", words=tuple(sorted(plan.words)), unclear=()))
    assert plans[0] == replace(plans[1], language=plans[0].language, mood=plans[0].mood)


@given(st.integers(1, 399))
def test_a_number_is_the_same_in_words_and_in_figures(number):
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    small = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    words = [*small.split(), "seventeen", "eighteen", "nineteen"]
    ten = ["ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    below = words[rest] if rest < 20 else ten[tens - 1] + (f"-{words[ones]}" if ones else "")
    said = " and ".join(
        part for part in (f"{words[hundreds]} hundred" if hundreds else "", below if rest else "") if part
    )
    assert figured(tokens_of(said, lambda key: number_in(key) is not None)).text == str(number)


@given(st.integers(1900, 2020))
def test_years_that_are_not_wanted_leave_the_others(year):
    for era in (Era(None, year), Era(year, None)):
        others = era_not(era)
        assert others is not None
        assert era_not(others) == era
    assert era_not(Era(year, year)) is None
    assert era_joined([Era(year, None), Era(None, year + 3)]) == (Era(year, year + 3), False)
    assert era_joined([Era(None, year), Era(year + 3, None)])[1]


@pytest.mark.parametrize(
    "text",
    [
        "not only jazz",
        "nothing but jazz",
        "warum nicht mal Jazz",
        "jazz without end",
        "Jazz, nichts Besonderes",
    ],
)
def test_what_only_looks_like_a_refusal_refuses_nothing(text):
    assert not plan_understood(text, known()).without


@pytest.mark.parametrize(
    ("text", "unheard"),
    [
        ("jazz, nothing I don't know", False),
        ("jazz, new releases", False),
        ("jazz I haven't heard in years", False),
        ("jazz, songs I know", False),
        ("jazz, songs I don't know", True),
    ],
)
def test_only_what_is_new_to_the_viewer_is_unheard(text, unheard):
    assert plan_understood(text, known()).unheard is unheard


@pytest.mark.parametrize(
    "text", ["Set a timer for ten minutes", "docker run --rm ubuntu", "Wie wird morgen das Wetter?"]
)
def test_what_is_about_something_else_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        plan_understood(text, known())
    assert refused.value.specific_code == "PLAN_NOT_UNDERSTOOD"


def test_moods_in_order_are_an_arc_and_alone_are_none():
    told = [arc.arc for arc in arcs(tokens_of("starts calm and ends wild"))]
    assert [one.start < one.end for one in told] == [True]
    assert not list(arcs(tokens_of("calm and wild")))
