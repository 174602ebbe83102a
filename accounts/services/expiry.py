"""Consents that end by themselves: dated ones, and those a new policy text touches."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import Consent, ConsentActor, ConsentState, PolicyVersion, Purpose
from accounts.policy_text import NOT_USED, policy_text_current, policy_texts, smallest_aggregate_of
from accounts.services.consent import withdrawals
from accounts.services.ledger import Change, ledger_record
from discovery.platform import clock
from discovery.platform.errors import Conflict

_AT_ONCE = 500


def consents_expire() -> int:
    """Write down what has run out; return how many answers. It stopped permitting at its date already."""
    return _expire(channel="expiry", valid_until__lte=clock.now()) + _overruled_withdraw()


def _overruled_withdraw() -> int:
    """Take back what was granted to single friends before a general no: it was not always taken back with it."""
    later_no = Consent.objects.filter(
        user=OuterRef("user"), purpose=OuterRef("purpose"), friend=None, changed_at__gt=OuterRef("changed_at"),
        state__in=(ConsentState.DENIED, ConsentState.WITHDRAWN),
    )  # fmt: skip
    rows = Consent.objects.filter(Exists(later_no), state=ConsentState.GRANTED, friend__isnull=False)
    changes = withdrawals(rows.select_related("user", "friend").order_by("pk"))
    return len(ledger_record(changes=changes, actor=ConsentActor.SYSTEM, channel="expiry"))


@transaction.atomic
def policy_publish(*, material_for: Collection[Purpose]) -> tuple[PolicyVersion, int]:
    """Publish the newest policy text; consents to purposes it changes materially expire.

    So do consents to what nothing uses any more, and, where the text they were given to promised another smallest
    aggregate, those to CONTRIBUTE. Return the version and how many consents expired. Publishing it again changes
    nothing.

    Raises:
        Conflict: a text that was published is not what its file says now.

    """
    published = {row.version: row for row in PolicyVersion.objects.all()}
    for text in policy_texts():
        if text.version in published and published[text.version].hash != text.hash:
            raise Conflict(f"The text of {text.version} was changed after it was published. Add a new file.")
    current = policy_text_current()
    expired = _expire(channel="policy", purpose__in=sorted(NOT_USED)) + _expire_other_aggregates(
        current.version
    )
    if (row := published.get(current.version)) is not None:
        row.save(update_fields=["published_at"])  # an installation may come back to what it promised before
        return row, expired
    row = PolicyVersion.objects.create(
        version=current.version, text=current.text, hash=current.hash, material_for=sorted(material_for)
    )
    expired += _expire(channel="policy", purpose__in=list(material_for), policy_version__lt=current.version)
    return row, expired


def policy_published() -> PolicyVersion | None:
    """The version that was published last."""
    return PolicyVersion.objects.order_by("-published_at", "-pk").first()


def _expire_other_aggregates(version: str) -> int:
    granted = Consent.objects.filter(purpose=Purpose.CONTRIBUTE, state=ConsentState.GRANTED)
    k = smallest_aggregate_of(version)
    others = [
        other
        for other in granted.order_by().values_list("policy_version", flat=True).distinct()
        if smallest_aggregate_of(other) != k
    ]
    return _expire(channel="policy", purpose=Purpose.CONTRIBUTE, policy_version__in=others) if others else 0


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
