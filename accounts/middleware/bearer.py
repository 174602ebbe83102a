"""Apps sign in with ``Authorization: Bearer``: the token alone says who asks, no session and no CSRF token."""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from oauth2_provider.models import AccessToken

from accounts.compiled_query import TEXT, CompiledQuery
from accounts.models import User
from accounts.services.token import SCOPE


class BearerTokenMiddleware:
    """Sets ``request.user`` from a bearer token; a token that is not valid is answered with 401.

    It is not answered as an anonymous request would be: an app whose token ran out has to know.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if (access := valid_token(token.strip())) is None:
                return _unauthorized()
            request.user = access.user
            # A browser never adds this header by itself, so there is nothing to forge.
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001
        response = self.get_response(request)
        patch_vary_headers(response, ("Authorization",))
        return response


def valid_token(token: str) -> AccessToken | None:
    """The token behind this word, where it lets somebody in now."""
    rows: list[AccessToken] = _WITH_CHECKSUM.instances(_checksum(token))
    return next(filter(_lets_in, rows), None)


def users_of_tokens(tokens: Collection[str]) -> dict[str, User]:
    """Whom each of these words lets in now; words that let nobody in have no entry. One query."""
    words = {_checksum(token): token for token in tokens}
    rows = AccessToken.objects.select_related("user").filter(token_checksum__in=words)
    return {words[row.token_checksum]: row.user for row in rows if _lets_in(row)}


def _lets_in(token: AccessToken) -> bool:
    return bool(token.user is not None and token.user.is_active and token.is_valid([SCOPE]))


def _checksum(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _with_checksum(checksum: str, _now: datetime) -> QuerySet[AccessToken]:
    return AccessToken.objects.select_related("user").filter(token_checksum=checksum)  # type: ignore[no-any-return]  # the library is not typed


_WITH_CHECKSUM = CompiledQuery(_with_checksum, TEXT)  # asked with every request


def _unauthorized() -> JsonResponse:
    error = {"message": "This token is not valid.", "extensions": {"code": "INVALID_TOKEN"}}
    response = JsonResponse({"errors": [error]}, status=401)
    response["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response
