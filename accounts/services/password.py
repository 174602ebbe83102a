"""Passwords: asked for again before what cannot be undone, changed, and with a change others are shut out."""

from datetime import timedelta

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts.credentials import Credential
from accounts.models import Device, User
from accounts.services.device import devices_end
from accounts.sessions import SessionStore
from discovery.platform import clock
from discovery.platform.errors import Conflict, InvalidInput, LimitExceeded, NotAllowed, PasswordNeeded

FRESH = timedelta(minutes=10)  # for so long after a sign-in nobody is asked again
MOST_TRIES, TRIES_WITHIN = 5, timedelta(minutes=15)


def has_password(user: User) -> bool:
    """Whether there is one to ask for: people of an import have none."""
    return bool(user.password) and user.has_usable_password()


def password_ask(*, credential: Credential, password: str | None) -> None:
    """Be sure that whoever asks is the person, and not somebody who found their phone or token.

    Nothing is asked of an account without a password, nor of a browser in which one signed in a moment ago.

    Raises:
        PasswordNeeded: none was told.
        NotAllowed: another was told (WRONG_PASSWORD).
        LimitExceeded: another was told too often.

    """
    fresh = credential.asked_at is not None and credential.asked_at > clock.now() - FRESH
    if password is not None:
        password_check(user=credential.user, password=password)
    elif has_password(credential.user) and not fresh:
        raise PasswordNeeded(_("Tell your password once more."), field="password")


def password_check(*, user: User, password: str, field: str = "password") -> None:
    """Raises NotAllowed (WRONG_PASSWORD), and LimitExceeded after ``MOST_TRIES`` of these."""
    now = clock.now()
    person = User.objects.filter(pk=user.pk)
    person.filter(password_tried_at__lte=now - TRIES_WITHIN).update(password_tries=0)
    # Counted before it is compared, so that many at once are no more than so many.
    if not person.filter(password_tries__lt=MOST_TRIES).update(
        password_tries=F("password_tries") + 1, password_tried_at=now
    ):
        raise LimitExceeded(_("Too many wrong passwords. Try again in a quarter of an hour."), field=field)
    if not user.check_password(password):
        raise NotAllowed(_("This is not your password."), field=field, code="WRONG_PASSWORD")
    person.update(password_tries=0)


def password_change(*, credential: Credential, current: str, new: str, end_others: bool) -> int:
    """Give the account another password; return how many devices were ended.

    With ``end_others`` everything but what asks is signed out; without it, everything stays as it is. The session
    that asks has to be told of its new hash by the caller, who has the request.

    Raises:
        Conflict: there is no password to change.
        NotAllowed: ``current`` is another (WRONG_PASSWORD). LimitExceeded: too often.
        InvalidInput: ``new`` is too easy to guess.

    """
    user = credential.user
    if not has_password(user):
        raise Conflict(_("This account has no password."), code="NO_PASSWORD")
    password_check(user=user, password=current, field="current")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="new", code="WEAK_PASSWORD") from error
    return password_set(user=user, new=new, end_others=end_others, but=credential)


@transaction.atomic
def password_set(*, user: User, new: str, end_others: bool, but: Credential | None = None) -> int:
    """Store a password that was looked at before; with ``end_others`` end all devices but one; return how many."""
    user.set_password(new)
    user.save(update_fields=["password"])
    if end_others:
        return devices_end(user=user, but=but)
    _sessions_keep(user)
    return 0


def _sessions_keep(user: User) -> None:
    """Django ends a session whose hash is of another password; these are to stay."""
    theirs = Q(pk__in=Device.objects.filter(user=user).exclude(session_digest=None).values("session_digest"))
    for session in Session.objects.filter(theirs):
        data = {**session.get_decoded(), HASH_SESSION_KEY: user.get_session_auth_hash()}
        Session.objects.filter(pk=session.pk).update(session_data=SessionStore().encode(data))
