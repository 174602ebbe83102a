"""``/explore/``: the API's explorer. GraphiQL comes with the installation and loads nothing from elsewhere."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from discovery.web.views import confined


@require_safe
@login_required
def explore(request: HttpRequest) -> HttpResponse:
    response = confined(render(request, "discovery/explore.html"))
    # Its typefaces stand in its stylesheet.
    response["Content-Security-Policy"] += "; font-src 'self' data:; img-src 'self' data:"
    return response
