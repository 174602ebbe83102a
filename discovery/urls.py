"""Every address of the site. ``/graphql/`` checks the CSRF token of whoever comes with a session."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts.api.context import Context
from accounts.middleware.gpc import gpc_json
from discovery import health
from discovery.device import views as device_views
from discovery.library import tunes
from discovery.library import views as library_views
from discovery.platform.graphql.view import EarshotGraphQLView
from discovery.privacy import proof_views, views
from discovery.protocols.urls import protocols
from discovery.schema import schema
from discovery.web.erasures import erasure
from discovery.web.oauth import oauth
from discovery.web.urls import pages

handler500 = "discovery.web.rates.database_failed"
urlpatterns: list[URLPattern | URLResolver] = [
    *pages,
    *protocols,
    *library_views.addresses,
    *tunes.addresses,
    *device_views.addresses,
    *oauth,
    path("livez", health.livez),
    path("readyz", health.readyz),
    path(".well-known/gpc.json", gpc_json),
    path(".well-known/earshot-signing-key.json", views.signing_key),
    path(".well-known/earshot-ledger-head.json", views.ledger_head),
    path("privacy/receipts.json", views.receipts, name="receipts"),
    path("privacy/training-edges.json", proof_views.edges, name="training-edges"),
    path("privacy/models/<uuid:key>/proof", proof_views.proof, name="training-proof"),
    path("privacy/exports/<str:token>", views.data_export, name="data-export"),
    path("privacy/erasures/<uuid:key>", erasure, name="erasure"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path(
        "graphql/",
        EarshotGraphQLView.as_view(
            schema=schema, context_type=Context, graphql_ide="graphiql" if settings.DEBUG else None
        ),
        name="graphql",
    ),
]
