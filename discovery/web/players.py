"""``/api/auth/``: where a desktop program that speaks Last.fm's API sends its user, to be let in.

The program has asked for a token (``auth.getToken``); whoever is signed in says here that it may come in, which makes
a device; with ``auth.getSession`` it takes its session. It names itself by a key that anybody may send, so that the
page calls it nothing.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.credentials import Credential, credential_of
from accounts.models import DeviceScope
from accounts.services.device import NAME_LENGTH, device_create
from accounts.services.player import player_token_allow, player_token_valid
from discovery.platform.errors import Refusal
from discovery.web.views import confined

SCOPES = (DeviceScope.PLAYS_WRITE, DeviceScope.PLAYS_READ)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def player_let_in(request: HttpRequest) -> HttpResponse:
    """Asks, and with POST lets in."""
    token, credential = request.GET.get("token", ""), credential_of(request)
    about = {
        "asked": [scope.label for scope in SCOPES], "valid": player_token_valid(token),
        "name": request.POST.get("name", ""), "longest": NAME_LENGTH,
    }  # fmt: skip
    if request.method == "POST" and about["valid"] and credential is not None:
        try:
            _let_in(credential, str(about["name"]).strip() or _("A player"), token)
            about["done"] = True
        except Refusal as refusal:
            about["refusal"] = refusal
    response = render(request, "discovery/player_let_in.html", about, status=200 if about["valid"] else 400)
    return confined(response)


@transaction.atomic
def _let_in(credential: Credential, name: str, token: str) -> None:
    device, _secret, _player_secret = device_create(credential=credential, name=name, scopes=SCOPES)
    player_token_allow(device=device, token=token)
