"""What a simulation comes to: one station against another, over days and assumptions, and estimates against truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from scipy.stats import sem, t

from discovery.experiments.offpolicy import Log, doubly_robust, ips, snips
from discovery.lab.listener_model import Assumptions, ListenerModel
from discovery.lab.simulate import (
    GREEDY,
    HITS_ALONE,
    RADIO,
    STATIONS,
    SUM_ALONE,
    UNLEARNING,
    Model,
    Outcomes,
    Station,
    run,
)
from discovery.radio.sources import Source
from graph.arrays import Doubles

RESAMPLES = 2_000
LOGGED = 2_000  # choices in one log
TEMPERATURE = 0.1  # of the policy that is evaluated: softmax of what the log's features say
PAIRS = (
    ("radio", "most popular"),
    ("radio", "radio without learning"),
    ("radio", "radio without learning, the sum alone"),
    ("radio", "radio, sources at random"),
    ("radio", "radio, greedy bandit"),
)
FACTORS = (0.5, 2.0)  # of each assumption, one at a time
JUDGED = ("radio", "radio without learning", "radio without learning, the sum alone", "most popular")


def stations(played: Mapping[str, Outcomes]) -> dict[str, dict[str, float]]:
    """Mean items a session and items heard out, by station."""
    return {
        name: {
            "length": float(outcomes.length.mean()),
            "heard": float(outcomes.reward.mean()),
            "share_heard": float(outcomes.reward.sum() / outcomes.length.sum()),
        }
        for name, outcomes in played.items()
    }


def against(played: Mapping[str, Outcomes], *, seed: int) -> list[dict[str, Any]]:
    """Each pair's ratio of means less 1, with bootstrap intervals over listeners (the same in both)."""
    rng = np.random.default_rng(seed)
    return [
        {
            "station": station,
            "against": rival,
            "length": ratio(played[station].length, played[rival].length, rng),
            "reward": ratio(played[station].reward, played[rival].reward, rng),
        }
        for station, rival in PAIRS
    ]


def ratio(ours: Doubles, theirs: Doubles, rng: np.random.Generator) -> dict[str, float]:
    """mean(ours) / mean(theirs) − 1 over the same listeners, with its 95 % percentile bootstrap interval."""
    chosen = rng.integers(len(ours), size=(RESAMPLES, len(ours)))
    drawn = ours[chosen].mean(axis=1) / theirs[chosen].mean(axis=1) - 1
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"gain": float(ours.mean() / theirs.mean() - 1), "low": float(low), "high": float(high)}


def bandits(days: Sequence[Model], listener_model: ListenerModel, *, runs: int, seed: int) -> dict[str, Any]:
    """The bandit against greedy in ``runs`` runs on the same luck, from nothing learned: reward of all listeners.

    The interval is Student's over the runs' differences, for within a run everybody shares one posterior.
    """
    rewards = np.array(
        [
            [_by_day(days, listener_model, station, seed + n) for station in (RADIO, GREEDY)]
            for n in range(runs)
        ]
    )
    ours, theirs = rewards[:, 0].sum(axis=1), rewards[:, 1].sum(axis=1)
    gains = (ours - theirs) / theirs.mean()
    return {
        "runs": runs,
        "listeners": len(listener_model.listeners),
        "won": int((ours > theirs).sum()),
        "reward": over_runs(gains),
        "gains": gains.tolist(),
        "by_day": (rewards[:, 0].sum(axis=0) / rewards[:, 1].sum(axis=0) - 1).tolist(),
    }


def turning(
    model: Model, listener_model: ListenerModel, turned: ListenerModel, *, runs: int, seed: int
) -> dict[str, Any]:
    """What is heard out after liking turned in the middle of a run, from nothing learned before it.

    By the bandit, by greedy, and by a radio that knew: it plays nothing but the most popular.
    """
    rewards = np.array(
        [
            [
                _by_day([model, model], listener_model, station, seed + n, turned)[1]
                for station in (RADIO, GREEDY, HITS_ALONE)
            ]
            for n in range(runs)
        ]
    )
    ours, greedy, knew = rewards.T
    return {
        "runs": runs,
        "listeners": len(listener_model.listeners),
        "won": int((ours > greedy).sum()),
        "against_greedy": over_runs((ours - greedy) / greedy.mean()),
        "against_one_that_knew": over_runs((ours - knew) / knew.mean()),
    }


def learning(model: Model, listener_model: ListenerModel, *, runs: int, seed: int) -> dict[str, Any]:
    """The sum that learns from what a session hears and skips against the same sum that does not, over ``runs`` days.

    Listeners are independent of one another here, so that the interval is the bootstrap's over them.
    """
    heard, length = (np.zeros((2, len(listener_model.listeners))) for _ in range(2))
    for n in range(runs):
        for which, station in enumerate((SUM_ALONE, UNLEARNING)):
            played = run([model], listener_model, station, seed + n, watched=False)
            heard[which] += played.reward
            length[which] += played.length
    rng = np.random.default_rng(seed)
    return {
        "days": runs,
        "listeners": len(listener_model.listeners),
        "reward": ratio(heard[0], heard[1], rng),
        "length": ratio(length[0], length[1], rng),
    }


