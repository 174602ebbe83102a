"""How often one address and one person may ask, and the no that each protocol has for it (429, ``Retry-After``)."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from accounts.models import User
from discovery.platform.address import client_address
from discovery.platform.errors import Unavailable
from discovery.platform.outage import AGAIN_SECONDS, AWAY, database_away
from discovery.platform.rates import rate_of, rate_wait
from discovery.protocols.audioscrobbler import lines
from discovery.protocols.brainz import failure
from discovery.protocols.lastfm_answers import RATE_LIMITED, UNAVAILABLE_NOW, LastFmError, bad

Answer = Callable[[HttpRequest], HttpResponse]

_LAST_FM = {429: RATE_LIMITED, 503: UNAVAILABLE_NOW}
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
    """The no of the protocol that is spoken at the request's address, in the language that it asks for."""
    with translation.override(translation.get_language_from_request(request)):
        message = _("Too many requests in a short time; try again in %(seconds)d s.") % {"seconds": seconds}
    return come_back(request, seconds, status=429, code="RATE_LIMITED", message=message)


def database_failed(request: HttpRequest) -> HttpResponse:
    """Where a request ended with an exception (``handler500``): 503 and a code where the database is away, else 500."""
    if not database_away(sys.exc_info()[1]):
        return server_error(request)
    with translation.override(translation.get_language_from_request(request)):
        return come_back(request, AGAIN_SECONDS, status=503, code=Unavailable.code, message=str(AWAY))


def come_back(request: HttpRequest, seconds: int, *, status: int, code: str, message: str) -> HttpResponse:
    """A no that holds for some seconds, as the protocol at the request's address says it."""
    path = request.path_info
    if path.startswith("/2.0"):
        as_json = request.GET.get("format") == "json"
        response = bad(LastFmError(_LAST_FM[status], message), as_json=as_json, status=status)
    elif path.startswith("/submissions"):
        response = lines(f"FAILED {message}")
        response.status_code = status
    elif path.startswith(("/1/", "/apis/")):
        response = failure(status, message)
    else:
        extensions = {"code": code, "retryAfter": seconds}
        response = JsonResponse({"errors": [{"message": message, "extensions": extensions}]}, status=status)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response
