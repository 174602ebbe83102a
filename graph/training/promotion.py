"""Whether a trained model may be served. Pure functions over metrics, as they are stored.

Metrics: ``{"items": {"ARTIST": {"ndcg": …, "own_ndcg": …, "popularity_ndcg": …}, …}, "friends": {…} or None,
"data": {"users": …, "artist_plays": …, "track_plays": …}}``; every ranking measure at 20, on a
split that the measured model was not fitted on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

Metrics = Mapping[str, Any]

# Below this share of the active model's NDCG a model is clearly worse: the noise of a small community
# is smaller, and a model that lost a source of its scores falls further.
CLEARLY_WORSE = 0.9
# Two data sets are of a kind when their sizes differ by no more than this factor.
COMPARABLE = 1.2


def promotion_refusal(candidate: Metrics, active: Metrics | None) -> str:
    """Why the candidate must not be served; empty when it may.

    ``active`` are the metrics of the model that is served now, or None when there is none or when
    it learned from people who have since withdrawn: then it is no yardstick.
    """
    reasons = [*_broken(candidate), *_no_better_than_popularity(candidate)]
    if active is not None and _comparable(candidate, active):
        reasons += _clearly_worse(candidate, active)
    return "; ".join(reasons)


def finite(metrics: Any) -> Any:
    """The same with each number that JSON cannot hold as its name, such as "nan"."""
    if isinstance(metrics, Mapping):
        return {name: finite(value) for name, value in metrics.items()}
    if isinstance(metrics, list | tuple):
        return [finite(value) for value in metrics]
    return str(metrics) if isinstance(metrics, float) and not math.isfinite(metrics) else metrics


def _broken(candidate: Metrics) -> Iterator[str]:
    if not candidate["items"]:
        yield "nothing was held out, so nothing is known of the model"
    for kind, measured in candidate["items"].items():
        for name in ("ndcg", "recall"):
            if not 0.0 <= measured[name] <= 1.0:  # false for nan too
                yield f"{kind} {name} is {measured[name]}"


def _no_better_than_popularity(candidate: Metrics) -> Iterator[str]:
    """Measured from the viewers' own plays alone: what friends play is found without learning anything."""
    for kind, measured in candidate["items"].items():
        if not measured["own_ndcg"] > measured["popularity_ndcg"]:
            yield (
                f"{kind} NDCG@20 {measured['own_ndcg']:.4f} is not above the "
                f"{measured['popularity_ndcg']:.4f} of the most popular items"
            )


def _clearly_worse(candidate: Metrics, active: Metrics) -> Iterator[str]:
    for kind, before in active["items"].items():
        now = candidate["items"].get(kind)
        if now is None:
            yield f"{kind} is missing, and the active model has it"
        elif now["ndcg"] < CLEARLY_WORSE * before["ndcg"]:
            yield f"{kind} NDCG@20 {now['ndcg']:.4f} is clearly below the active model's {before['ndcg']:.4f}"


def _comparable(candidate: Metrics, active: Metrics) -> bool:
    for name, before in active["data"].items():
        now = candidate["data"].get(name, 0)
        if max(now, before) > COMPARABLE * min(now, before):
            return False
    return True
