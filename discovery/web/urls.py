"""Addresses of the pages."""

from django.urls import URLPattern, path
from django.views.i18n import set_language

from discovery.web import imports, views

pages: list[URLPattern] = [
    path("", views.discovery, name="discovery"),
    path("privacy/", views.privacy, name="privacy"),
    path("imports/", imports.imports, name="imports"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("language/", set_language, name="language"),
    path("words.js", views.Words.as_view(packages=["discovery"]), name="words"),
]
