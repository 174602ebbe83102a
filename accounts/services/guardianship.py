"""Minors and who answers for them. The operator marks an account; no age and no date of birth is kept.

A minor with a guardian is answered for by the guardian's account; one without is private by construction: what would
show them to others cannot be granted, and where a row says it was, no rule believes it. Everybody can always refuse.
"""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.conditions import GUARDED
from accounts.models import Consent, ConsentActor, ConsentEvent, ConsentState, Purpose, User
from accounts.services.consent import withdrawals
from accounts.services.ledger import Change, epoch_raise, ledger_record
from discovery.platform.errors import InvalidInput, NotFound

CHANNEL = "guardianship"


@transaction.atomic
def minor_mark(*, user: User, guardian: User | None = None) -> User:
    """Have ``user`` be a minor, answered for by ``guardian``, if anybody; return the stored user.

    What showed them to others is taken back, whoever had allowed it: the guardian is to decide.

    Raises:
        InvalidInput: the guardian is the user, a minor, or not active.

    """
    ends = [user.pk, *([guardian.pk] if guardian else [])]
    people = {row.pk: row for row in User.objects.select_for_update().filter(pk__in=ends).order_by("pk")}
    stored, answering = people[user.pk], people[guardian.pk] if guardian else None
    if answering is not None and (answering == stored or answering.is_minor or not answering.is_active):
        raise InvalidInput(_("A guardian is another person, grown up and active."), field="guardian")
    if not stored.is_minor or stored.guardian != answering:
        _store(user, stored, is_minor=True, guardian=answering)
        shown = _granted(stored).filter(purpose__in=GUARDED)
        ledger_record(changes=withdrawals(shown), actor=ConsentActor.SYSTEM, channel=CHANNEL)
    return stored


@transaction.atomic
def minor_grown_up(*, user: User) -> User:
    """End it. What a guardian had allowed runs out, so that the person is asked; return the stored user."""
    stored = User.objects.select_for_update().get(pk=user.pk)
    if stored.is_minor:
        _store(user, stored, is_minor=False, guardian=None)
        theirs = [row for row in _granted(stored) if _answered_by(row) == ConsentActor.GUARDIAN]
        changes = [Change(stored, Purpose(row.purpose), ConsentState.EXPIRED, row.friend) for row in theirs]
        ledger_record(changes=changes, actor=ConsentActor.SYSTEM, channel=CHANNEL)
    return stored


def guardian_leave(*, guardian: User) -> None:
    """Leave everybody whom ``guardian`` answers for without one."""
    for child in guardian.children.order_by("pk"):
        minor_mark(user=child)


def child_get(*, guardian: User, child: User) -> User:
    """``child``, where ``guardian`` answers for them. Raises NotFound."""
    if not child.is_minor or child.guardian_id != guardian.pk or not child.is_active:
        raise NotFound(_("There is nobody of that name you answer for."), field="forId")
    return child


def _store(user: User, stored: User, *, is_minor: bool, guardian: User | None) -> None:
    for row in (user, stored):
        row.is_minor, row.guardian = is_minor, guardian
    stored.save(update_fields=["is_minor", "guardian"])
    epoch_raise([stored.pk])


def _granted(user: User) -> QuerySet[Consent]:
    return Consent.objects.filter(user=user, state=ConsentState.GRANTED).select_related("user", "friend")


def _answered_by(row: Consent) -> str | None:
    lines = ConsentEvent.objects.filter(
        subject=row.user.pseudonym, purpose=row.purpose, scope=row.friend.pseudonym if row.friend else None
    )
    return lines.order_by("-pk").values_list("actor", flat=True).first()
