"""Which reports are of one play: a function of the set of reports, whatever order they came in.

Reports of one listener and one recording, from different sources and at most one of each, within two minutes, are one
play. The one that says most stands for it, the others are its echoes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from django.db.models import Q

from accounts.intake import restoring
from graph.models import Listen

WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Report:
    """What of a report decides to which play it belongs."""

    key: int
    track: int
    source: str
    source_id: str
    listened_at: datetime
    ms_played: int | None
    echo_of: int | None = None

    @property
    def order(self) -> tuple[datetime, str, str]:
        return self.listened_at, self.source, self.source_id


@dataclass(slots=True)
class _Play:
    first: datetime
    reports: dict[str, Report] = field(default_factory=dict)  # by source


def stands_for(reports: Iterable[Report]) -> dict[int, int]:
    """By report of one listener: the report that stands for its play."""
    by_track: dict[int, list[Report]] = defaultdict(list)
    for report in reports:
        by_track[report.track].append(report)
    standing: dict[int, int] = {}
    for told in by_track.values():
        for play in _plays(told):
            best = min(play.reports.values(), key=lambda report: (report.ms_played is None, *report.order))
            standing |= {report.key: best.key for report in play.reports.values()}
    return standing


def _plays(reports: Sequence[Report]) -> list[_Play]:
    """Each report joins the nearest play that its source has not told, the earliest reports first."""
    plays: list[_Play] = []
    for report in sorted(reports, key=lambda report: report.order):
        around = takewhile(lambda play: report.listened_at - play.first <= WITHIN, reversed(plays))  # noqa: B023  # used up here
        near = [play for play in around if report.source not in play.reports]
        if near:
            play = min(near, key=lambda play: (report.listened_at - play.first, play.first))
        else:
            plays.append(play := _Play(report.listened_at))
        play.reports[report.source] = report
    return plays


def plays_gather(
    user: int, *, tracks: Collection[int], since: datetime | None = None, until: datetime | None = None
) -> None:
    """Work out anew which of the listener's reports of these tracks, between these moments, are one play."""
    reports = _reports(user, tracks, since, until)
    if len({report.source for report in reports}) <= 1 and all(report.echo_of is None for report in reports):
        return
    standing = stands_for(reports)
    changed: dict[int | None, list[int]] = defaultdict(list)
    for report in reports:
        echo_of = standing[report.key] if standing[report.key] != report.key else None
        if echo_of != report.echo_of:
            changed[echo_of].append(report.key)
    with restoring():
        for echo_of, keys in changed.items():
            Listen.reports.filter(pk__in=keys).update(echo_of=echo_of)


def _reports(
    user: int, tracks: Collection[int], since: datetime | None, until: datetime | None
) -> list[Report]:
    """Reports between the moments, and those before and after that hang together with them."""
    rows = Listen.reports.filter(user=user, track__in=tracks)
    while True:
        narrowed = rows
        if since is not None:
            narrowed = narrowed.filter(listened_at__gte=since - WITHIN)
        if until is not None:
            narrowed = narrowed.filter(listened_at__lte=until + WITHIN)
        found = [
            Report(*row)
            for row in narrowed.order_by().values_list(
                "pk", "track", "source", "source_id", "listened_at", "ms_played", "echo_of"
            )
        ]
        moments = [report.listened_at for report in found]
        earlier, later = min(moments, default=since), max(moments, default=until)
        if (since is None or earlier is None or earlier >= since) and (
            until is None or later is None or later <= until
        ):
            return found
        since = earlier if since is not None else None
        until = later if until is not None else None


def told_otherwise(user: int, *, sources: Collection[str], since: datetime, until: datetime) -> bool:
    """Whether another source than these told anything of around these moments."""
    around = Q(listened_at__gte=since - WITHIN, listened_at__lte=until + WITHIN)
    return Listen.reports.filter(around, user=user).exclude(source__in=sources).exists()
