"""Addresses. ``/graphql/`` has CSRF on: browsers send the token, apps a bearer token instead."""

from django.conf import settings
from django.contrib import admin
from django.urls import path

from discovery.gql.view import EarshotGraphQLView
from discovery.schema import schema

urlpatterns = [
    path("admin/", admin.site.urls),
    path(
        "graphql/",
        EarshotGraphQLView.as_view(schema=schema, graphql_ide="graphiql" if settings.DEBUG else None),
        name="graphql",
    ),
]
