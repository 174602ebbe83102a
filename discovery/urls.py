"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from discovery import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
]
