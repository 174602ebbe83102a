"""OAuth 2 for apps: where people are asked whether to let one in, and where apps get and end their tokens."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from oauth2_provider.models import Application
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import AuthorizationView, OAuthServerMetadataView, RevokeTokenView, TokenView

from accounts.credentials import scopes_read
from accounts.models import DeviceScope, User
from accounts.services.app import app_refusal
from discovery.web.views import confined


class LetIn(AuthorizationView):  # type: ignore[misc]  # the library is not typed
    """``/o/authorize/``: an app asks to be let in. It is always a person who answers, never an earlier answer."""

    template_name = "discovery/let_in.html"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if "approval_prompt" in request.GET:
            asked = request.GET.copy()
            del asked["approval_prompt"]
            request.GET = asked  # type: ignore[assignment]  # nobody writes into it
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return confined(response, form_to=_origin(self.oauth2_data.get("redirect_uri")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = scopes_read(" ".join(kwargs.get("scopes", ())))
        user = self.request.user
        refusal = app_refusal(user=user, scopes=asked) if isinstance(user, User) else None
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "asked": [scope.label for scope in DeviceScope if scope in asked],
            "refusal": refusal,
        }

    def redirect(self, redirect_to: str, application: Application | None) -> HttpResponseBase:
        """Back to the app; an error says whose it is, too (RFC 9207)."""
        if "iss" not in parse_qs(urlsplit(redirect_to).query):
            issuer = oauth2_settings.oauth2_authorization_server_issuer(self.request)
            redirect_to += ("&" if "?" in redirect_to else "?") + urlencode({"iss": issuer})
        response: HttpResponseBase = super().redirect(redirect_to, application)
        return response


def _origin(uri: str | None) -> str:
    """Where a form of the page may lead to: a browser asks the policy of the page for redirects, too."""
    parts = urlsplit(uri or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


_places = [
    path("o/authorize/", LetIn.as_view(), name="authorize"),
    path("o/token/", TokenView.as_view(), name="token"),
    path("o/revoke_token/", RevokeTokenView.as_view(), name="revoke-token"),
    path(
        ".well-known/oauth-authorization-server",
        OAuthServerMetadataView.as_view(),
        name="oauth-server-metadata",
    ),
]
# By this name the library finds them itself.
oauth: list[URLPattern | URLResolver] = [path("", include((_places, "oauth2_provider")))]
