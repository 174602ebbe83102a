"""Pages that load nothing from anywhere else, and that nobody may put into a frame."""

import json
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from accounts.models import User
from accounts.operator import operator_current
from accounts.services.password import has_password
from discovery.web.words import GROUPS, LEVELS

# No 'unsafe-inline': style and script come as files from this origin only.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The microphone for spoken commands, the place for moments that a page notices; nothing from elsewhere is in a page.
PERMISSIONS_POLICY = "microphone=(self), geolocation=(self), camera=()"
HEADLESS = "/_allauth/"
ENTRANCE = ("/accounts/", HEADLESS)

Response = TypeVar("Response", bound=HttpResponseBase)


def confined(response: Response, *, form_to: str = "") -> Response:
    """The response, with the policy and out of every cache: a page is one person's. Its form may lead to ``form_to``, too."""
    forms = f"form-action 'self' {form_to}".rstrip()
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace("form-action 'self'", forms)
    response["Permissions-Policy"] = PERMISSIONS_POLICY
    response["Cache-Control"] = "no-store"
    return response


def page(template: str, place: str, **more: object) -> Callable[..., HttpResponse]:
    """A page that its script fills, which of the five places leads to it, and what ``more`` stands in it."""

    def shown(request: HttpRequest, **named: str) -> HttpResponse:
        context = {"place": place, "template": template, **more, **named}
        return confined(render(request, f"discovery/{template}.html", context))

    asks: Callable[..., HttpResponse] = require_safe(login_required(shown))
    return asks


@require_safe
@login_required
def privacy(request: HttpRequest) -> HttpResponse:
    """``/privacy/``: what is used, and every choice about it."""
    choices = {
        "levels": LEVELS, "groups": GROUPS, "operator": operator_current(),
        "has_password": isinstance(request.user, User) and has_password(request.user),
    }  # fmt: skip
    return confined(render(request, "discovery/privacy.html", choices))


@require_safe
@login_required
def engagement(request: HttpRequest) -> HttpResponse:
    """``/engagement/``: reports on listening, for staff; for everybody else there is no such page."""
    if not (isinstance(request.user, User) and request.user.is_staff):
        raise Http404
    return confined(render(request, "discovery/engagement.html", {"place": "me"}))


class ConfinedEntrance:
    """Middleware: the pages of django-allauth are confined like our own, and its API is asked what can be read alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(HEADLESS) and not _can_be_read(request.body):
            return confined(HttpResponseBadRequest())
        response = self.get_response(request)
        return confined(response) if request.path_info.startswith(ENTRANCE) else response


def _can_be_read(body: bytes) -> bool:
    """Whether it is JSON of words that are words: the library is surprised by endless numbers and lists, and halves of characters."""
    try:
        json.dumps(json.loads(body or b"{}"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


class Words(JavaScriptCatalog):
    """``/words.js``: what the scripts say, in the reader's language."""

    def get_paths(self, packages: list[str]) -> list[str]:
        """Our own translations; those of Django's admin are of no use here."""
        return [str(path) for path in settings.LOCALE_PATHS]
