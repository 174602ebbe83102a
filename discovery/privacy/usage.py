"""What is held about a person, why, where it was used, and which models saw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Min, QuerySet

from accounts.models import ConsentEvent, ConsentState, Purpose, User
from accounts.policies import granted_purposes
from discovery.models import SocialUse
from discovery.privacy.stores import STORES
from graph.models import ModelVersion


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


@dataclass(frozen=True)
class Span:
    """Positions of the ledger from one on (inclusive) to another (exclusive) or, None, to its end."""

    start: int
    stop: int | None

    def __contains__(self, position: object) -> bool:
        return (
            isinstance(position, int)
            and self.start <= position
            and (self.stop is None or position < self.stop)
        )


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


def models_that_saw(user: User) -> list[ModelVersion]:
    """Models trained while ``user`` granted CONTRIBUTE, newest first; served, retired or refused.

    A model's ``ledger_position`` says up to where its snapshot knew the answers; where that lies in a
    span in which the permission stood, the snapshot held what this person had played by then.
    """
    spans = contribution_spans(user)
    if not spans:
        return []
    versions = ModelVersion.objects.order_by("-created_at")
    return [version for version in versions if any(version.ledger_position in span for span in spans)]


def contribution_spans(user: User) -> Sequence[Span]:
    """Where in the ledger CONTRIBUTE stood granted, oldest first."""
    events = ConsentEvent.objects.filter(subject=user.pseudonym, purpose=Purpose.CONTRIBUTE, scope=None)
    spans: list[Span] = []
    start: int | None = None
    for event in events.order_by("pk"):
        if event.new_state == ConsentState.GRANTED:
            start = event.pk if start is None else start
        elif start is not None:
            spans.append(Span(start, event.pk))
            start = None
    return spans if start is None else [*spans, Span(start, None)]


def shown_to(user: User) -> QuerySet[SocialUse]:
    """To whom the user's plays were shown or whose answers they shaped, latest first."""
    return SocialUse.objects.filter(source=user).order_by("-day", "-pk")
