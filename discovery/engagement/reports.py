"""Reports of a week: made by the clock once the week is over, of those who agree to it then, and never changed.

Whoever withdraws EXPERIMENT (or RECORD) before is out as if never in, figure for figure; whoever does afterwards is out of the
next. What is kept are aggregates of k people or more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from django.db import transaction

from accounts import policies
from accounts.models import User
from discovery.engagement.behavior import Behavior, Period, behavior, monday_of
from discovery.engagement.intervals import estimate
from discovery.engagement.metrics import METRICS, Metric
from discovery.engagement.told import told_cohorts
from discovery.models import EngagementFigure, EngagementReport
from discovery.platform import clock
from discovery.platform.one_moment import one_moment
from graph.arrays import Ids, Mask
from graph.models import Listen, counted

WEEK = timedelta(weeks=1)
OWN_PERIOD = timedelta(days=28)


def report_due(now: datetime | None = None) -> EngagementReport | None:
    """Make the report of the last whole week, where there is none yet; else None."""
    week = monday_of(now or clock.now()) - WEEK
    if EngagementReport.objects.filter(week=week).exists():
        return None
    return report_make(week=week)


def report_make(*, week: date) -> EngagementReport:
    """Measure the week that begins with this Monday. Raises IntegrityError where somebody else did."""
    k = policies.SMALLEST_AGGREGATE
    with one_moment():
        told = _measured(week)
    with transaction.atomic():
        report = EngagementReport.objects.create(week=week, smallest=k)
        figures = (figure for metric in METRICS for figure in _figures(report, metric, told, k))
        EngagementFigure.objects.bulk_create(figures, batch_size=1_000)
    return report


def _measured(week: date) -> Behavior:
    """Who allows it, and what they did: everything as of one moment, or plays of somebody who joins are another's."""
    begin = datetime.combine(week, time(), UTC)
    people = policies.experimented_with()
    keys = np.fromiter(people.order_by("pk").values_list("pk", flat=True), dtype=np.int64)
    plays = Listen.objects.filter(counted(track="track", artist="track__artist"), user__in=people)
    return behavior(plays, keys, Period(begin, begin + WEEK))


def reports(count: int) -> list[EngagementReport]:
    """The last ones, the latest first, with their figures."""
    rows = EngagementReport.objects.order_by("-week").prefetch_related("figures")
    return list(rows[:count])


def own_figures(user: User) -> list[tuple[Metric, float | None]]:
    """What somebody's own last 28 days add up to, for themselves: no figure where there is nothing to divide by."""
    until = clock.now()
    plays = Listen.objects.filter(user=user)
    own = behavior(plays, np.array([user.pk], dtype=np.int64), Period(until - OWN_PERIOD, until))
    return [
        (metric, float(own[metric.part][0] / whole) if (whole := own[metric.whole][0]) else None)
        for metric in METRICS
        if metric.personal
    ]


def _figures(report: EngagementReport, metric: Metric, told: Behavior, k: int) -> Iterator[EngagementFigure]:
    """Of everybody, and of each cohort, as far as enough people are in it, and enough of these have something to count.

    How many of them have is not told: beside another metric it would tell that somebody has not.
    """
    cohort = np.array([first.toordinal() if first else 0 for first in told.first], dtype=np.int64)
    there: Mask = cohort > 0
    counting: Mask = there & (told[metric.whole] > 0)
    cohorts = told_cohorts(_people(cohort[there]), k) & told_cohorts(_people(cohort[counting]), k)
    groups: list[tuple[date | None, Mask]] = [(each, cohort == each.toordinal()) for each in sorted(cohorts)]
    for each, group in [(None, there), *groups]:
        who = group & counting
        if int(who.sum()) < k:
            continue
        found = estimate(
            told[metric.part][who], told[metric.whole][who], metric.interval, of=f"{report.week} {metric.key} {each}"
        )  # fmt: skip
        yield EngagementFigure(
            report=report, metric=metric.key, cohort=each, people=int(group.sum()),
            value=found.value, low=found.low, high=found.high,
        )  # fmt: skip


def _people(cohorts: Ids) -> dict[date, int]:
    """How many people are of each cohort."""
    return {date.fromordinal(day): count for day, count in Counter(cohorts.tolist()).items()}
