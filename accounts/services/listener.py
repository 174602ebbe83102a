"""Accounts: made by the operator, and let go where nobody ever came in."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.handle import handle_clean, handle_is_free, handle_taken
from discovery.platform.errors import InvalidInput

UNCONFIRMED_KEPT = timedelta(days=7)


@transaction.atomic
def listener_create(*, handle: str, password: str | None = None, email: str = "") -> User:
    """An account on the operator's word: nothing is granted, and an address counts as shown to be the person's.

    Raises:
        InvalidInput: this is no handle, no address, or a password that is easy to guess.
        Conflict: the handle is not free.

    """
    handle, email = handle_clean(handle), email.strip().lower()
    if not handle_is_free(handle):
        raise handle_taken()
    user = User(username=handle, email=email)
    try:
        if email:
            validate_email(email)
        if password is not None:
            validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages)) from error
    if email and EmailAddress.objects.filter(email=email).exists():
        raise InvalidInput(_("This address is another account's."), field="email")
    user.set_password(password)
    user.save()
    if email:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@transaction.atomic
def unconfirmed_forget() -> int:
    """Delete accounts whose address nobody showed to be theirs in time; return how many. Nobody was ever in them."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    never = User.objects.filter(
        Exists(addresses), ~Exists(addresses.filter(verified=True)),
        last_login=None, date_joined__lt=timezone.now() - UNCONFIRMED_KEPT,
    )  # fmt: skip
    keys = list(never.select_for_update(of=("self",)).values_list("pk", flat=True))
    User.objects.filter(pk__in=keys).delete()
    return len(keys)
