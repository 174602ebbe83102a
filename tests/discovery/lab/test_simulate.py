"""Simulated listeners: their days, when they leave, and that the simulator adds up as the radio does."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from discovery.lab import simulate
from discovery.lab.listener_model import Assumptions, Listener, ListenerModel, moods
from discovery.lab.population import popularity
from discovery.lab.simulate import GREEDY, RADIO, STATIONS, Model, Outcomes, Session, Station, run
from discovery.lab.verdict import headroom, over_runs
from discovery.radio.bandit import greedy
from discovery.radio.choose import AMOUNT, KEPT, SEED_AMOUNT, channel_of
from discovery.radio.session import Outcome
from discovery.radio.sources import READINGS, Source, entries, parts_of, score
from graph.serving.channels import Channel
from tests.discovery.small_index import small_index

SIZE = 20


@pytest.fixture
def model():
    angle = 2 * np.pi * np.arange(SIZE) / SIZE
    index = small_index(np.stack([np.cos(angle), np.sin(angle)], axis=1), prior=np.linspace(0.2, 0.1, SIZE))
    index.rules = {channel: replace(rule, count_power=0.5) for channel, rule in index.rules.items()}
    return Model(index)


@pytest.fixture
def listener_model():
    near = np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE)))
    tag_weights = np.exp(-np.minimum(near, SIZE - near))
    tag_weights /= np.linalg.norm(tag_weights, axis=1, keepdims=True)
    people = [
        Listener(number, np.array([3, 4, 12]), entries([0, 1], [1.0, 2.0], [Channel.OWN] * 2), np.array([0, 1]), number % 2 == 0)
        for number in range(12)
    ]  # fmt: skip
    return ListenerModel(sp.csr_matrix(tag_weights), people)


def test_a_session_adds_up_as_the_radio_adds_it_up(model, listener_model):
    """The simulator fades a running sum; the radio fades each entry and takes back the index's scaling."""
    listener = listener_model.listeners[0]
    ears = listener_model.ears(listener, 1)
    own, friends = model.lasting(listener)
    session = Session(listener, ears, own, friends, np.float32(SEED_AMOUNT) * model.lifts[ears.seed])
    for row in (7, 12, 4, 15):
        session.hear(model, RADIO, row, Source.SUM, np.zeros((len(Source), 1)))
    faded = [AMOUNT[outcome] * KEPT**age for age, outcome in zip((3, 2, 1, 0), session.outcomes, strict=True)]
    said = entries(
        [ears.seed, *session.rows], [SEED_AMOUNT, *faded],
        [Channel.PICK, *map(channel_of, session.outcomes)],
    )  # fmt: skip
    refused = np.array([
        row for row, outcome in zip(session.rows, session.outcomes, strict=True) if outcome is Outcome.SKIPPED
    ], dtype=np.int64)  # fmt: skip
    expected = score(model.index, parts_of(model.index, listener.lasting, said), refused)
    scores = session.scores(model, RADIO)
    assert scores.session == pytest.approx(expected.session, abs=1e-5)
    assert scores.by(READINGS[Source.MINUTE]) == pytest.approx(expected.by(READINGS[Source.MINUTE]), abs=1e-4)
    assert scores.refused.tolist() == refused.tolist()


@pytest.mark.parametrize("station", [RADIO, GREEDY, STATIONS[-1]], ids=lambda station: station.name)
def test_the_same_seed_gives_the_same_day(model, listener_model, station):
    first, again = run([model], listener_model, station, 5), run([model], listener_model, station, 5)
    assert first.length.tolist() == again.length.tolist()
    assert first.reward.tolist() == again.reward.tolist()
    assert (first.reward <= first.length).all()


def test_everybody_meets_every_station_on_the_same_day(listener_model):
    first, again, next_day = (listener_model.ears(listener_model.listeners[1], seed) for seed in (5, 5, 6))
    assert first.heard.tolist() == again.heard.tolist() != next_day.heard.tolist()
    assert first.mood.tolist() == again.mood.tolist()
    assert first.seed is None  # this one starts from nothing


