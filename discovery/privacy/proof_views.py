"""Files by which people check what a model learned from them."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.edge_proofs import leaf_read
from accounts.models import User
from discovery.platform.errors import InvalidInput, NotFound, Refusal
from discovery.privacy.training_proofs import training_edges, training_proof
from discovery.privacy.views import private_json, refused
from graph.models import ModelVersion


@require_safe
def edges(request: HttpRequest) -> JsonResponse:
    """What models may have learned from the person signed in, and the key of its hashes."""
    if not isinstance(request.user, User):
        return refused("Sign in to do this.", 401, "SIGN_IN_REQUIRED")
    return private_json(JsonResponse(training_edges(request.user)))


@csrf_exempt  # it looks at no session, and changes nothing
@require_POST
def proof(request: HttpRequest, key: UUID) -> JsonResponse:
    """Whether a model learned from ``{"leaves": […]}``; for everybody, as nobody else has the key behind a leaf."""
    version = ModelVersion.objects.filter(pk=key).first()
    if version is None:
        return refused("There is no such model.", 404, "NOT_FOUND")
    try:
        return private_json(JsonResponse(training_proof(version, _leaves(request.body))))
    except Refusal as error:
        return refused(error.message, 404 if isinstance(error, NotFound) else 400, error.specific_code)


def _leaves(body: bytes) -> list[int]:
    """Raises InvalidInput."""
    try:
        return [leaf_read(leaf) for leaf in json.loads(body)["leaves"]]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        message = _('The body has to be JSON: {"leaves": ["16 hexadecimal digits", …]}.')
        raise InvalidInput(message, field="leaves", code="INVALID_LEAVES") from error
