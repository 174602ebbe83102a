"""How often somebody may guess a password, so that the owner of the account still comes in.

Wrong ones are counted for an account and an address together, for the address, and for the account as a whole. A
browser in which the owner signed in before is *known*: it is counted alone, and what others do does not count for it.
"""

from __future__ import annotations

import secrets

from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core.internal.ratelimit import RateLimitUsage, clear, consume, get_ip
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

# Wrong passwords in so long: from one address for one account, from one address, for one account, from a known browser.
HERE, ADDRESS, ACCOUNT, KNOWN = "5/15m/key", "20/15m/key", "100/1h/key", "10/15m/key"
COOKIE, COOKIE_DAYS = "known", 180
MOST_KNOWN = 5  # accounts of one browser
_SALT = "accounts.entrance.known"


def try_begin(request: HttpRequest, login: str) -> list[RateLimitUsage] | None:
    """Count a try to sign in as ``login``, before the password is looked at; None where it is one too many.

    What comes back is taken back by `try_succeeded`. A login that is nobody's is counted like any other.
    """
    name = login.strip().lower()
    if (word := _known_word(request, name)) is not None:
        return tries_counted(request, (("known", KNOWN, word),))
    address = get_ip(request)
    return tries_counted(
        request,
        (("here", HERE, f"{address} {name}"), ("address", ADDRESS, address), ("account", ACCOUNT, name)),
    )


def try_succeeded(usages: list[RateLimitUsage]) -> None:
    for usage in usages:
        usage.rollback()


def tries_counted(
    request: HttpRequest, rates: tuple[tuple[str, str, str], ...]
) -> list[RateLimitUsage] | None:
    """Count a try at each of these rates, (what is tried, rate, of whom); None where it is one too many for one."""
    usages: list[RateLimitUsage] = []
    for action, rate, key in rates:
        usage = consume(request, app="earshot", action=action, config={action: rate}, key=key)
        if usage is None:
            try_succeeded(usages)  # what is refused is no guess
            return None
        usages.append(usage)
    return usages


def account_forget(request: HttpRequest, login: str) -> None:
    """Begin again to count what all addresses together tried on an account."""
    clear(request, app="earshot", action="account", config={"account": ACCOUNT}, key=login.strip().lower())


def browser_remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Have this browser be known as one of ``user``'s. It says nothing to whoever reads it, and signs nobody in."""
    words = _words(request)
    if any(_is_of(word, user) for word in words):
        return
    nonce = secrets.token_urlsafe(16)
    response.set_cookie(
        COOKIE,
        ".".join([f"{nonce}~{_sign(nonce, user)}", *words][:MOST_KNOWN]),
        max_age=COOKIE_DAYS * 24 * 60 * 60,
        secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip


def _known_word(request: HttpRequest, name: str) -> str | None:
    words = _words(request)
    if not words:
        return None
    named = get_user_by_username(name)
    people = [named] if named is not None else filter_users_by_email(name, for_login=True)
    return next((word for word in words for user in people if _is_of(word, user)), None)


def _words(request: HttpRequest) -> list[str]:
    return [word for word in request.COOKIES.get(COOKIE, "").split(".") if "~" in word][:MOST_KNOWN]


def _is_of(word: str, user: User) -> bool:
    nonce, _, signature = word.partition("~")
    return constant_time_compare(signature, _sign(nonce, user))


def _sign(nonce: str, user: User) -> str:
    return salted_hmac(_SALT, f"{nonce} {user.pseudonym}", algorithm="sha256").hexdigest()[:32]
