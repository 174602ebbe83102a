"""What takes the time of what cannot be done: so that how long an answer takes tells nobody whether there is an account."""

import secrets

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.email_verification import get_address_for_user, get_email_verification_url
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import has_verified_email, setup_user_email, user_display
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User


def sign_up_sham(request: HttpRequest) -> None:
    """Make an account as a sign-up does, and take it back: where the address has an account already."""
    word = secrets.token_hex(8)
    with transaction.atomic():
        user = User(username=word, email=f"{word}@example.invalid")
        user.set_password(word)
        with transaction.atomic():
            user.save()
        setup_user_email(request, user, [EmailAddress(email=user.email)])
        EmailAddress.objects.filter(user=user).exists()  # what the stage of the address asks
        if not has_verified_email(user) and (address := get_address_for_user(user)) is not None:
            get_email_verification_url(request, EmailConfirmationHMAC.create(address))
            user_display(address.user)  # the mail names them
        transaction.set_rollback(True)


def reset_sham() -> None:
    """Make a word as for a link by which a password is set anew: where nobody has the address."""
    default_token_generator.make_token(User(pk=0))
