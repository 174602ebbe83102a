"""How django-allauth signs people up and in here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as core
from allauth.core.internal.ratelimit import RateLimitUsage
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from accounts.credentials import credential_of
from accounts.entrance import limits
from accounts.entrance.sham import reset_sham, sign_up_sham
from accounts.models import User
from accounts.services.handle import handle_clean, handle_or_like_it
from accounts.services.invitation import guest_enter, guest_note, invitation_get
from accounts.services.password import password_set
from discovery.platform.errors import InvalidInput

INVITED = "earshot.invited"  # the secret of a link whose guest said yes, in the session
FIRST = "earshot.first"  # whether the account is signed in to for the first time
_STAGE, _OURS = (
    "allauth.account.stages.EmailVerificationStage",
    "accounts.entrance.stages.VerifyWhatThereIs",
)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library is not typed
    error_messages = {  # noqa: RUF012  # the library's
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("Handle or address and password do not match. Please try again."),
        "email_password_mismatch": _("Handle or address and password do not match. Please try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if settings.SIGN_UP == "invitation":
            return invitation_get(request.session.get(INVITED, "")) is not None
        return bool(settings.SIGN_UP == "open")

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Whoever wants a handle that is not free gets one like it, so that nobody learns whose account there is."""
        try:
            handle = handle_clean(username)
        except InvalidInput as error:
            raise ValidationError(error.message, code=error.specific_code) from error
        return handle if shallow else handle_or_like_it(handle)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """A link is used when its guest shows that the address is theirs; where it is over by then, nobody comes in."""
        with transaction.atomic():
            if guest_enter(user=email_address.user):
                return bool(super().confirm_email(request, email_address))
        over = _("The invitation by which you signed up is over. Ask for another link, and sign up again.")
        self.add_message(request, messages.ERROR, message=str(over))
        return False

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        with transaction.atomic():
            saved: User = super().save_user(request, user, form, commit=commit)
            if secret := request.session.get(INVITED):
                guest_note(user=saved, secret=secret)
        return saved

    # Nobody learns whether there is an account: not from the answer, and not from how long it takes

    def respond_email_verification_sent(self, request: HttpRequest, user: User | None) -> HttpResponseBase:
        if user is None:
            sign_up_sham(request)
        response: HttpResponseBase = super().respond_email_verification_sent(request, user)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        if template_prefix == "account/email/unknown_account":
            reset_sham()
        super().send_mail(template_prefix, email, context)

    # Passwords

    def set_password(self, user: User, password: str, *, end_others: bool = True) -> None:
        """With another password everything ends that is signed in, where the person did not say otherwise."""
        asking = credential_of(core.request)
        mine = asking if asking is not None and asking.user == user else None
        password_set(user=user, new=password, end_others=end_others, but=mine)

    # Signing in

    def get_login_stages(self) -> list[str]:
        return [_OURS if stage == _STAGE else stage for stage in super().get_login_stages()]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        self._login: str = credentials.get("email") or credentials.get("username") or ""
        self._tries: list[RateLimitUsage] | None = limits.try_begin(request, self._login)
        if self._tries is None:
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        limits.try_succeeded(self._tries or [])

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """After a reset by mail the account's counter begins again; those of addresses go on."""
        limits.account_forget(request, credentials["email"])

    def pre_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse | None:
        response: HttpResponse | None = super().pre_login(request, user, **how)
        if response is None and user.last_login is None:
            request.session[FIRST] = True
        return response

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **how)
        request.session.pop(INVITED, None)
        limits.browser_remember(request, response, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        first = request.session.pop(FIRST, False)
        return resolve_url("welcome") if first else str(super().get_login_redirect_url(request))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where a server tells no address, everybody is counted as one."""
        return str(super().get_client_ip(request)) if request.META.get("REMOTE_ADDR") else "unknown"
