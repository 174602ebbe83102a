"""One person's plays reach into models and counts only as far as somebody can have heard them; they are theirs as ever."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Purpose
from graph import reach, snapshot
from graph.models import Listen, Standing
from graph.services.standing import standing_refresh
from tests import factories

NOON = 1_767_268_800.0  # 2026-01-01


def told(*plays):
    """Plays as (track, seconds after noon, seconds played), of one person, each track by an artist of its own."""
    rows = sorted(plays, key=lambda play: play[1])
    track, start, seconds = (np.array(column) for column in zip(*rows, strict=True))
    return reach.Told(
        np.ones(len(rows), np.int64), track, 100 + track, NOON + start.astype(float), seconds.astype(float)
    )


def counted(*plays):
    return reach.counting(told(*plays)).sum()


def test_a_hundred_plays_in_one_second_are_one():
    assert counted(*[(1, 0.01 * number, 200) for number in range(100)]) == 1
    assert counted(*[(1, 0.01 * number, 0) for number in range(100)]) == 1  # nobody told how long


def test_what_can_have_been_heard_counts():
    on_repeat = [(1, 199 * number, 200) for number in range(5)]  # players tell whole seconds
    assert counted(*on_repeat) == 5
    assert counted((1, 0, 200), (2, 0, 200)) == 2  # two rooms of one house


def test_a_play_that_begins_while_another_of_the_track_runs_does_not_count():
    assert counted((1, 0, 200), (1, 100, 200), (1, 150, 10)) == 1
    assert counted((1, 0, 200), (1, 100, 200), (1, 300, 200)) == 2


def test_one_day_counts_a_track_ten_times_and_the_next_day_again():
    often = [(1, 400 * number, 200) for number in range(40)]
    assert counted(*often) == reach.TRACK_A_DAY
    next_day = [(1, reach.DAY + 400 * number, 200) for number in range(40)]
    assert counted(*often, *next_day) == 2 * reach.TRACK_A_DAY


def test_one_day_counts_an_artist_sixty_times():
    plays = told(*[(number, 10 * number, 60) for number in range(200)])
    assert reach.counting(plays._replace(artist=np.full(200, 7))).sum() == reach.ARTIST_A_DAY
    assert reach.counting(plays).sum() == 200


def test_a_day_has_no_more_than_a_days_listening():
    half_hours = [(number, 60 * number, 1_800) for number in range(100)]
    assert counted(*half_hours) == 48


PLAYS = st.lists(
    st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(0, 2 * 86_400), st.integers(0, 4_000)),
    max_size=60,
)


@given(plays=PLAYS)
def test_what_counts_can_have_been_heard(plays):
    rows = sorted(plays, key=lambda play: (play[0], play[2]))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
    whole = reach.Told(
        columns[:, 0], columns[:, 1], columns[:, 1], NOON + columns[:, 2], columns[:, 3].astype(float)
    )
    counts = reach.counting(whole)

    last = {}  # by person and track: when the latest play that counts can have ended
    for place in np.flatnonzero(counts):
        key = (whole.user[place], whole.track[place])
        assert whole.start[place] >= last.get(key, 0)
        last[key] = whole.start[place] + max(reach.SHORTEST, min(0.9 * whole.seconds[place], reach.LONGEST))
    for user in (1, 2):  # of each what it is without the other
        alone = whole.user == user
        assert (reach.counting(reach.Told(*(column[alone] for column in whole))) == counts[alone]).all()
    users, tracks, numbers = reach.weights(whole)
    assert numbers.sum() == counts.sum()
    assert len({*zip(users, tracks, strict=True)}) == len(users)


def contributor(**fields):
    return factories.answered(factories.listener(**fields), Purpose.RECORD, Purpose.CONTRIBUTE)


def burst(user, track, times):
    return Listen.objects.bulk_create(
        Listen(
            user=user, track=track, listened_at=factories.NOON, ms_played=200_000, source="burst", source_id=str(number)
        )
        for number in range(times)
    )  # fmt: skip


@pytest.mark.django_db
def test_a_burst_is_kept_and_learned_from_once(monkeypatch):
    monkeypatch.setattr(snapshot, "CHUNK", 7)  # people are told in several pieces
    song, other = factories.track(), factories.track()
    one, two = contributor(), contributor()
    burst(one, song, 20)
    factories.listens(one, other, 3)
    factories.listens(two, song, 4)

    taken = snapshot.take()

    assert Listen.objects.filter(user=one, track=song).count() == 20
    plays = zip(taken.track_plays.user, taken.track_plays.item, taken.track_plays.count, strict=True)
    assert [tuple(map(int, play)) for play in plays] == [(0, 0, 1), (0, 1, 3), (1, 0, 4)]


@pytest.mark.django_db
def test_a_new_account_counts_for_others_once_it_is_old_enough(settings):
    settings.ACCOUNT_DAYS_UNTIL_COUNTED = 3
    song = factories.track(standing=Standing.LISTENERS)
    old = [contributor(date_joined=timezone.now() - timedelta(days=4)) for _ in range(9)]
    new = contributor()
    for user in (*old, new):
        factories.listens(user, song)

    assert new.pk not in snapshot.take().users
    standing_refresh()
    song.refresh_from_db()
    assert song.standing == Standing.LISTENERS

    settings.ACCOUNT_DAYS_UNTIL_COUNTED = 0
    assert new.pk in snapshot.take().users
    standing_refresh()
    song.refresh_from_db()
    assert song.standing == Standing.COMMON
