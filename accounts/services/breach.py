"""The log of breaches (GDPR Art. 33 and 34): what happened, whom it concerns, what was done, when the authority was told.

Its lines are only ever added. Whom a breach concerns sees it from then on in their privacy settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from accounts.breaches import BreachConcern, BreachEntry
from accounts.models import User
from discovery.platform.errors import InvalidInput, NotFound

DEADLINE = timedelta(hours=72)  # to tell the authority, from when it was noticed
_BATCH = 1_000
Kind = BreachEntry.Kind


@dataclass(frozen=True)
class Breach:
    """A breach as its lines tell it."""

    number: int
    what: str
    happened_at: datetime
    noticed_at: datetime
    concerns: str
    people: int
    done: tuple[str, ...]
    authority_told_at: datetime | None

    @property
    def deadline(self) -> datetime:
        return self.noticed_at + DEADLINE

    @property
    def is_late(self) -> bool:
        """Whether the authority was told too late, or was not told and the time is over."""
        return (self.authority_told_at or timezone.now()) > self.deadline


@transaction.atomic
def breach_add(
    *,
    what: str,
    happened_at: datetime,
    noticed_at: datetime | None = None,
    done: str = "",
    people: QuerySet[User] | None = None,
    concerns: str = "",
) -> int:
    """Log a breach that concerns ``people`` (in words: ``concerns``); return its number.

    Raises:
        InvalidInput: it says nothing, or was noticed before it happened or after now.

    """
    now = timezone.now()
    noticed = noticed_at or now
    if not what.strip() or not happened_at <= noticed <= now:
        raise InvalidInput(
            "A breach is something that happened, and was noticed then or later.", field="what"
        )
    number: int = (BreachEntry.objects.aggregate(last=Max("breach"))["last"] or 0) + 1
    BreachEntry.objects.create(
        breach=number, kind=Kind.FOUND, text=what, at=happened_at, noticed_at=noticed, concerns=concerns
    )
    if done:
        BreachEntry.objects.create(breach=number, kind=Kind.DONE, text=done, at=now)
    if people is not None:
        BreachConcern.objects.bulk_create(
            (
                BreachConcern(breach=number, user_id=key)
                for key in people.order_by("pk").values_list("pk", flat=True)
            ),
            batch_size=_BATCH,
        )
    return number


def breach_note(*, breach: int, kind: BreachEntry.Kind, text: str, at: datetime | None = None) -> BreachEntry:
    """Add what was done, or that the authority was told. Raises NotFound for a breach that is not in the log."""
    if not BreachEntry.objects.filter(breach=breach, kind=Kind.FOUND).exists():
        raise NotFound(f"There is no breach {breach} in the log.", field="breach")
    return BreachEntry.objects.create(breach=breach, kind=kind, text=text, at=at or timezone.now())


def breach_list() -> list[Breach]:
    """Every breach, the latest first."""
    return _told(BreachEntry.objects.all())


def breach_notices(*, user: User) -> list[Breach]:
    """The breaches that concern ``user``, the latest first."""
    numbers = list(BreachConcern.objects.filter(user=user).values_list("breach", flat=True))
    return _told(BreachEntry.objects.filter(breach__in=numbers)) if numbers else []


def _told(entries: QuerySet[BreachEntry]) -> list[Breach]:
    lines = list(entries.order_by("breach", "pk"))
    counts = BreachConcern.objects.filter(breach__in={line.breach for line in lines}).order_by()
    people = dict(counts.values_list("breach").annotate(Count("pk")))
    return [
        _breach(found, [line for line in lines if line.breach == found.breach], people.get(found.breach, 0))
        for found in reversed(lines)
        if found.kind == Kind.FOUND
    ]


def _breach(found: BreachEntry, lines: Sequence[BreachEntry], people: int) -> Breach:
    return Breach(
        number=found.breach, what=found.text, happened_at=found.at, noticed_at=found.noticed_at or found.at,
        concerns=found.concerns, people=people,
        done=tuple(line.text for line in lines if line.kind == Kind.DONE),
        authority_told_at=_first(line.at for line in lines if line.kind == Kind.AUTHORITY),
    )  # fmt: skip


def _first(moments: Iterable[datetime]) -> datetime | None:
    return min(moments, default=None)
