"""Who gets what is drawn once: the same whenever it is asked, and fairly."""

from hypothesis import given
from hypothesis import strategies as st

from discovery.experiments.draft import BOTH, A, B, arm_of, coins, team_draft

lists = st.lists(st.integers(1, 40), unique=True, max_size=30)


@given(lists, lists, st.integers(1, 1_000), st.integers(0, 60))
def test_pages_join_nothing_comes_twice_and_each_team_brings_its_best(first, second, person, length):
    coin = coins("salt", person, "2026-11-27", "TRACK")
    whole = team_draft(first, second, coin, 60)
    assert team_draft(first, second, coin, length) == whole[:length]
    items = [item for item, _team in whole]
    assert len(set(items)) == len(items)
    assert set(items) == {*first, *second}
    for team, own in ((A, first), (B, second)):
        brought = [item for item, which in whole if which == team]
        assert set(brought) <= set(own)
        assert brought == sorted(brought, key=own.index)
    teams = [team for _item, team in whole if team != BOTH]
    for place in range(0, len(teams) - 1, 2):  # rounds: one each
        assert {teams[place], teams[place + 1]} == {A, B}


def test_the_hand_made_draft():
    assert team_draft([1, 2, 3, 9], [1, 4], [A, B, A, A, A], 10) == [
        (1, A),
        (4, B),
        (2, BOTH),
        (3, BOTH),
        (9, BOTH),
    ]
    assert team_draft([1, 2], [1, 4], [B, A], 2) == [(1, B), (2, A)]


def test_people_days_and_experiments_are_drawn_apart_and_evenly(settings):
    arms = [arm_of("salt", person) for person in range(2_000)]
    assert 900 < sum(arms) < 1_100
    assert arms == [arm_of("salt", person) for person in range(2_000)]
    other = [arm_of("other", person) for person in range(2_000)]
    assert 900 < sum(one == two for one, two in zip(arms, other, strict=True)) < 1_100
    drawn = [[coins("salt", 7, f"2026-11-{day}", "TRACK")[n] for n in range(300)] for day in (27, 28)]
    assert 110 < sum(one == two for one, two in zip(*drawn, strict=True)) < 190
    settings.SIGNING_KEY = "another"
    assert arms != [arm_of("salt", person) for person in range(2_000)]
