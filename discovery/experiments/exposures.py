"""What is kept of an experiment: that something was shown, and which arm brought it. Through the gate, and never past it.

What came of it is asked of plays and likes when a report is made (`sessions`), so that what a person deletes, and who
takes EXPERIMENT or RECORD back, is in no report any more without anybody cleaning up. The clock deletes the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet

from accounts import intake, policies
from accounts.models import Consent, Purpose, User
from accounts.signals import on_device_beginning, records_deleted
from discovery.experiments.draft import A, B
from discovery.models import Experiment, ExposedItem, Exposure, Team
from discovery.platform import clock
from discovery.platform.errors import Conflict, ConsentMissing
from graph.models import ItemKind

EXPERIMENTS = (Purpose.EXPERIMENT,)  # what it rests on, beside RECORD
EXPOSURES_KEPT = timedelta(days=180)
TEAMS = (Team.A, Team.B)


@dataclass(frozen=True)
class Shown:
    """One answer: whose arm it was (None: both), which team brought each item, what it took, and which had nothing."""

    kind: ItemKind
    team: int | None
    items: Mapping[int, int]  # by key of the item
    seconds: tuple[float, ...]
    degraded: tuple[int, ...]


def connect() -> None:
    """Listen for deletions; called once, when the project is ready."""
    records_deleted.connect(_deleted, dispatch_uid="discovery.experiments")
    on_device_beginning.connect(_shown_delete, dispatch_uid="discovery.experiments")


def _shown_delete(*, user: User, **_: Any) -> None:
    """What somebody was shown says what they like, which is on their own device from now on."""
    ExposedItem.objects.filter(user=user).delete()


def exposure_note(*, user: User, experiment: Experiment, shown: Shown, at: datetime) -> bool:
    """Keep what was shown ``at`` this moment; return False, and keep nothing, where that is not granted (any more)."""
    try:
        with transaction.atomic():
            gate = intake.observe(user, also=EXPERIMENTS)
            since = agreed_since(user.pk).get()
            _day_note(gate, experiment, shown, at, since)
            _items_note(gate, experiment, shown, at, since)
    except (ConsentMissing, Conflict):  # withdrawn, or a private session begun, while it was ranked
        return False
    return True


def _day_note(
    gate: intake.Observer, experiment: Experiment, shown: Shown, at: datetime, since: datetime
) -> None:
    lookup = {"experiment": experiment, "day": at.date()}
    earlier = Exposure.objects.filter(user=gate.user, shown_at__gte=since, **lookup).first()
    before = earlier or Exposure(
        shown_at=at, answers=0, degraded_a=0, degraded_b=0, seconds_a=0.0, seconds_b=0.0
    )
    gate.put(
        Exposure, at=at, **lookup,
        defaults={
            "team": "" if shown.team is None else TEAMS[shown.team], "shown_at": before.shown_at,
            "answers": before.answers + 1,
            "degraded_a": before.degraded_a + shown.degraded[A],
            "degraded_b": before.degraded_b + shown.degraded[B],
            "seconds_a": before.seconds_a + shown.seconds[A],
            "seconds_b": before.seconds_b + shown.seconds[B],
        },
    )  # fmt: skip


def _items_note(
    gate: intake.Observer, experiment: Experiment, shown: Shown, at: datetime, since: datetime
) -> None:
    """The items that this day's earlier answers did not hold."""
    if not shown.items:
        return
    place: dict[str, Any] = {"experiment": experiment, "day": at.date(), "item_kind": shown.kind}
    there = ExposedItem.objects.filter(user=gate.user, item_id__in=shown.items.keys(), **place)
    there.filter(shown_at__lt=since).delete()  # of before they left and came back
    known = set(there.values_list("item_id", flat=True))
    gate.keep(
        [
            ExposedItem(user=gate.user, **place, item_id=item, team=TEAMS[team], shown_at=at)
            for item, team in shown.items.items()
            if item not in known
        ],
        at="shown_at",
    )


def agreed_since(user: OuterRef | int) -> QuerySet[Consent, datetime]:
    """When the latest of the answers was given that it rests on: what lies before counts as if it had never been."""
    rests_on = Consent.objects.filter(
        user=user, purpose__in=(Purpose.EXPERIMENT, Purpose.RECORD), friend=None
    )
    return rests_on.order_by("-changed_at").values_list("changed_at", flat=True)[:1]


def exposures_forget() -> int:
    """Delete what is older than it is kept, or of people who are in experiments no more; return how many rows."""
    return Exposure.objects.filter(_over()).delete()[0]


def exposed_items_forget() -> int:
    """The same of items."""
    return ExposedItem.objects.filter(_over()).delete()[0]


def _over() -> Q:
    return Q(day__lt=(clock.now() - EXPOSURES_KEPT).date()) | ~Q(user__in=policies.experimented_with())


def _deleted(
    *, user: User, tracks: frozenset[int], artists: frozenset[int], everything: bool, **_: Any
) -> None:
    """Nothing is kept of items that nothing of the user's is about any more."""
    if everything:
        Exposure.objects.filter(user=user).delete()
        ExposedItem.objects.filter(user=user).delete()
    about = Q(item_kind=ItemKind.TRACK, item_id__in=tracks) | Q(
        item_kind=ItemKind.ARTIST, item_id__in=artists
    )
    ExposedItem.objects.filter(about, user=user).delete()
