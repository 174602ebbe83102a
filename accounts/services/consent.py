"""What people allow: one answer, no to everything, the level; and the same for many at once.

Withdrawing takes effect because the next read does not find the permission. It deletes nothing:
RECORD withdrawn refuses new plays and keeps the ones that are there (see the policy text).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.conditions import GUARDED, PER_FRIEND
from accounts.models import (
    Consent,
    ConsentActor,
    ConsentEvent,
    ConsentState,
    PersonalizationLevel,
    Purpose,
    User,
)
from accounts.policies import friends_of
from accounts.policy_text import EXPIRES_AFTER, NOT_USED
from accounts.services.ledger import Change, epoch_raise, ledger_record
from accounts.services.unnamed import unnamed_silence
from accounts.signals import record_deleting
from discovery.platform import clock
from discovery.platform.errors import Conflict, InvalidInput, NotAllowed, NotFound

_USERS_AT_ONCE = 500
_LONGEST_KEY = 64


@transaction.atomic
def consent_set(
    *,
    user: User,
    purpose: Purpose,
    granted: bool,
    friend: User | None = None,
    actor: ConsentActor = ConsentActor.USER,
    channel: str = "api",
    idempotency_key: str | None = None,
    valid_until: datetime | None = None,
    delete_recorded: bool = False,
) -> Consent:
    """Answer one question, in general or (SOCIAL_OUT, NAMED, SOCIAL_IN) for one friend; return the answer that stands.

    Answering the same again changes nothing and writes nothing. So does the same idempotency key. A general no
    also takes back what was granted to single friends. ``delete_recorded``: with a no to RECORD, what it let in is
    deleted.

    Raises:
        InvalidInput: this purpose cannot be answered for one friend, nothing uses it (PURPOSE_NOT_USED), or the
            date or key is no good.
        NotAllowed: a minor's guardian answers this (GUARDIAN_REQUIRED).
        NotFound: ``friend`` is not a friend.
        Conflict: the idempotency key was used for another answer.

    """
    purpose = Purpose(purpose)
    if delete_recorded and (granted or purpose != Purpose.RECORD):
        raise InvalidInput(_("Only a no to RECORD deletes what was recorded."), field="deleteRecorded")
    _check(user, purpose, friend, idempotency_key)
    stored = User.objects.select_for_update().get(pk=user.pk)
    state = ConsentState.GRANTED if granted else ConsentState.WITHDRAWN
    if granted:
        _check_grantable(stored, purpose, actor)
    if not _already_told(user, purpose, friend, state, idempotency_key):
        if purpose == Purpose.SOCIAL_IN and friend is not None:
            unnamed_silence(viewer=user, friend=friend)
        until = _valid_until(purpose, valid_until) if granted else None
        change = Change(user, purpose, state, friend, until, idempotency_key)
        ledger_record(changes=[change], actor=actor, channel=channel)
    if delete_recorded:
        record_deleting.send(sender=User, user=user)
    return Consent.objects.get(user=user, purpose=purpose, friend=friend)


@transaction.atomic
def consent_withdraw_all(
    *, user: User, actor: ConsentActor = ConsentActor.USER, channel: str = "api"
) -> list[ConsentEvent]:
    """Say no to every purpose, asked before or not, and to every single friend; return the events.

    From then on the level is the person's own word, too: no import raises it.
    """
    User.objects.select_for_update().get(pk=user.pk)
    User.objects.filter(pk=user.pk).update(level_chosen=True)
    changes = [Change(user, purpose, ConsentState.WITHDRAWN) for purpose in Purpose]
    return ledger_record(changes=changes, actor=actor, channel=channel)


@transaction.atomic
def level_set(*, user: User, level: PersonalizationLevel) -> User:
    """Choose how much may shape what ``user`` is shown; return the stored user."""
    stored = User.objects.select_for_update().get(pk=user.pk)
    changed = stored.level != level
    if changed or not stored.level_chosen:
        stored.level, stored.level_chosen = PersonalizationLevel(level), True
        stored.save(update_fields=["level", "level_chosen"])
    if changed:
        epoch_raise([stored.pk])
    user.level = stored.level
    return stored


def consents_grant_many(
    *,
    users: Iterable[User],
    purposes: Collection[Purpose],
    actor: ConsentActor = ConsentActor.IMPORT,
    channel: str = "import",
) -> int:
    """Grant ``purposes`` for each of ``users`` in few statements; return how many answers changed.

    An import answers only what its people have not answered themselves, and for no minor.

    A transaction for each 500 people: stopped half-way it can be run again.
    """
    everybody, changed = [user for user in users if not user.is_minor], 0
    for start in range(0, len(everybody), _USERS_AT_ONCE):
        changes = [
            Change(user, purpose, ConsentState.GRANTED, valid_until=_valid_until(purpose, None))
            for user in everybody[start : start + _USERS_AT_ONCE]
            for purpose in purposes
        ]
        changed += len(ledger_record(changes=changes, actor=actor, channel=channel))
    return changed


def withdrawals(rows: Iterable[Consent]) -> Sequence[Change]:
    """The changes that take these answers back (rows with ``user`` and ``friend`` loaded)."""
    return [Change(row.user, Purpose(row.purpose), ConsentState.WITHDRAWN, row.friend) for row in rows]


def _check_grantable(user: User, purpose: Purpose, actor: ConsentActor) -> None:
    if purpose in NOT_USED:
        raise InvalidInput(
            _("Nothing here uses %(purpose)s, so it is not asked.") % {"purpose": purpose},
            field="purpose", code="PURPOSE_NOT_USED",
        )  # fmt: skip
    theirs_to_answer = not user.is_minor or (user.guardian_id is None and purpose not in GUARDED)
    if actor == ConsentActor.USER and not theirs_to_answer:
        raise NotAllowed(_("Only your guardian can allow this."), field="purpose", code="GUARDIAN_REQUIRED")


def _check(user: User, purpose: Purpose, friend: User | None, key: str | None) -> None:
    if key is not None and not (0 < len(key) <= _LONGEST_KEY and key.isprintable()):
        raise InvalidInput(_("An idempotency key has 1 to 64 printable characters."), field="idempotencyKey")
    if friend is None:
        return
    if purpose not in PER_FRIEND:
        raise InvalidInput(
            _("%(purpose)s cannot be answered for one friend.") % {"purpose": purpose}, field="friendId"
        )
    if not friends_of(user).contains(friend):
        raise NotFound(_("There is no such friend."), field="friendId")


def _already_told(
    user: User, purpose: Purpose, friend: User | None, state: ConsentState, key: str | None
) -> bool:
    event = key and ConsentEvent.objects.filter(subject=user.pseudonym, idempotency_key=key).first()
    if not event:
        return False
    granted = ConsentState.GRANTED
    told = (event.purpose, event.scope, event.new_state == granted)
    if told != (purpose, friend.pseudonym if friend else None, state == granted):
        raise Conflict(_("This idempotency key was used for another answer."), field="idempotencyKey")
    return True


def _valid_until(purpose: Purpose, wanted: datetime | None) -> datetime | None:
    """When the consent ends: as asked, but never later than the purpose allows."""
    now = clock.now()
    if wanted is not None and wanted <= now:
        raise InvalidInput(_("This time has passed."), field="validUntil")
    if purpose not in EXPIRES_AFTER:
        return wanted
    latest = now + EXPIRES_AFTER[purpose]
    return latest if wanted is None else min(wanted, latest)
