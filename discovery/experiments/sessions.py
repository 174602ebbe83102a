"""What came of what was shown: of each session (somebody's day) how often a team's items were played or liked, or skipped.

An item earns one credit where the person plays it for 30 seconds or half of it, or likes it, within 24 hours of being
shown it. A skip takes nothing away and is counted apart. Only days whose 24 hours are over are told, and only of people
who are in experiments at this moment, since they last said so: what lies before counts as if it had never been. What they
excluded from their taste is not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, Max, Q, QuerySet, When

from accounts import policies
from accounts.models import Consent, Purpose
from discovery.experiments.draft import A, B
from discovery.models import Experiment, ExposedItem, Exposure, Team
from graph.models import Feedback, FeedbackKind, ItemKind, Listen, counted
from graph.models.listening import HEARD_MS

WITHIN = timedelta(hours=24)
# Played long enough to count: unknown lengths get the benefit of the doubt. Divided: PostgreSQL's integers overflow.
PLAYED = Q(ms_played=None) | Q(ms_played__gte=HEARD_MS) | Q(ms_played__gte=F("track__duration_ms") / 2)

PLAYED_OR_NOT = Case(When(PLAYED, then=True), default=False)

_TEAM = {Team.A.value: A, Team.B.value: B}


@dataclass(frozen=True, order=True)
class Session:
    """What one person did on one day with what each team (A, B) brought."""

    user: int
    day: str
    shown: tuple[int, int]
    credits: tuple[int, int]
    skips: tuple[int, int]


@dataclass
class _Item:
    shown_at: datetime
    team: int
    credited: bool = False
    skipped: bool = False


def last_day(at: datetime) -> datetime:
    """What was shown before this moment has had its 24 hours ``at`` the time of a report."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) - WITHIN


def joined(experiment: Experiment) -> dict[int, datetime]:
    """Who is in it, by key, and since when: the latest of the answers that it rests on.

    Two plain questions: in one, a database that has not counted its rows yet may go through them for each person.
    """
    people = set(policies.experimented_with().values_list("pk", flat=True))
    rests_on = Consent.objects.filter(purpose__in=(Purpose.EXPERIMENT, Purpose.RECORD), friend=None)
    since = rests_on.order_by().values_list("user").annotate(since=Max("changed_at"))
    return {user: max(moment, experiment.started_at) for user, moment in since if user in people}


def sessions_told(experiment: Experiment, *, at: datetime) -> list[Session]:
    """Every session that a report ``at`` this moment tells, in one order."""
    since, until = joined(experiment), last_day(at)
    items: dict[tuple[int, str], dict[tuple[str, int], _Item]] = defaultdict(dict)
    rows = ExposedItem.objects.filter(experiment=experiment, shown_at__lt=until, user__in=since.keys())
    for user, day, kind, item, team, shown_at in rows.values_list(
        "user", "day", "item_kind", "item_id", "team", "shown_at"
    ):
        if shown_at >= since[user]:
            items[user, day.isoformat()][kind, item] = _Item(shown_at, _TEAM[team])
    _follow(items)
    return sorted(_session(user, day, list(shown.values())) for (user, day), shown in items.items())


def _session(user: int, day: str, items: list[_Item]) -> Session:
    def count(team: int, name: str) -> int:
        return sum(item.team == team and (name == "shown" or getattr(item, name)) for item in items)

    shown, credited, skipped = ((count(A, name), count(B, name)) for name in ("shown", "credited", "skipped"))
    return Session(user, day, shown, credited, skipped)


def _follow(items: Mapping[tuple[int, str], Mapping[tuple[str, int], _Item]]) -> None:
    """Mark what was played, liked or skipped within its 24 hours."""
    by_user: dict[int, list[Mapping[tuple[str, int], _Item]]] = defaultdict(list)
    for (user, _day), shown in items.items():
        by_user[user].append(shown)
    for user, days in by_user.items():
        moments = [item.shown_at for shown in days for item in shown.values()]
        first, last = min(moments), max(moments) + WITHIN
        for track, artist, moment, played in _plays(user, first, last):
            for key in ((ItemKind.TRACK.value, track), (ItemKind.ARTIST.value, artist)):
                _mark(days, key, moment, played=played)
        for track, artist, moment, kind in _words(user, first, last):
            key = (ItemKind.TRACK.value, track) if track is not None else (ItemKind.ARTIST.value, artist)
            _mark(days, key, moment, played=kind == FeedbackKind.LIKE)


def _mark(
    days: list[Mapping[tuple[str, int], _Item]], key: tuple[str, int], moment: datetime, *, played: bool
) -> None:
    for shown in days:
        item = shown.get(key)
        if item is not None and item.shown_at <= moment < item.shown_at + WITHIN:
            item.credited |= played
            item.skipped |= not played


def _plays(user: int, first: datetime, last: datetime) -> QuerySet[Listen, tuple[int, int, datetime, bool]]:
    kept = counted(track="track", artist="track__artist")
    rows = Listen.objects.filter(kept, user=user, listened_at__gte=first, listened_at__lt=last).order_by()
    return rows.values_list("track_id", "track__artist_id", "listened_at", PLAYED_OR_NOT)


def _words(user: int, first: datetime, last: datetime) -> QuerySet[Feedback, tuple[int, int, datetime, str]]:
    kinds = (FeedbackKind.LIKE, FeedbackKind.SKIP)
    kept = counted(track="track", artist="track__artist") & counted(artist="artist")
    rows = Feedback.objects.filter(kept, user=user, given_at__gte=first, given_at__lt=last, kind__in=kinds)
    return rows.order_by().values_list("track_id", "artist_id", "given_at", "kind")


@dataclass(frozen=True)
class Effort:
    """What answers took, by arm; of people in experiments now."""

    answers: tuple[int, int]
    degraded: tuple[int, int]
    seconds: tuple[float, float]
    people: int


def effort(experiment: Experiment, *, at: datetime) -> Effort:
    """Answers, those an arm had nothing for, and seconds: what guardrails watch beside skips."""
    since, until = joined(experiment), last_day(at)
    rows = sorted(
        Exposure.objects.filter(experiment=experiment, shown_at__lt=until, user__in=since.keys()).values_list(
            "user", "day", "shown_at", "team", "answers", "degraded_a", "degraded_b", "seconds_a", "seconds_b"
        )
    )
    answers, degraded, seconds, people = [0, 0], [0, 0], [0.0, 0.0], set()
    for user, _day, shown_at, team, made, without_a, without_b, took_a, took_b in rows:
        if shown_at < since[user]:
            continue
        people.add(user)
        for arm, without, took in ((A, without_a, took_a), (B, without_b, took_b)):
            answers[arm] += made if team in {"", "AB"[arm]} else 0
            degraded[arm] += without
            seconds[arm] += took
    return Effort((answers[A], answers[B]), (degraded[A], degraded[B]), (seconds[A], seconds[B]), len(people))
