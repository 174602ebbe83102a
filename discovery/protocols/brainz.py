"""What every address of the ListenBrainz protocol shares: who asks, and answers in its shape."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import DeviceScope
from discovery.platform.errors import LimitExceeded, NotAllowed, NotFound, Refusal
from discovery.protocols.asking import Player, by_header
from discovery.protocols.bodies import address_read, number_of

View = Callable[..., HttpResponse]


def failure(status: int, error: str) -> JsonResponse:
    """A no, as ListenBrainz says it."""
    return JsonResponse({"code": status, "error": error}, status=status)


def refusal_answer(refusal: Refusal) -> JsonResponse:
    """The no that a refusal is."""
    if isinstance(refusal, LimitExceeded):
        return failure(413, refusal.message)
    if isinstance(refusal, NotAllowed):
        return failure(403, refusal.message)
    return failure(404 if isinstance(refusal, NotFound) else 400, refusal.message)


def address(method: str, scope: DeviceScope) -> Callable[[Callable[..., HttpResponse]], View]:
    """An address for this method and whoever has ``scope``; the view is given the player before what the address says."""

    def made(view: Callable[..., HttpResponse]) -> View:
        @csrf_exempt  # only the token says who asks, and no browser adds that by itself
        @wraps(view)
        def answered(request: HttpRequest, **named: str) -> HttpResponse:
            if request.method not in {method, "HEAD" if method == "GET" else method}:
                return failure(405, "Method not allowed.")
            player = by_header(request.headers.get("Authorization", ""))
            if player is None:
                return failure(401, "Invalid authorization token.")
            try:
                player.ensure(scope)
                answer = view(request, player, **named)
            except Refusal as refusal:
                return refusal_answer(refusal)
            answer["Cache-Control"] = "no-store"
            return answer

        return answered

    return made


def ensure_own(player: Player, name: str) -> None:
    """Raises NotFound for every name but that of the player's owner: of others nothing is told by this way."""
    if name.lower() != player.user.username.lower():
        raise NotFound(f"Cannot find user: {name}")


def whole(request: HttpRequest, name: str, *, least: int, most: int, otherwise: int) -> int:
    """A whole number of the address, brought between ``least`` and ``most``."""
    said = number_of(address_read(request).get(name))
    return otherwise if said is None else max(least, min(int(said), most))


def said_or_none(request: HttpRequest, name: str) -> int | None:
    """A whole number of the address, where one is there."""
    said: Any = number_of(address_read(request).get(name))
    return None if said is None else int(said)
