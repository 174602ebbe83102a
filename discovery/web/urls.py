"""Addresses of the pages."""

from django.urls import URLPattern, path, re_path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from discovery.web import entrance, explorer, imports, playlists, views

pages: list[URLPattern] = [
    path("", views.discovery, name="discovery"),
    path("privacy/", views.privacy, name="privacy"),
    path("explore/", explorer.explore, name="explore"),
    path("imports/", imports.imports, name="imports"),
    re_path(
        r"^playlists/(?P<key>[\w-]{1,40})\.(?P<form>jspf|xspf)$", playlists.playlist, name="playlist-file"
    ),
    path("welcome/", entrance.welcome, name="welcome"),
    path("invitations/", entrance.invitations, name="invitations"),
    path("invitations/end/", entrance.invitation_end, name="invitation-end"),
    path("invitations/open/", entrance.invitation_open, name="invitation-open"),
    re_path(r"^invitations/(?P<secret>[\w-]{20,64})/$", entrance.invitation, name="invitation"),
    path("login/", RedirectView.as_view(pattern_name="account_login", query_string=True), name="login"),
    path("logout/", entrance.sign_out, name="logout"),
    path("language/", set_language, name="language"),
    path("words.js", views.Words.as_view(packages=["discovery"]), name="words"),
]
