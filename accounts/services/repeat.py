"""Calls that are repeated because their answer was lost: done once, however often and however close together they come.

The row of a key is written before anything is done, in the same transaction: a second call at the same moment waits for
the first one's end, and then finds its answer, or, where the first was refused and left nothing, does it itself.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import RepeatableCall, User
from discovery.platform.errors import Conflict, InvalidInput

CALLS_KEPT = timedelta(hours=24)  # after the day of the call: its moment is not kept
LONGEST_KEY = 64
_SALT = "accounts.services.repeat"


def call_begin(*, user: User, key: str, name: str, arguments: Mapping[str, Any]) -> RepeatableCall:
    """The row of this call, locked: with the answer of the first, or without any where this is the first.

    Whoever calls is in a transaction and does in it what is asked, then writes the answer by `call_end`.

    Raises:
        InvalidInput: this is no key.
        Conflict: the key came with another call (IDEMPOTENCY_KEY_REUSED).

    """
    if not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise InvalidInput(_("An idempotency key has 1 to 64 printable characters."), field="idempotencyKey")
    known, said = _digest(f"key {user.pk} {key}"), _digest(f"call {user.pk} {name} {_canonical(arguments)}")
    fresh = RepeatableCall(user=user, key=known, said=said, day=timezone.now().date())
    # Where somebody else is writing the same row, the database waits here until they are done.
    RepeatableCall.objects.bulk_create([fresh], ignore_conflicts=True)
    call = RepeatableCall.objects.select_for_update().get(user=user, key=known)
    if call.said != said:
        raise Conflict(
            _("This idempotency key was used for another call."),
            field="idempotencyKey", code="IDEMPOTENCY_KEY_REUSED",
        )  # fmt: skip
    return call


def call_end(call: RepeatableCall, answer: Any) -> None:
    """Keep what the answer is told again by."""
    call.answer = [answer]
    call.save(update_fields=["answer"])


@transaction.atomic
def calls_forget() -> int:
    """Delete the calls of days that are over for long enough; return how many."""
    return RepeatableCall.objects.filter(day__lt=(timezone.now() - CALLS_KEPT).date()).delete()[0]


def _digest(value: str) -> str:
    """Keyed by the installation's secret: who reads the table cannot try arguments out."""
    whole = value.encode(
        errors="surrogatepass"
    )  # JSON holds halves of characters, which the mutation refuses
    return salted_hmac(_SALT, whole, algorithm="sha256").hexdigest()


def _canonical(arguments: Mapping[str, Any]) -> str:
    return json.dumps(_plain(arguments), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value of an argument as JSON."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)
