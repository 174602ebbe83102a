"""Moments are told by a device, replaced, forgotten; and they end by the clock, and with the permission they were told on.

In go a label of a short list and two times, to five minutes; text is taken nowhere. Telling is a deliberate act, and what
is told is its time: in a private session, of which no moment is kept, it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import deliberate
from accounts.models import Purpose, User
from accounts.services.ledger import epoch_raise
from accounts.signals import grants_ended, on_device_beginning
from discovery.models import Moment, MomentLabel, OccasionPurpose, ReadyPlaylists
from discovery.platform import clock
from discovery.platform.errors import ConsentMissing, InvalidInput, LimitExceeded

MOST = 50
STEP = timedelta(minutes=5)  # nothing finer is taken
LONGEST = timedelta(days=1)
AHEAD = timedelta(days=14)
MOMENTS_KEPT = timedelta(hours=1)  # after its end


@dataclass(frozen=True)
class Told:
    """A moment as a device tells it."""

    label: MomentLabel
    starts_at: datetime
    minutes: int


def connect() -> None:
    """Listen for permissions that end; called once, when the project is ready."""
    grants_ended.connect(_ended, dispatch_uid="discovery.moments")
    on_device_beginning.connect(_all_delete, dispatch_uid="discovery.moments")


@transaction.atomic
def moments_set(*, user: User, purpose: OccasionPurpose, told: Sequence[Told]) -> None:
    """What ``user``'s devices tell on the word of ``purpose`` is this, and nothing that was told on it before.

    What is over already is not kept. What stays as it was stays the same row. Telling the same twice changes nothing.

    Raises:
        ConsentMissing: ``purpose`` is not granted now.
        Conflict: in a private session (PRIVATE_SESSION).
        LimitExceeded: more than ``MOST``.
        InvalidInput: too far ahead (MOMENT_TOO_FAR), or finer than five minutes or
            longer than a day (MOMENT_NOT_COARSE).

    """
    if len(told) > MOST:
        raise LimitExceeded(_("At most %(most)d moments are taken.") % {"most": MOST}, field="input")
    act = deliberate(user)
    if Purpose(purpose) not in policies.granted_purposes(act.user):
        raise ConsentMissing(_("This is not granted."), field=purpose.value)
    act.ensure_vote()
    wanted = _checked(told, clock.now())
    kept = {(row.label, row.starts_at): row for row in Moment.objects.filter(user=act.user, purpose=purpose)}
    same = {key for key, row in kept.items() if wanted.get(key) == row.ends_at}
    gone = [row.pk for key, row in kept.items() if key not in same]
    Moment.objects.filter(pk__in=gone).delete()
    with act.write():
        Moment.objects.bulk_create(
            Moment(user=act.user, purpose=purpose, label=label, starts_at=starts_at, ends_at=ends_at)
            for (label, starts_at), ends_at in wanted.items()
            if (label, starts_at) not in same
        )
    if gone or len(same) < len(wanted):
        epoch_raise([act.user.pk])


@transaction.atomic
def moments_forget(*, user: User, purpose: OccasionPurpose) -> int:
    """Delete what was told on the word of ``purpose``; return how many moments. It needs no permission."""
    act = deliberate(user)
    gone = Moment.objects.filter(user=act.user, purpose=purpose).delete()[0]
    if gone:
        epoch_raise([act.user.pk])
    return gone


def _all_delete(*, user: User, **_: Any) -> None:
    Moment.objects.filter(user=user).delete()
    ReadyPlaylists.objects.filter(user=user).delete()


@transaction.atomic
def ready_set(*, user: User, ready: bool) -> None:
    """From now on a playlist is made shortly before each of ``user``'s moments, or none."""
    act = deliberate(user)
    if not ready:
        ReadyPlaylists.objects.filter(user=act.user).delete()
        return
    with act.write():
        ReadyPlaylists.objects.get_or_create(user=act.user)


def moments_of(user: User) -> QuerySet[Moment]:
    """What is told and not over, the earliest first; of what is not permitted now, nothing."""
    granted = policies.granted_purposes(user) & frozenset(policies.OCCASIONS)
    coming = Moment.objects.filter(user=user, purpose__in=granted, ends_at__gt=clock.now())
    return coming.order_by("starts_at", "pk")


def moments_purge() -> int:
    """Delete what is over, and what rests on a permission that is not there; return how many rows."""
    over = Q(ends_at__lte=clock.now() - MOMENTS_KEPT)
    for purpose in policies.OCCASIONS:
        over |= Q(purpose=purpose) & ~Q(user__in=policies.permitting(purpose))
    return Moment.objects.filter(over).delete()[0]


def _checked(told: Sequence[Told], now: datetime) -> dict[tuple[str, datetime], datetime]:
    """When each moment ends, by what it is and when it begins; of two that begin together the longer one."""
    wanted: dict[tuple[str, datetime], datetime] = {}
    for moment in told:
        starts_at, lasts = moment.starts_at, timedelta(minutes=moment.minutes)
        if not timedelta() < lasts <= LONGEST or lasts % STEP or starts_at.timestamp() % STEP.total_seconds():
            raise InvalidInput(
                _("A moment begins and lasts in steps of five minutes, and at most a day."),
                field="input", code="MOMENT_NOT_COARSE",
            )  # fmt: skip
        if starts_at > now + AHEAD:
            raise InvalidInput(
                _("A moment begins within the next 14 days."), field="input", code="MOMENT_TOO_FAR"
            )
        if starts_at + lasts > now:
            key = (MomentLabel(moment.label).value, starts_at)
            wanted[key] = max(wanted.get(key, starts_at), starts_at + lasts)
    return wanted


def _ended(*, ended: Mapping[Purpose, frozenset[int]], **_more: Any) -> None:
    """In the transaction in which the permission ends, so that granting it again finds nothing of before."""
    for purpose in policies.OCCASIONS:
        if people := ended.get(purpose):
            Moment.objects.filter(user__in=people, purpose=purpose).delete()
