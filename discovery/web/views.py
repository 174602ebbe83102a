"""Pages that load nothing from anywhere else, and that nobody may put into a frame."""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
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


Response = TypeVar("Response", bound=HttpResponseBase)


def confined(response: Response) -> Response:
    """The response, with the policy and out of every cache: a page is one person's."""
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Cache-Control"] = "no-store"
    return response


def page(template: str, place: str) -> Callable[..., HttpResponse]:
    """A page that its script fills, and which of the five places leads to it."""

    def shown(request: HttpRequest, **named: str) -> HttpResponse:
        context = {"place": place, "template": template, "groups": GROUPS, **named}
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


class SignIn(LoginView):
    template_name = "discovery/login.html"
    next_page = "discovery"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return confined(super().dispatch(request, *args, **kwargs))


class SignOut(LogoutView):
    next_page = "login"


class Words(JavaScriptCatalog):
    """``/words.js``: what the scripts say, in the reader's language."""

    def get_paths(self, packages: list[str]) -> list[str]:
        """Our own translations; those of Django's admin are of no use here."""
        return [str(path) for path in settings.LOCALE_PATHS]
