"""Private aggregates from devices (FEEDBACK): two yes-or-no questions a day, answered by chance before an answer is sent.

Randomized response (Warner 1965): a device tells the truth with the probability ``TRUTH`` and the opposite otherwise, so that
no answer says much of whoever gave it (ε = ``EPSILON`` an answer, twice that a day). Of many answers the share of those to
whom the question applies is estimated without bias.

Kept: counts by day and question. Beside them, that somebody reported on a day, which ends a day later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import deliberate
from accounts.models import Purpose, User
from discovery.models import DeviceReport, DeviceTally
from discovery.platform import clock
from discovery.platform.errors import Conflict, ConsentMissing


class Question(StrEnum):
    """What a device answers of its day."""

    FIRST_PLAYED = "FIRST_PLAYED"  # whether the first of a list that was shown was played
    HALF_SKIPPED = "HALF_SKIPPED"  # whether more than half of what was begun was skipped


EPSILON = 0.5  # of one answer; 1 a day
TRUTH = math.exp(EPSILON) / (1 + math.exp(EPSILON))
REPORTS_KEPT = timedelta(hours=24)  # after the day


@dataclass(frozen=True)
class Estimate:
    """Of the devices that answered on a day, the share to which the question applies, with its 95 % interval."""

    day: date
    question: Question
    answers: int
    share: float
    low: float
    high: float


@transaction.atomic
def report_take(*, user: User, answers: Mapping[Question, bool]) -> bool:
    """Count what a device of ``user`` answers today; return False, and count nothing, where one did already.

    Raises:
        ConsentMissing: FEEDBACK is not granted now, by a text that tells of it.
        Conflict: in a private session (PRIVATE_SESSION).

    """
    act = deliberate(user)
    if not policies.permits_feedback(act.user):
        raise ConsentMissing(_("This is not granted."), field=Purpose.FEEDBACK.value)
    if act.private:
        raise Conflict(_("This was said in a private session."), code="PRIVATE_SESSION")
    day = clock.now().date()
    with act.write():
        fresh = DeviceReport.objects.get_or_create(user=act.user, day=day)[1]
    if fresh:
        for question, yes in answers.items():
            tally = DeviceTally.objects.get_or_create(day=day, question=question)[0]
            DeviceTally.objects.filter(pk=tally.pk).update(answers=F("answers") + 1, yes=F("yes") + int(yes))
    return fresh


def estimates(days: int) -> list[Estimate]:
    """Of days that are over, the latest first: what was answered by as many devices as a sum needs."""
    today = clock.now().date()
    rows = DeviceTally.objects.filter(
        day__lt=today, day__gte=today - timedelta(days=days), answers__gte=policies.SMALLEST_AGGREGATE
    )
    known = set(Question)
    return [estimate(row) for row in rows.order_by("-day", "question") if row.question in known]


def estimate(row: DeviceTally) -> Estimate:
    """The share of true yeses, of which chance was taken out. It may lie outside of 0 to 1 where few answered."""
    said = row.yes / row.answers
    share = (said - (1 - TRUTH)) / (2 * TRUTH - 1)
    # An answer is yes or no, and of no other share more uncertain than of a half.
    error = 1.96 * 0.5 / math.sqrt(row.answers) / (2 * TRUTH - 1)
    return Estimate(row.day, Question(row.question), row.answers, share, share - error, share + error)


def reports_forget() -> int:
    """Delete who reported on days that are over for long enough; return how many."""
    return DeviceReport.objects.filter(day__lt=(clock.now() - REPORTS_KEPT).date()).delete()[0]
