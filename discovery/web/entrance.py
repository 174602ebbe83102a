"""Pages of people who come in: invitations, and where somebody new begins."""

from __future__ import annotations

from allauth.account.views import logout
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.entrance.adapter import INVITED
from accounts.models import User
from accounts.qr import qr_svg
from accounts.selectors import invitation_list
from accounts.services.invitation import (
    invitation_accept,
    invitation_create,
    invitation_get,
    invitation_revoke,
)
from discovery.platform.errors import NotFound, Refusal
from discovery.platform.graphql.node import global_id, node_id
from discovery.web.views import confined

_OPENED, _MADE = "earshot.opened", "earshot.made"  # secrets of links: one that was followed, one just made


def sign_out(request: HttpRequest) -> HttpResponseBase:
    """``/logout/``, as it was called before."""
    response: HttpResponseBase = logout(request)
    return confined(response)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """``/invitations/``: one's links; with POST another one. A link is told once, on the page that follows."""
    user: User = request.user  # type: ignore[assignment]  # signed in
    refused = None
    if request.method == "POST":
        try:
            request.session[_MADE] = invitation_create(user=user, befriends=True)[1]
            return redirect("invitations")
        except Refusal as refusal:
            refused = refusal.message
    secret = request.session.pop(_MADE, None)
    link = secret and request.build_absolute_uri(reverse("invitation", args=[secret]))
    made = [(global_id("Invitation", row.pk), row) for row in invitation_list(user=user)]
    context = {"link": link, "picture": link and qr_svg(link), "invitations": made, "refused": refused}
    return confined(render(request, "discovery/invitations.html", context))


@login_required
@require_POST
def invitation_end(request: HttpRequest) -> HttpResponse:
    """Take one of one's links back."""
    try:
        key = node_id(request.POST.get("id", ""), "Invitation", field="id")
        invitation_revoke(user=request.user, invitation_id=key)  # type: ignore[arg-type]  # signed in
    except Refusal:
        pass  # it is gone, which is what was asked for
    return redirect("invitations")


@require_safe
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """A link that was followed. Its secret goes into the session, and out of the address."""
    request.session[_OPENED] = secret
    return redirect("invitation-open")


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_open(request: HttpRequest) -> HttpResponse:
    """Who invites, and a button to say yes. Every link that lets nobody in is answered alike."""
    secret = request.session.get(_OPENED, "")
    user = request.user if isinstance(request.user, User) else None
    found = invitation_get(secret, viewer=user)
    may_sign_up = settings.SIGN_UP != "closed"
    if found is None or not (found.befriends or (user is None and may_sign_up)):
        return _invalid(request)
    context = {"host": found.made_by if found.befriends else None, "may_sign_up": may_sign_up}
    if request.method != "POST":
        return confined(render(request, "discovery/invitation.html", context))
    if user is None:
        request.session[INVITED] = secret
        return redirect("account_signup")
    try:
        host = invitation_accept(user=user, secret=secret)
    except NotFound:
        return _invalid(request)
    request.session.pop(_OPENED)
    return confined(render(request, "discovery/invitation.html", {"host": host, "done": True}))


def _invalid(request: HttpRequest) -> HttpResponse:
    return confined(render(request, "discovery/invitation_invalid.html", status=404))
