"""Addresses of the pages."""

from django.urls import URLPattern, path, re_path
from django.views.i18n import set_language

from discovery.web import explorer, imports, playlists, views

pages: list[URLPattern] = [
    path("", views.discovery, name="discovery"),
    path("privacy/", views.privacy, name="privacy"),
    path("explore/", explorer.explore, name="explore"),
    path("imports/", imports.imports, name="imports"),
    re_path(
        r"^playlists/(?P<key>[\w-]{1,40})\.(?P<form>jspf|xspf)$", playlists.playlist, name="playlist-file"
    ),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("language/", set_language, name="language"),
    path("words.js", views.Words.as_view(packages=["discovery"]), name="words"),
]
