"""Consents that end by themselves: dated ones, and those a new policy text touches."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounts.models import Consent, ConsentActor, ConsentState, PolicyVersion, Purpose
from accounts.policy_text import policy_text_current, policy_texts
from accounts.services.ledger import Change, ledger_record
from discovery.platform.errors import Conflict

_AT_ONCE = 500


def consents_expire() -> int:
    """Write down what has run out; return how many answers. It stopped permitting at its date already."""
    return _expire(channel="expiry", valid_until__lte=timezone.now())


@transaction.atomic
def policy_publish(*, material_for: Collection[Purpose]) -> tuple[PolicyVersion, int]:
    """Publish the newest policy text; consents to purposes it changes materially expire.

    Return the version and how many consents expired. Publishing it again changes nothing.

    Raises:
        Conflict: a text that was published is not what its file says now.

    """
    published = {row.version: row for row in PolicyVersion.objects.all()}
    for text in policy_texts():
        if text.version in published and published[text.version].hash != text.hash:
            raise Conflict(f"The text of {text.version} was changed after it was published. Add a new file.")
    current = policy_text_current()
    if current.version in published:
        return published[current.version], 0
    row = PolicyVersion.objects.create(
        version=current.version, text=current.text, hash=current.hash, material_for=sorted(material_for)
    )
    return row, _expire(channel="policy", purpose__in=list(material_for), policy_version__lt=current.version)


def _expire(*, channel: str, **which: object) -> int:
    """A transaction for each few hundred, so that it can be stopped and nobody waits long for a lock."""
    expired = 0
    while True:
        with transaction.atomic():
            rows = Consent.objects.filter(state=ConsentState.GRANTED, **which)
            changes = [
                Change(row.user, Purpose(row.purpose), ConsentState.EXPIRED, row.friend)
                for row in rows.select_related("user", "friend").order_by("pk")[:_AT_ONCE]
            ]
            if not changes:
                return expired
            expired += len(ledger_record(changes=changes, actor=ConsentActor.SYSTEM, channel=channel))
