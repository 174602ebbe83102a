"""What django-oauth-toolkit asks of us: whether an app may be let in, and that whoever let it in sees it in their list."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from oauth2_provider.models import AccessToken, RefreshToken
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2 import AccessDeniedError

from accounts.credentials import scopes_read
from accounts.services.app import app_before, app_listed, app_refusal, code_may_go
from discovery.platform import clock
from discovery.platform.events import credentials_channel, publish


class AppValidator(OAuth2Validator):  # type: ignore[misc]  # the library is not typed
    """The library's, with our rules about who may be let in and with a device for each app."""

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """An address that was registered, and that no one on the way reads, whoever registered it."""
        return code_may_go(redirect_uri) and bool(
            super().validate_redirect_uri(client_id, redirect_uri, request, *args, **kwargs)
        )

    def _load_application(self, client_id: str, request: Any) -> Any:
        """None for what no app is called and no database can be asked for; the library knows of another driver's error alone."""
        return None if "\x00" in str(client_id) else super()._load_application(client_id, request)

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """The same of a code."""
        return "\x00" not in str(code) and bool(
            super().validate_code(client_id, code, client, request, *args, **kwargs)
        )

    def _create_authorization_code(self, request: Any, code: Any, expires: Any = None) -> Any:
        """A code, unless the person may not let the app in: the page says so before, and a form can be forged."""
        if refusal := app_refusal(user=request.user, scopes=scopes_read(" ".join(request.scopes))):
            raise AccessDeniedError(description=refusal.message, request=request)
        return super()._create_authorization_code(request, code, expires)

    def _create_access_token(
        self, expires: Any, request: Any, token: Any, source_refresh_token: Any = None
    ) -> AccessToken:
        """The token with its device; in one transaction with what it replaces."""
        by_our_clock = expires - (clock.clock_skew() or timedelta())
        made = super()._create_access_token(by_our_clock, request, token, source_refresh_token)
        if made.user is not None and made.application is not None:
            app_listed(made, earlier=request.earlier_device)
        return made

    def _save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        renewing = getattr(
            request, "refresh_token_instance", None
        )  # a word of the client's, where it sends one so named
        request.earlier_device = app_before(renewing) if isinstance(renewing, RefreshToken) else None
        super()._save_bearer_token(token, request, *args, **kwargs)


def connect() -> None:
    """Have every token that ends, however it does, close the sockets it opened; called once, when the app is ready."""
    post_delete.connect(_ended, sender=AccessToken, dispatch_uid="accounts.oauth")


def _ended(*, instance: AccessToken, **_: Any) -> None:
    if instance.user_id is not None:
        channel = credentials_channel(instance.user_id)
        transaction.on_commit(lambda: publish([channel], {}))
