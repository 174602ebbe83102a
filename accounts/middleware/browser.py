"""Browsers in which somebody signed in: what their request may do, and their row among the person's devices."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from allauth.account.signals import authentication_step_completed
from django.contrib.auth import get_user
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.credentials import Credential, browser_credential
from accounts.models import User
from accounts.services.device import browser_seen
from accounts.sessions import SessionStore
from discovery.platform import clock

_SEEN, _ASKED = "earshot.seen", "earshot.asked"  # what a session itself keeps: a day, and a moment
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")


class BrowserSessionMiddleware:
    """Sets ``request.credential`` for whoever comes with a session. Once a day it notes that the session was used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User) and isinstance(request.session, SessionStore):
            _see(request, request.session)
            request.credential = credential_of_session(request.user, request.session)  # type: ignore[attr-defined]
        return self.get_response(request)


def credential_of_session(user: User, session: SessionStore) -> Credential:
    """What a browser's session may be used for: everything."""
    asked: float | None = session.get(_ASKED)
    moment = None if asked is None else datetime.fromtimestamp(asked, UTC)
    return browser_credential(user, session_digest=session.digest, asked_at=moment)


def session_credential(request: HttpRequest, key: str | None) -> Credential | None:
    """The credential of a session's key, read anew; None where it is over or its person may not sign in."""
    request.session = session = SessionStore(key)
    user = get_user(request)
    return credential_of_session(user, session) if isinstance(user, User) else None


def connect() -> None:
    """Have each sign-in note its moment, and each time that somebody shows again who they are; called once, when the app is ready."""
    user_logged_in.connect(_asked, dispatch_uid="accounts.browser")
    authentication_step_completed.connect(_asked_again, dispatch_uid="accounts.browser")


def _asked(*, request: HttpRequest, **_: Any) -> None:
    request.session[_ASKED] = clock.now().timestamp()


def _asked_again(*, request: HttpRequest, reauthenticated: bool = False, **_: Any) -> None:
    """By the password, a code of an authenticator app, or a passkey."""
    if reauthenticated:
        _asked(request=request)


def _see(request: HttpRequest, session: SessionStore) -> None:
    today = clock.now().date().isoformat()
    if session.get(_SEEN) != today and session.digest is not None and isinstance(request.user, User):
        browser_seen(
            user=request.user,
            session_digest=session.digest,
            name=browser_name(request.headers.get("User-Agent", "")),
            expires_at=session.get_expiry_date(),
        )
        session[_SEEN] = today


def browser_name(agent: str) -> str:
    """What a person knows it by, and no more: ``Firefox, Linux``."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), _("A browser"))
    system = next((name for name in _SYSTEMS if name in agent), None)
    return f"{browser}, {system}" if system else browser
