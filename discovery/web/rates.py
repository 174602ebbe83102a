"""How often one address and one person may ask, and the no that each protocol has for it (429, ``Retry-After``)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from accounts.models import User
from discovery.platform.address import client_address
from discovery.platform.rates import rate_of, rate_wait
from discovery.protocols.audioscrobbler import lines
from discovery.protocols.brainz import failure
from discovery.protocols.lastfm_answers import RATE_LIMITED, LastFmError, bad

Answer = Callable[[HttpRequest], HttpResponse]

UNCOUNTED = ("/livez", "/readyz")  # whoever watches over the installation asks all the time


class AddressRateMiddleware:
    """Counts every request for its address, before anything is looked up for it."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        rate = rate_of(settings.RATE_ADDRESS)
        if rate is None or request.path_info.startswith(UNCOUNTED):
            return self._get_response(request)
        seconds = rate_wait(rate, f"address:{client_address(request)}")
        return too_often(request, seconds) if seconds else self._get_response(request)


class ViewerRateMiddleware:
    """Counts every request of somebody signed in for them, from wherever they ask."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        rate = rate_of(settings.RATE_VIEWER)
        if rate is None or not isinstance(request.user, User):
            return self._get_response(request)
        seconds = rate_wait(rate, f"viewer:{request.user.pk}")
        return too_often(request, seconds) if seconds else self._get_response(request)


def too_often(request: HttpRequest, seconds: int) -> HttpResponse:
    """The no of the protocol that is spoken at the request's address."""
    message = _("Too many requests in a short time; try again in %(seconds)d s.") % {"seconds": seconds}
    path = request.path_info
    if path.startswith("/2.0"):
        as_json = request.GET.get("format") == "json"
        response = bad(LastFmError(RATE_LIMITED, message), as_json=as_json, status=429)
    elif path.startswith("/submissions"):
        response = lines(f"FAILED {message}")
        response.status_code = 429
    elif path.startswith(("/1/", "/apis/")):
        response = failure(429, message)
    else:
        extensions = {"code": "RATE_LIMITED", "retryAfter": seconds}
        response = JsonResponse({"errors": [{"message": message, "extensions": extensions}]}, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response
