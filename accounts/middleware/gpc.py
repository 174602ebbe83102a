"""Global Privacy Control (https://www.w3.org/TR/gpc/): a browser that says no says it for THIRD_PARTY."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.models import ConsentActor, ConsentState, Purpose, User
from accounts.services.ledger import Change, ledger_record

LAST_UPDATE = "2026-11-26"  # of what we say about it


class GlobalPrivacyControlMiddleware:
    """Writes the no of a signed-in person into their ledger, once; a request without the signal is untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("Sec-GPC") == "1" and isinstance(request.user, User):
            refuse_third_party(request.user)
        return self.get_response(request)


def refuse_third_party(user: User) -> None:
    """Deny THIRD_PARTY unless it stands at no already; one query where it does."""
    standing = user.consents.filter(purpose=Purpose.THIRD_PARTY, friend=None)
    if standing.exclude(state__in=(ConsentState.GRANTED, ConsentState.UNDEFINED)).exists():
        return
    change = Change(user, Purpose.THIRD_PARTY, ConsentState.DENIED)
    ledger_record(changes=[change], actor=ConsentActor.GPC, channel="Sec-GPC")


def gpc_json(request: HttpRequest) -> JsonResponse:
    """``/.well-known/gpc.json``: that we heed the signal."""
    return JsonResponse({"gpc": True, "lastUpdate": LAST_UPDATE})
