"""``/device/``: the page that goes on without a network, and the worker that keeps it."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from discovery.web.views import confined


@require_safe
def device(request: HttpRequest) -> HttpResponse:
    """The same for everybody: nothing of whoever asks is in it, so that a browser may keep it."""
    return confined(render(request, "discovery/device.html", {"user": AnonymousUser()}))


@require_safe
def service(request: HttpRequest) -> HttpResponseBase:
    """The page's service worker, from an address of its own: a worker answers for what lies beneath it alone."""
    found = finders.find("discovery/device/service.js")
    if not isinstance(found, str):
        raise Http404
    response = HttpResponse(Path(found).read_bytes(), content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response
