"""Sums over comparisons of two models, kept in Redis by all processes together; no person is in them, and no answer.

Goes in: what one pair of answers adds. Comes out: the sums, and the end of a trial where they are over a bound.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import redis

from discovery.platform import clock
from discovery.platform.pulse import client
from graph.serving import drift
from graph.serving.drift import Counted, Shares
from graph.serving.standby import trial_stop

logger = logging.getLogger(__name__)

PREFIX = "earshot:watch:"
KEPT_SECONDS = 30 * 24 * 60 * 60  # after the last comparison
LOOK_SECONDS = 5.0  # how long an answer of Redis, or none, counts
FIRST_DAYS, LAST_DAYS, TOLD = (
    3,
    2,
    200,
)  # of one model's own answers: days that are compared, and how many answers they take

_looked: tuple[float, bool] | None = None  # when Redis was asked, and whether it answered


def is_watched() -> bool:
    """Whether what is served could be counted now: what cannot be watched is not served."""
    if _looked is not None and time.monotonic() - _looked[0] < LOOK_SECONDS:
        return _looked[1]
    try:
        client().ping()
    except redis.RedisError:
        return _note(answers=False)
    return _note(answers=True)


def _note(*, answers: bool) -> bool:
    global _looked  # noqa: PLW0603 one look a process
    _looked = time.monotonic(), answers
    return answers


def trial_key(tried: uuid.UUID, state: str, active: uuid.UUID) -> str:
    """Where a trial is counted: of each of its states, and beside another model, anew."""
    return f"{PREFIX}{tried}:{state}:{active}"


def day_key(active: uuid.UUID, day: date) -> str:
    """Where a day's answers of the active model are counted."""
    return f"{PREFIX}own:{active}:{day:%Y-%m-%d}"


def sums_add(key: str, amounts: Mapping[str, float], *, pairs: int = 1) -> int:
    """Add to the sums in one round trip; returns how many pairs there are now, 0 where Redis did not take it."""
    try:
        with client().pipeline(transaction=False) as pipe:
            pipe.hincrby(key, "pairs", pairs)
            for name, amount in amounts.items():
                if amount:
                    pipe.hincrbyfloat(key, name, amount)
            pipe.expire(key, KEPT_SECONDS)
            there = int(pipe.execute()[0])
    except redis.RedisError as error:
        logger.warning("a comparison is not counted: %s", error)
        _note(answers=False)
        return 0
    return there


def sums_read(key: str) -> Counted:
    """The sums. Raises redis.RedisError."""
    found: Mapping[bytes, bytes] = client().hgetall(key)  # type: ignore[assignment]  # not the asynchronous one
    return _counted({name.decode(): float(value) for name, value in found.items()})


def trial_judge(tried: uuid.UUID, state: str, active: uuid.UUID) -> str:
    """Look at the sums, and end the trial where something is over its bound; returns why, empty where nothing is."""
    try:
        why = drift.breach(sums_read(trial_key(tried, state, active)))
    except redis.RedisError as error:
        logger.warning("model %s could not be looked at: %s", tried, error)
        return ""
    if why and trial_stop(tried, why):
        logger.error("model %s is stopped: %s", tried, why)
    return why


def is_drifting(active: uuid.UUID) -> bool:
    """Whether the active model's answers of the last whole days are made of other things than those of its first."""
    today = clock.now().date()
    days = [today - timedelta(days=back) for back in range(1, KEPT_SECONDS // 86_400)]
    try:
        there = [(day, sums_read(day_key(active, day))) for day in days]
    except redis.RedisError as error:
        logger.warning("drift could not be looked at: %s", error)
        return False
    counted = [sums for _day, sums in sorted(there, key=lambda each: each[0]) if sums.pairs]
    first, last = _together(counted[:FIRST_DAYS]), _together(counted[FIRST_DAYS:][-LAST_DAYS:])
    if min(first.pairs, last.pairs) < TOLD:
        return False
    return any(
        drift.unpaired(family, last.families.get(name, {})) > drift.LARGE
        for name, family in first.families.items()
    )


def _together(parts: list[Counted]) -> Counted:
    families: dict[str, dict[str, Shares]] = {}
    for part in parts:
        for name, family in part.families.items():
            sums = families.setdefault(name, {})
            for bucket, shares in family.items():
                one = sums.get(bucket, Shares())
                sums[bucket] = Shares(now=one.now + shares.now, squared=one.squared + shares.squared)
    return Counted(pairs=sum(part.pairs for part in parts), families=families)


def _counted(sums: dict[str, float]) -> Counted:
    families: dict[str, dict[str, dict[str, float]]] = {}
    outcomes: dict[str, list[float]] = {}
    plain: dict[str, Any] = {}
    for name, value in sums.items():
        match name.split("|"):
            case ["outcome", group, part]:
                outcomes.setdefault(group, [0.0, 0.0])[part == "sum"] = value
            case [family, bucket, part]:
                families.setdefault(family, {}).setdefault(bucket, {})[part] = value
            case _:
                plain[name] = int(value) if name in {"pairs", "poorer", "richer", "timed"} else value
    return replace(
        Counted(**plain),
        families={
            name: {bucket: Shares(**parts) for bucket, parts in family.items()}
            for name, family in families.items()
        },
        outcomes={group: (int(count), total) for group, (count, total) in outcomes.items()},
    )