def over_runs(gains: Doubles) -> dict[str, float]:
    """The mean of one gain a run [R] with Student's 95 % interval."""
    gain = float(gains.mean())
    half = float(sem(gains) * t.ppf(0.975, len(gains) - 1))
    return {"gain": gain, "low": gain - half, "high": gain + half}


def _by_day(
    days: Sequence[Model],
    listener_model: ListenerModel,
    station: Station,
    seed: int,
    turned: ListenerModel | None = None,
) -> Doubles:
    """Items heard out [days]."""
    played = run(days, listener_model, station, seed, watched=False, turned=turned)
    rewards = np.bincount(played.day, weights=played.reward, minlength=len(days))
    return rewards.astype(np.float64)


def headroom(played: Outcomes) -> dict[str, Any]:
    """What choosing a source could gain in the states that were met: mean chance that an item is heard out.

    By the policy itself, by each source throughout (by the whole sum where it has nothing to offer), and by
    whichever is best in each state, which nobody can know.
    """
    worth = np.where(np.isnan(played.worth), played.worth[:, [Source.SUM]], played.worth)
    return {
        "policy": float((played.probability * worth).sum(axis=1).mean()),
        "always": {source.name: float(worth[:, source].mean()) for source in Source},
        "best_in_each_state": float(worth.max(axis=1).mean()),
    }


def sensitivity(model: Model, listener_model: ListenerModel, *, seed: int) -> list[dict[str, Any]]:
    """The radio's gain in session length where one assumption is half, or twice, what it is."""
    wanted = [station for station in STATIONS if station.name in JUDGED]
    rows = []
    for constant in fields(Assumptions):
        for factor in FACTORS:
            value = type(getattr(listener_model.assumed, constant.name))(
                getattr(listener_model.assumed, constant.name) * factor
            )
            other = replace(listener_model, assumed=replace(listener_model.assumed, **{constant.name: value}))
            played = {station.name: run([model], other, station, seed, watched=False) for station in wanted}
            length = {name: float(outcomes.length.mean()) for name, outcomes in played.items()}
            heard = played["radio without learning"]
            rows.append({
                "assumption": constant.name, "value": value, "length": length["radio"],
                "heard_without_learning": float(heard.reward.sum() / heard.length.sum()),
                **{f"against {name}": length["radio"] / length[name] - 1 for name in JUDGED[1:]},
            })  # fmt: skip
    return rows


def off_policy(played: Outcomes, *, runs: int, seed: int) -> dict[str, Any]:
    """How often each estimate's interval covers the truth that the simulator knows.

    The states are those the radio met; the log draws a source in each with the probability the radio had
    there, and hears it out with the simulator's own probability. The policy evaluated is another one.
    """
    rng = np.random.default_rng(seed)
    whole = ~np.isnan(played.worth).any(axis=1)  # states in which every source had something to offer
    features, worth, logging = played.features[whole], played.worth[whole], played.probability[whole]
    target = _target(features, worth)
    truth = float((target * worth).sum(axis=1).mean())
    estimates = {"ips": ips, "snips": snips, "doubly_robust": doubly_robust}
    covered, width = dict.fromkeys(estimates, 0), dict.fromkeys(estimates, 0.0)
    for _ in range(runs):
        drawn = rng.integers(len(worth), size=LOGGED)
        log = _logged(features[drawn], worth[drawn], logging[drawn], rng)
        for name, estimate in estimates.items():
            interval = estimate(log, target[drawn])
            covered[name] += int(interval.covers(truth))
            width[name] += (interval.high - interval.low) / runs
    own = float((logging * worth).sum(axis=1).mean())
    return {
        "runs": runs, "choices_a_run": LOGGED, "states": len(worth), "truth": truth,
        "worth_of_the_logging_policy": own, "covered": covered, "mean_width": width,
    }  # fmt: skip


def _logged(features: Doubles, worth: Doubles, logging: Doubles, rng: np.random.Generator) -> Log:
    rows = np.arange(len(worth))
    arm = np.minimum((logging.cumsum(axis=1) < rng.random((len(worth), 1))).sum(axis=1), worth.shape[1] - 1)
    return Log(
        arm=arm, reward=(rng.random(len(worth)) < worth[rows, arm]).astype(np.float64),
        propensity=logging[rows, arm], features=features,
    )  # fmt: skip


def _target(features: Doubles, worth: Doubles) -> Doubles:
    """A policy that differs from the one that logged: softmax of a linear reading of the features."""
    arms = worth.shape[1]
    value = np.empty(worth.shape)
    for arm in range(arms):
        weights, *_ = np.linalg.lstsq(features[:, arm], worth[:, arm], rcond=None)
        value[:, arm] = features[:, arm] @ weights
    value = np.exp((value - value.max(axis=1, keepdims=True)) / TEMPERATURE)
    return np.asarray(value / value.sum(axis=1, keepdims=True), dtype=np.float64)
