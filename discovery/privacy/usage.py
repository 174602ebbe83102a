"""What is held about a person, why, and where it was used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Min, QuerySet

from accounts.models import Purpose, User
from accounts.policies import granted_purposes
from discovery.models import SocialUse
from discovery.privacy.stores import STORES


@dataclass(frozen=True)
class Held:
    """``count`` rows of one kind; ``used_for`` are the permissions by which they are in use now."""

    name: str
    why: str
    purpose: Purpose | None
    count: int
    used_for: tuple[Purpose, ...]
    oldest: date | datetime | None
    newest: date | datetime | None


def held(user: User) -> list[Held]:
    """Every kind of thing that is kept, also where there is none of it; a query each."""
    granted = granted_purposes(user)
    kinds = []
    for store in STORES:
        rows = store.rows(user)
        ends = rows.aggregate(oldest=Min(store.time), newest=Max(store.time)) if store.time else {}
        kinds.append(
            Held(
                store.name, str(store.why), store.purpose, rows.count(),
                tuple(purpose for purpose in store.used_for if purpose in granted),
                ends.get("oldest"), ends.get("newest"),
            )
        )  # fmt: skip
    return kinds


def shown_to(user: User) -> QuerySet[SocialUse]:
    """To whom the user's plays were shown or whose answers they shaped, latest first."""
    return SocialUse.objects.filter(source=user).order_by("-day", "-pk")
