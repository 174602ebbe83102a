"""Files a person fetches: receipts, exports, and what became of an erasure."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.services.ledger_head import ledger_head_newest
from accounts.services.receipt import receipt_list
from accounts.signatures import public_key_text
from discovery.models import Erasure
from discovery.privacy.export import data_export_find


@require_safe
def receipts(request: HttpRequest) -> JsonResponse:
    """Every consent receipt of the person signed in."""
    if not isinstance(request.user, User):
        return refused("Sign in to do this.", 401, "SIGN_IN_REQUIRED")
    return private_json(JsonResponse(list(receipt_list(user=request.user)), safe=False))


@require_safe
def data_export(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file behind a link; the link alone is not enough, and neither is being somebody else."""
    if not isinstance(request.user, User):
        return refused("Sign in to do this.", 401, "SIGN_IN_REQUIRED")
    export = data_export_find(user=request.user, token=token)
    if export is None or not export.path.exists():
        return refused("There is no such export, or its time is over.", 404, "NOT_FOUND")
    response = FileResponse(export.path.open("rb"), as_attachment=True, filename="earshot-export.zip")
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def erasure(request: HttpRequest, key: UUID) -> JsonResponse:
    """How far an erasure is, and its receipt. Who knows the address may ask: there is no account to sign in to."""
    row = Erasure.objects.filter(pk=key).first()
    if row is None:
        return refused("There is no such erasure.", 404, "NOT_FOUND")
    return private_json(JsonResponse({"id": str(row.pk), "state": row.state, "receipt": row.receipt}))


@require_safe
def signing_key(request: HttpRequest) -> JsonResponse:
    """The public key that receipts of this installation are signed with."""
    return JsonResponse({"type": "Ed25519", "publicKey": public_key_text(settings.SIGNING_KEY)})


@require_safe
def ledger_head(request: HttpRequest) -> JsonResponse:
    """The newest signed head of the consent ledger. Whoever keeps copies can show later that it was rewritten."""
    head = ledger_head_newest()
    return (
        refused("No head is published yet.", 404, "NOT_FOUND")
        if head is None
        else JsonResponse(head.document)
    )


def private_json(response: JsonResponse) -> JsonResponse:
    """The same answer, to be kept by nobody on its way."""
    response["Cache-Control"] = "no-store"
    return response


def refused(message: str, status: int, code: str) -> JsonResponse:
    """A no with its code, as GraphQL has it."""
    return JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)
