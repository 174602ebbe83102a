"""The simulation beside closed formulas, and fits beside what they were made from."""

import json

import numpy as np
import pytest

from graph.bench.capacity import Wanted, cost, halo
from graph.bench.factors import bytes_of_listens, fit, fit_line
from graph.bench.queueing import arrivals, fewest_processes, mean_wait_of_erlang, simulate


@pytest.mark.parametrize(("processes", "load"), [(1, 0.5), (2, 0.8), (8, 0.7)])
def test_it_waits_as_erlang_says(processes, load):
    rng = np.random.default_rng(1)
    come = arrivals([processes * load / 0.03], 400_000 * 0.03 / (processes * load), rng)
    queue = simulate(come, rng.exponential(0.03, len(come)), processes)
    assert queue.mean_wait == pytest.approx(
        mean_wait_of_erlang(processes * load / 0.03, 0.03, processes), rel=0.05
    )
    assert queue.utilization == pytest.approx(load, rel=0.02)


def test_even_service_halves_the_wait():
    rng = np.random.default_rng(2)
    come = arrivals([20.0], 20_000, rng)
    queue = simulate(come, np.full(len(come), 0.03), 1)
    assert queue.mean_wait == pytest.approx(mean_wait_of_erlang(20.0, 0.03, 1) / 2, rel=0.05)


def test_one_process_fewer_breaks_the_bound():
    rng = np.random.default_rng(3)
    come = arrivals([200.0], 60, rng)
    service = rng.exponential(0.03, len(come))
    fewest, queue = fewest_processes(come, service, 0.02)
    assert queue.p95_wait <= 0.02 < simulate(come, service, fewest - 1).p95_wait


def test_more_than_can_be_served_has_no_mean():
    with pytest.raises(ValueError, match="more comes"):
        mean_wait_of_erlang(100.0, 0.03, 3)


def test_a_power_is_found_and_what_is_far_is_said():
    factor = fit([10, 100, 1000], [3 * size**1.2 for size in (10, 100, 1000)])
    assert (factor.exponent, factor.residual) == (pytest.approx(1.2), pytest.approx(0, abs=1e-9))
    assert not factor.is_far(10_000)
    assert factor.is_far(10_001)
    with pytest.raises(ValueError, match="two sizes"):
        fit([10, 10], [1, 2])


def test_what_is_fixed_is_not_taken_for_slow_growth():
    sizes, costs = [100, 1000, 10_000], [700 + 0.2 * size for size in (100, 1000, 10_000)]
    line = fit_line(sizes, costs)
    assert (line.fixed, line.scale) == (pytest.approx(700), pytest.approx(0.2))
    assert line.at(1_000_000) > 2 * fit(sizes, costs).at(1_000_000)


def test_bytes_between_workers_are_found_from_runs(tmp_path):
    def sent(plays, workers):
        rows = 1000 * (1 - 1 / workers) * (1 - np.exp(-1.3 * plays / (workers * 1000)))
        return {"workers": workers, "sent_mebibytes": [0, 0, 4 * rows * 500 / 2**20]}

    runs = [
        {"plays": plays, "items": 1000, "epochs": 4, "workers": [sent(plays, count) for count in (2, 4)]}
        for plays in (3000, 6000)
    ]
    (tmp_path / "workers.json").write_text(json.dumps({"sizes": runs}))
    found = halo(tmp_path)
    assert (found.sent, found.spread) == (pytest.approx(500, rel=1e-3), pytest.approx(1.3, rel=1e-3))


def test_no_price_is_made_up():
    wanted = Wanted(
        listeners=1, plays=1, items=1, workers=1, requests=1, answer_bytes=1000, wait=1, heard=1, trainings=1,
        sent_price=2.0,
    )  # fmt: skip
    amounts = {
        "web processes, each on a core": 1,
        "training CPU hours": 1.0,
        "database GiB of plays, indexes included": 1.0,
    }
    told = cost(wanted, amounts)
    assert told.pop("answers sent") == pytest.approx(2.0 * 1000 * 730 * 3600 / 1e9)
    assert set(told.values()) == {None}


@pytest.mark.django_db
def test_rows_are_measured_in_a_copy_that_is_gone():
    from django.db import connection

    from graph.models import Listen

    factor = bytes_of_listens((2000, 8000))
    assert factor.exponent == pytest.approx(1, abs=0.15)
    assert Listen.reports.count() == 0
    assert "measured_listen" not in connection.introspection.table_names()
