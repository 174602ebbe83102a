"""The metrics: one record each, with what it is in plain words, and of what it is computed.

A metric is a sum over people of one column of `behavior.Behavior` by the sum of another; somebody of whom the other is 0
is not in it. `docs/engagement.md` is written from these records.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class MetricKey(StrEnum):
    """By how a metric is called in programs and in stored reports."""

    SESSIONS_A_WEEK = "SESSIONS_A_WEEK"
    SESSION_ITEMS = "SESSION_ITEMS"
    SESSION_MINUTES = "SESSION_MINUTES"
    PLAYS_A_DAY = "PLAYS_A_DAY"
    SKIP_SHARE = "SKIP_SHARE"
    HEARD_OUT_SHARE = "HEARD_OUT_SHARE"
    PLAYLISTS_MADE = "PLAYLISTS_MADE"
    PLAYLISTS_SHARED = "PLAYLISTS_SHARED"
    RETURNING = "RETURNING"
    CHURNED = "CHURNED"


class Interval(StrEnum):
    """How sure a figure is, 95 %."""

    PERSONS = "PERSONS"  # by drawing people anew; of many people, by the normal distribution of their ratio
    SHARE = "SHARE"  # of people, each a yes or a no: Wilson's


SHARE = _("share")  # the unit of what is a part of something


@dataclass(frozen=True)
class Metric:
    """Σ ``part`` by Σ ``whole``, over people; ``personal``: it says something of one person, too."""

    key: MetricKey
    name: Promise
    definition: Promise
    unit: Promise
    part: str
    whole: str
    interval: Interval = Interval.PERSONS
    personal: bool = True

    @property
    def share(self) -> bool:
        """Whether people read it in percent."""
        return self.unit is SHARE


METRICS: tuple[Metric, ...] = (
    Metric(
        MetricKey.SESSIONS_A_WEEK, _("Sessions"),
        _("How often somebody listens: sessions a listener and week. 30 minutes without music end a session."),
        _("sessions a week"), "sessions", "weeks",
    ),
    Metric(
        MetricKey.SESSION_ITEMS, _("Session length in tracks"),
        _("How many tracks are begun in a session."),
        _("tracks"), "begun", "sessions",
    ),
    Metric(
        MetricKey.SESSION_MINUTES, _("Session length in minutes"),
        _("From the beginning of a session's first track to the end of its last."),
        _("minutes"), "minutes", "sessions",
    ),
    Metric(
        MetricKey.PLAYS_A_DAY, _("Plays a day"),
        _("How many tracks a listener plays on a day. Skips are no plays."),
        _("plays a day"), "plays", "days",
    ),
    Metric(
        MetricKey.SKIP_SHARE, _("Skips"),
        _("Which part of the tracks that are begun is skipped."),
        SHARE, "skips", "begun",
    ),
    Metric(
        MetricKey.HEARD_OUT_SHARE, _("Heard out"),
        _("Which part of the tracks that are begun is played to 90 % or further, where both lengths are known."),
        SHARE, "heard_out", "timed",
    ),
    Metric(
        MetricKey.PLAYLISTS_MADE, _("Playlists made"),
        _("Playlists that a listener makes in a week; imported ones are not counted."),
        _("playlists a week"), "made", "weeks",
    ),
    Metric(
        MetricKey.PLAYLISTS_SHARED, _("Playlists shared"),
        _("Own playlists that a listener gives a friend in a week."),
        _("playlists a week"), "shared", "weeks",
    ),
    Metric(
        MetricKey.RETURNING, _("Returning listeners"),
        _("Of those who listened in the week before: who did so in this week, too."),
        SHARE, "returned", "seen_before", Interval.SHARE, personal=False,
    ),
    Metric(
        MetricKey.CHURNED, _("Churned listeners"),
        _("Of those who listened 28 to 56 days ago: who did not in the last 28 days."),
        SHARE, "churned", "seen_earlier", Interval.SHARE, personal=False,
    ),
)  # fmt: skip

BY_KEY = {metric.key: metric for metric in METRICS}