def test_what_fits_the_mood_is_heard_out_more_than_what_fits_another(listener_model):
    ears = listener_model.ears(listener_model.listeners[0], 5)
    here, there = (ears.chance[:, row] for row in (3, 12))
    assert ears.chance.shape == (listener_model.assumed.moods, SIZE)
    for chance in (here, there):
        assert chance.max() == pytest.approx(listener_model.assumed.hear_best)
        assert chance.min() < listener_model.assumed.hear_best / 2


def test_skips_in_a_row_make_people_leave(listener_model):
    ears = listener_model.ears(listener_model.listeners[0], 5)
    always = ListenerModel(
        listener_model.tag_weights,
        listener_model.listeners,
        Assumptions(leave=0, leave_skipped=0, leave_more=1),
    )
    assert always.stays(ears, [False])
    assert not always.stays(ears, [False, False])
    assert always.stays(ears, [False, False, True])


def test_likeness_makes_the_moods():
    tag_weights = sp.csr_matrix([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    groups = moods(tag_weights, 2)
    assert groups[0] == groups[1] != groups[2] == groups[3]


def test_the_days_share_the_cohorts_and_what_was_learned(model, listener_model, monkeypatch):
    monkeypatch.setattr(simulate, "COHORT", 3)
    silent = Model(small_index(np.zeros((SIZE, 2)), prior=np.linspace(0.2, 0.1, SIZE)))
    outcomes = run([silent, model], listener_model, RADIO, 5)
    assert np.bincount(outcomes.day).tolist() == [6, 6]
    alone = run([model], listener_model, RADIO, 5)
    assert alone.day.tolist() == [0] * 12
    assert outcomes.reward.tolist() != alone.reward.tolist()


def test_headroom_reads_what_was_met():
    """Two states; in the second only the whole sum and the most popular had something to offer."""
    worth = np.full((2, len(Source)), np.nan)
    worth[0] = [0.5, 0.1, 0.9, 0.2, 0.3, 0.4]
    worth[1, [Source.SUM, Source.POPULAR]] = [0.3, 0.6]
    chosen = np.zeros((2, len(Source)))
    chosen[:, Source.SUM] = 1
    empty = np.zeros(0)
    gains = headroom(Outcomes(empty, empty, empty, worth, chosen, empty.astype(int), empty.astype(int)))
    assert gains["policy"] == pytest.approx(0.4)
    assert gains["always"]["SESSION"] == pytest.approx((0.9 + 0.3) / 2)
    assert gains["best_in_each_state"] == pytest.approx((0.9 + 0.6) / 2)


def test_where_hits_are_liked_the_most_popular_fits_everybody(model, listener_model):
    hits = ListenerModel(
        listener_model.tag_weights, listener_model.listeners, listener_model.assumed, popularity(model.index)
    )
    best = int(model.index.prior.argmax())
    liked, here = (
        community.ears(listener_model.listeners[0], 5).chance[:, best] for community in (hits, listener_model)
    )
    assert liked == pytest.approx(listener_model.assumed.hear_best)
    assert (here < listener_model.assumed.hear_best / 2).all()


def test_a_gain_has_an_interval_over_the_runs():
    """Two runs, 0 and 0.2: the mean's standard error is 0.1, and Student's quantile for one degree of freedom 12.706."""
    gain = over_runs(np.array([0.0, 0.2]))
    assert gain == pytest.approx({"gain": 0.1, "low": 0.1 - 1.2706, "high": 0.1 + 1.2706}, abs=1e-4)


def test_liking_turns_on_the_last_of_the_days_alone(model, listener_model, monkeypatch):
    monkeypatch.setattr(simulate, "COHORT", 3)
    deaf = replace(listener_model, assumed=Assumptions(hear_any=0.0, hear_best=0.0))
    before, after = (run([model, model], listener_model, RADIO, 5, turned=turned) for turned in (None, deaf))
    first = before.day == 0
    assert before.reward[first].tolist() == after.reward[first].tolist()
    assert after.reward[~first].sum() == 0 < before.reward[~first].sum()


def test_stations_that_choose_alike_play_alike(model, listener_model):
    """What a policy draws for itself leaves the luck of the choice alone."""

    def drawing(posterior, x, open_arms, rng):
        rng.random(17)
        return greedy(posterior, x, open_arms, rng)

    plain, other = (run([model], listener_model, Station("", policy), 5) for policy in (greedy, drawing))
    assert plain.source.tolist() == other.source.tolist()
    assert plain.reward.tolist() == other.reward.tolist()
