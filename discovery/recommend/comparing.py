"""One answer, made a second time by the other model of a trial: what both are made of goes into sums, and nothing else anywhere.

The second answer is shown to nobody, told to nobody, and kept nowhere. Where the sums say so, the trial ends with it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from discovery.platform import clock
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.makeup import FIRST, Shares, items_of, makeup
from discovery.recommend.ranking import Ranking
from discovery.recommend.trial import COMPARED, Pair, is_drawn
from graph.models import ModelVersion
from graph.serving import drift, watch
from graph.serving.index import ItemIndex

Select = Callable[[ItemIndex, PermittedEvidence], Ranking]

# Models that this process has asked before: a first answer takes longer, for it makes what others find.
_warm: set[tuple[uuid.UUID, str]] = set()


def pair_note(
    pair: Pair, permitted: PermittedEvidence, select: Select, ranked: Ranking, seconds: float
) -> None:
    """Compare ``ranked``, which took so much CPU time, with what the other model makes of the same evidence."""
    if not is_drawn(COMPARED[pair.tried.state]):
        return
    amounts = _amounts(pair, permitted, select, ranked, seconds)
    where = pair.tried.id, pair.tried.state, pair.before.version.pk
    if drift.due(watch.sums_add(watch.trial_key(*where), amounts)):
        watch.trial_judge(*where)


def _amounts(
    pair: Pair, permitted: PermittedEvidence, select: Select, ranked: Ranking, seconds: float
) -> dict[str, float]:
    before, now = pair.indexes(permitted.kind)
    if before is None or now is None:
        return {"poorer": float(now is None), "richer": float(before is None)}
    other = before if pair.tried_answers else now
    warm = _is_warm(pair, permitted.kind.value)
    begun = time.thread_time()
    second = select(other, permitted)
    spent = time.thread_time() - begun
    rankings, times = (ranked, second), (seconds, spent)
    if pair.tried_answers:
        rankings, times = rankings[::-1], times[::-1]
    amounts = {"overlap": _overlap(*rankings)}
    lacking = [not len(ranking.ids) for ranking in rankings]
    amounts |= {"poorer": lacking[1] > lacking[0], "richer": lacking[0] > lacking[1]}
    if warm:
        amounts |= {"timed": 1, "seconds_before": times[0], "seconds_now": times[1]}
    items = items_of(permitted.kind, {key for ranking in rankings for key in ranking.ids[:FIRST].tolist()})
    made = [
        makeup(index, ranking, items, before) for index, ranking in zip((before, now), rankings, strict=True)
    ]
    return amounts | _differences(*made)


def _differences(before: Shares, now: Shares) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for name in before.keys() & now.keys():
        for bucket in before[name].keys() | now[name].keys():
            p, q = before[name].get(bucket, 0.0), now[name].get(bucket, 0.0)
            place = f"{name}|{bucket}"
            amounts |= {f"{place}|before": p, f"{place}|now": q, f"{place}|squared": (q - p) ** 2}
    return amounts


def own_note(active: ModelVersion | None, index: ItemIndex, ranked: Ranking) -> None:
    """Count what an answer of the active model is made of, by day."""
    if active is None:
        return
    kind = ranked.evidence.kind
    made = makeup(index, ranked, items_of(kind, ranked.ids[:FIRST].tolist()), index)
    amounts: dict[str, float] = {}
    for name, shares in made.items():
        for bucket, share in shares.items():
            amounts |= {f"{name}|{bucket}|now": share, f"{name}|{bucket}|squared": share**2}
    watch.sums_add(watch.day_key(active.pk, clock.now().date()), amounts)


def outcome_note(pair: Pair, reward: float) -> None:
    """Count what came of something that a canary, or the active model beside it, played to somebody who agreed."""
    group = drift.CANARY if pair.tried_answers else drift.CONTROL
    key = watch.trial_key(pair.tried.id, pair.tried.state, pair.before.version.pk)
    watch.sums_add(key, {f"outcome|{group}|count": 1, f"outcome|{group}|sum": reward}, pairs=0)


def _overlap(first: Ranking, second: Ranking) -> float:
    """The share of the first items that both have."""
    ids = [set(ranking.ids[:FIRST].tolist()) for ranking in (first, second)]
    longest = max(map(len, ids))
    return len(ids[0] & ids[1]) / longest if longest else 1.0


def _is_warm(pair: Pair, kind: str) -> bool:
    keys = {(model.version.pk, kind) for model in (pair.before, pair.now)}
    warm = keys <= _warm
    _warm.update(keys)
    return warm
