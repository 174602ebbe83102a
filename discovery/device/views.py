"""``/device/bundle`` and its parts, and what a person takes along to their device.

Bundle and parts are the same bytes for everybody who is signed in. Nothing in an address or a header of them depends
on what somebody hears; whoever is not signed in has no use for a model of this installation's music.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, re_path
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from discovery.device.bundle import bundle_now, opened, part_find
from discovery.device.own import own_history
from discovery.platform.errors import ModelUnavailable
from discovery.platform.graphql.node import global_id

A_DAY = "private, max-age=86400, immutable"  # what is named by its hash never changes; a pack holds for a day


@require_safe
def bundle(request: HttpRequest) -> HttpResponse:
    """The signed manifest of the model's pack."""
    return _for_members(request, _bundle)


@require_safe
def part(request: HttpRequest, digest: str) -> HttpResponse:
    """The part whose SHA-256 this is."""
    return _for_members(request, lambda asked: _part(asked, digest))


@require_safe
def whose(request: HttpRequest) -> HttpResponse:
    """Who is signed in, by the id that their own queries tell: a browser keeps what several people do in it apart."""
    if not isinstance(request.user, User):
        return _refused(_("Sign in to do this."), 401, "SIGN_IN_REQUIRED")
    response = JsonResponse({"whose": _whose(request.user)})
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """What of the person signed in is evidence at level OWN, to be taken along to their device."""
    if not isinstance(request.user, User):
        return _refused(_("Sign in to do this."), 401, "SIGN_IN_REQUIRED")
    response = JsonResponse({"whose": _whose(request.user), **own_history(request.user)})
    response["Cache-Control"] = "no-store"
    return response


def _whose(user: User) -> str:
    return global_id("Viewer", user.pk)


def _for_members(request: HttpRequest, answer: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    if not isinstance(request.user, User):
        return _refused(_("Sign in to do this."), 401, "SIGN_IN_REQUIRED")
    try:
        return answer(request)
    except ModelUnavailable:
        return _refused(_("There is no model to hand out yet."), 503, "MODEL_UNAVAILABLE")


def _bundle(request: HttpRequest) -> HttpResponse:
    now = bundle_now()
    response = HttpResponse(now.body, content_type="application/json")
    response["ETag"] = now.etag
    response["Cache-Control"] = "private, no-cache"  # kept, and asked for again by its tag
    return _conditional(request, now.etag, response)


def _part(request: HttpRequest, digest: str) -> HttpResponse:
    found = part_find(digest)
    if found is None:
        return _refused(_("There is no such part any more."), 404, "NOT_FOUND")
    etag = f'"{digest}"'
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found if zipped else opened(found), content_type="application/octet-stream")
    if zipped:
        response["Content-Encoding"] = "gzip"
    response["ETag"], response["Cache-Control"] = etag, A_DAY
    patch_vary_headers(response, ("Accept-Encoding",))
    return _conditional(request, etag, response)


def _conditional(request: HttpRequest, etag: str, response: HttpResponse) -> HttpResponse:
    """The response, or 304 for whoever has it."""
    answer = get_conditional_response(request, etag=etag, response=response)
    return answer if isinstance(answer, HttpResponse) else response


def _refused(message: str, status: int, code: str) -> JsonResponse:
    response = JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)
    response["Cache-Control"] = "no-store"
    return response


addresses = [
    path("device/bundle", bundle, name="device-bundle"),
    re_path(r"^device/parts/(?P<digest>[0-9a-f]{64})$", part, name="device-part"),
    path("device/own", own, name="device-own"),
    path("device/whose", whose, name="device-whose"),
]
