"""Whether a model that was served may serve again: not where it learned from somebody whom a later one has let go."""

from __future__ import annotations

from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import ConsentEvent, ConsentState, Purpose, User
from discovery.platform.errors import Conflict
from graph.models import ModelVersion
from graph.selectors import deletions_after


def contributions_withdrawn(*, after: int) -> list[ConsentEvent]:
    """Ledger events after a position by which somebody took back that their plays train models."""
    events = ConsentEvent.objects.filter(
        pk__gt=after, purpose=Purpose.CONTRIBUTE, prior_state=ConsentState.GRANTED
    )
    return list(events.exclude(new_state=ConsentState.GRANTED).order_by("pk"))


def ensure_eligible(version: ModelVersion) -> None:
    """Raise Conflict where ``version`` may not serve again.

    It may not where it learned from somebody who is erased, or is being erased; nor where it learned from plays that
    were withdrawn or deleted, and a model that was served since knows of that. What no served model knows of yet, the
    one that serves now has learned as well: the next training takes it from both.
    """
    withdrawn = contributions_withdrawn(after=version.ledger_position)
    subjects = {event.subject for event in withdrawn}
    here = User.objects.filter(pseudonym__in=subjects, is_active=True).values_list("pseudonym", flat=True)
    if subjects - set(here):
        raise Conflict(_("It learned from somebody who was erased since."), code="MODEL_SAW_ERASED")
    served = ModelVersion.objects.filter(kind=version.kind, activated_at__isnull=False)
    latest = served.aggregate(ledger=Max("ledger_position"), deletion=Max("deletion_position"))
    if any(event.pk <= (latest["ledger"] or 0) for event in withdrawn) or any(
        row.pk <= (latest["deletion"] or 0) for row in deletions_after(version.deletion_position)
    ):
        raise Conflict(
            _("It learned from what was withdrawn or deleted, and a later model is without it."),
            code="MODEL_SAW_WITHDRAWN",
        )
