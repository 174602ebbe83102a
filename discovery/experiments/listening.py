"""How people of an A/B test listened before they were first shown something, and since: each person's own figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, When

from discovery.experiments.sessions import joined, last_day
from discovery.models import Experiment, Exposure
from graph.models import HEARD, Listen, counted

BEFORE = timedelta(days=28)
LEAST = timedelta(days=7)  # since the first exposure, or a person is not told of yet
GAP = timedelta(minutes=30)  # of silence ends a session
HEARD_OR_NOT = Case(When(HEARD, then=True), default=False)
NAMES = ("plays a day", "skips a day", "share heard out", "plays a session")


@dataclass(frozen=True)
class Listened:
    """One person's figures by name, as (before, since)."""

    team: str
    figures: Mapping[str, tuple[float, float]]


def listened(experiment: Experiment, *, at: datetime) -> list[Listened]:
    """Everybody in it who has been for a week, in one order."""
    until, people = last_day(at), []
    for user, (first, team) in sorted(first_exposures(experiment, at=at).items()):
        if until - first < LEAST:
            continue
        kept = counted(track="track", artist="track__artist")
        rows = Listen.objects.filter(kept, user=user, listened_at__gte=first - BEFORE, listened_at__lt=until)
        plays = list(rows.order_by("listened_at", "pk").values_list("listened_at", HEARD_OR_NOT))
        before = _figures([play for play in plays if play[0] < first], BEFORE)
        since = _figures([play for play in plays if play[0] >= first], until - first)
        people.append(Listened(team, {name: (before[name], since[name]) for name in NAMES}))
    return people


def first_exposures(experiment: Experiment, *, at: datetime) -> dict[int, tuple[datetime, str]]:
    """When each person in it was first shown something, and which arm they are in."""
    since, until = joined(experiment), last_day(at)
    rows = Exposure.objects.filter(experiment=experiment, shown_at__lt=until, user__in=since.keys())
    first: dict[int, tuple[datetime, str]] = {}
    for user, shown_at, team in rows.order_by("shown_at", "pk").values_list("user", "shown_at", "team"):
        if shown_at >= since[user]:
            first.setdefault(user, (shown_at, team))
    return first


def arms_of(people: Mapping[int, tuple[datetime, str]]) -> Counter[str]:
    """How many people are in each arm."""
    return Counter(team for _first, team in people.values())


def by_team(people: Sequence[Listened], name: str) -> dict[str, list[tuple[float, float]]]:
    """One figure of everybody, by arm."""
    told: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for person in people:
        told[person.team].append(person.figures[name])
    return told


def _figures(plays: Sequence[tuple[datetime, bool]], span: timedelta) -> dict[str, float]:
    days = max(span / timedelta(days=1), 1.0)
    heard = sum(played for _moment, played in plays)
    sessions = sum(
        number == 0 or moment - plays[number - 1][0] > GAP for number, (moment, _played) in enumerate(plays)
    )
    values = (
        heard / days, (len(plays) - heard) / days, heard / max(len(plays), 1), len(plays) / max(sessions, 1),
    )  # fmt: skip
    return dict(zip(NAMES, values, strict=True))
