"""What an installation owes its people before it runs: who answers for it, and a policy that says what it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  # Django's name
from django.db import DatabaseError

from accounts.operator import operator_current
from accounts.policy_text import USUAL, policy_text_current, smallest_aggregate_of
from accounts.services.expiry import policy_published

SMALLEST = 2  # people: a count of one is somebody
HINT = "See the settings in README.md."


def connect() -> None:
    """Called once, when the app is ready."""
    register(operator_named)
    register(operator_named_for_deployment, deploy=True)
    register(smallest_aggregate_stated)


def operator_named(**_: Any) -> Sequence[CheckMessage]:
    return [Warning(message, hint=HINT, id="accounts.W001") for message in _unsaid()]


def operator_named_for_deployment(**_: Any) -> Sequence[CheckMessage]:
    return [Error(message, hint=HINT, id="accounts.E001") for message in _unsaid()]


def smallest_aggregate_stated(**_: Any) -> Sequence[CheckMessage]:
    """That people agreed to the smallest aggregate that is in use."""
    if settings.SMALLEST_AGGREGATE < SMALLEST:
        return [
            Error(f"SMALLEST_AGGREGATE is below {SMALLEST}: a count of one is somebody.", id="accounts.E002")
        ]
    try:
        published = policy_published()
    except DatabaseError:  # no database yet, or one without tables: other checks say so
        return []
    promised = smallest_aggregate_of(published.version) if published else USUAL
    current = smallest_aggregate_of(policy_text_current().version)
    if promised == current:
        return []
    return [
        Warning(
            f"SMALLEST_AGGREGATE is {current}, and the policy that was published promises {promised}.",
            hint="Run manage.py publish_policy: it states the new one, and asks about CONTRIBUTE again.",
            id="accounts.W002",
        )
    ]


def _unsaid() -> list[str]:
    operator = operator_current()
    said = {
        "OPERATOR_NAME": operator.name,
        "OPERATOR_CONTACT": operator.contact,
        "COMPLAINT_AUTHORITY": operator.complaint_authority,
    }
    missing = [name for name, value in said.items() if not value]
    return (
        [f"Not set: {', '.join(missing)}. People are to know who answers for their data."] if missing else []
    )
