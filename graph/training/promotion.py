"""Whether a trained model may be served. Pure functions over metrics, as they are stored.

Metrics: ``{"items": {"ARTIST": {"viewers": …, "ndcg": …, "own_ndcg": …, "popularity_ndcg": …,
"above_popularity": [low, high], "ndcg_error": …, "recall_error": …}, …}, "friends": {…} or None, "words": {"ARTIST": {"asked": …, "ndcg": …, "ndcg_error": …}, …},
"data": {"users": …, "artist_plays": …, "track_plays": …}}``; every ranking measure at 20, on a
split that the measured model was not fitted on.

How much a mean tells depends on how many listeners it is of. Of many it is compared as it stands. Of some, a model
is refused where it is clearly below: an interval says so, and a tie is in its favor. Of fewer nothing is compared, and
`not_measured` says so: among a handful of people popularity wins or loses by chance, and a model that is refused by
chance leaves them with none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

Metrics = Mapping[str, Any]

SOME, MANY = 20, 100  # listeners from whom on means are compared with their margin, and as they stand
# Below this share of the active model's NDCG or recall a model is clearly worse: the noise of a small community
# is smaller, and a model that lost a source of its scores falls further. One may hide the other: what a model finds
# less of, it may still put first.
CLEARLY_WORSE = 0.9
# Two data sets are of a kind when their sizes differ by no more than this factor.
COMPARABLE = 1.2
COMPARED = {"ndcg": "NDCG@20", "recall": "recall@20"}
ERRORS = 2.0  # standard errors by which two means of some listeners differ clearly


def promotion_refusal(candidate: Metrics, active: Metrics | None) -> str:
    """Why the candidate must not be served; empty when it may.

    ``active`` are the metrics of the model that is served now, or None when there is none or when
    it learned from people who have since withdrawn: then it is no yardstick.
    """
    reasons = [*_broken(candidate), *_no_better_than_popularity(candidate)]
    if active is not None and _comparable(candidate, active):
        reasons += _clearly_worse(candidate, active)
    return "; ".join(reasons)


def not_measured(candidate: Metrics) -> str:
    """What of the candidate nothing is known of because too few people are here to tell; empty where all is measured."""
    if not candidate["items"]:
        return "nothing could be held out of what is played here"
    few = [
        f"{kind} by {measured['viewers']}"
        for kind, measured in candidate["items"].items()
        if measured["viewers"] < SOME
    ]
    return f"{' and '.join(few)} of the {SOME} listeners that a comparison takes" if few else ""


def finite(metrics: Any) -> Any:
    """The same with each number that JSON cannot hold as its name, such as "nan"."""
    if isinstance(metrics, Mapping):
        return {name: finite(value) for name, value in metrics.items()}
    if isinstance(metrics, list | tuple):
        return [finite(value) for value in metrics]
    return str(metrics) if isinstance(metrics, float) and not math.isfinite(metrics) else metrics


def _broken(candidate: Metrics) -> Iterator[str]:
    if not candidate["items"] and _might_be_measured(candidate["data"]):
        yield "nothing was held out, so nothing is known of the model"
    for kind, measured in candidate["items"].items():
        for name in ("ndcg", "own_ndcg", "recall"):
            if not 0.0 <= measured[name] <= 1.0:  # false for nan too
                yield f"{kind} {name} is {measured[name]}"


def _might_be_measured(data: Mapping[str, int]) -> bool:
    """Whether there are so many people, with anything played, that a model nobody measured is a mistake."""
    return data["users"] >= MANY and data["artist_plays"] + data["track_plays"] > 0


def _no_better_than_popularity(candidate: Metrics) -> Iterator[str]:
    """Measured from the viewers' own plays alone: what friends play is found without learning anything."""
    for kind, measured in candidate["items"].items():
        own, popular = measured["own_ndcg"], measured["popularity_ndcg"]
        # Where both find everything or nothing, the question was none.
        if measured["viewers"] >= MANY and not own > popular and not own == popular in {0.0, 1.0}:
            yield f"{kind} NDCG@20 {own:.4f} is not above the {popular:.4f} of the most popular items"
        elif SOME <= measured["viewers"] < MANY and not measured["above_popularity"][1] >= 0:
            low, high = measured["above_popularity"]
            yield (
                f"{kind} NDCG@20 {own:.4f} is clearly below the {popular:.4f} of the most popular items "
                f"(the difference is {low:.4f} to {high:.4f})"
            )


def _clearly_worse(candidate: Metrics, active: Metrics) -> Iterator[str]:
    for kind, before in active["items"].items():
        if before["viewers"] < SOME:
            continue
        now = candidate["items"].get(kind)
        if now is None:
            yield f"{kind} is missing, and the active model has it"
        elif now["viewers"] >= SOME:
            for name, called in COMPARED.items():
                if now[name] < _least(name, now, before):
                    yield (
                        f"{kind} {called} {now[name]:.4f} is clearly below the active model's {before[name]:.4f}"
                    )
    for kind, before in active.get("words", {}).items():
        now = candidate.get("words", {}).get(kind)
        if now is not None and now["ndcg"] < min(
            CLEARLY_WORSE * before["ndcg"],
            before["ndcg"] - ERRORS * math.hypot(now["ndcg_error"], before["ndcg_error"]),
        ):
            yield (
                f"{kind} words are understood clearly worse: NDCG@20 {now['ndcg']:.4f}, and the active model's "
                f"{before['ndcg']:.4f}"
            )


def _least(name: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> float:
    """What a measure may fall to; models from before its error was kept are compared as they stand."""
    least: float = CLEARLY_WORSE * before[name]
    if min(now["viewers"], before["viewers"]) >= MANY:
        return least
    error = math.hypot(now.get(f"{name}_error", 0.0), before.get(f"{name}_error", 0.0))
    return min(least, float(before[name]) - ERRORS * error)


def _comparable(candidate: Metrics, active: Metrics) -> bool:
    for name, before in active["data"].items():
        now = candidate["data"].get(name, 0)
        if max(now, before) > COMPARABLE * min(now, before):
            return False
    return True
