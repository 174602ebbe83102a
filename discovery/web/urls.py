"""Addresses of the pages."""

from django.urls import URLPattern, path, re_path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from discovery.models import MomentLabel
from discovery.web import device, entrance, explorer, imports, players, playlists, views, voice
from discovery.web.words import FIRST_GROUPS

pages: list[URLPattern] = [
    path("", views.page("home", "home"), name="discovery"),
    path("search/", views.page("search", "search"), name="search"),
    path("music/", views.page("history", "music"), name="history"),
    path("music/likes/", views.page("likes", "music"), name="likes"),
    path("music/playlists/", views.page("playlists", "music"), name="playlists"),
    re_path(r"^music/playlists/(?P<key>[\w=-]{1,40})/$", views.page("playlist", "music"), name="playlist"),
    path("music/mix/", views.page("mix", "music"), name="mix"),
    path("music/statistics/", views.page("statistics", "music"), name="statistics"),
    path("music/year/", views.page("review", "music"), name="review"),
    path("together/", views.page("together", "together"), name="together"),
    path("together/blend/", views.page("blend", "together"), name="blend"),
    path("together/rooms/", views.page("rooms", "together"), name="rooms"),
    path("together/match/", views.page("match", "together"), name="match"),
    path("radio/", views.page("radio", "home"), name="radio"),
    path("me/", views.page("me", "me", moment_labels=MomentLabel.choices), name="me"),
    path("welcome/", views.page("welcome", "home", groups=FIRST_GROUPS), name="welcome"),
    path("engagement/", views.engagement, name="engagement"),
    path("privacy/", views.privacy, name="privacy"),
    path("device/", device.device, name="device"),
    path("device/service.js", device.service, name="device-service"),
    path("explore/", explorer.explore, name="explore"),
    path("imports/", imports.imports, name="imports"),
    path("voice/", voice.voice, name="voice"),
    re_path(
        r"^playlists/(?P<key>[\w-]{1,40})\.(?P<form>jspf|xspf)$", playlists.playlist, name="playlist-file"
    ),
    re_path(r"^playlist/(?P<word>[\w-]{1,40})/?$", playlists.identified, name="playlist-identified"),
    re_path(r"^api/auth/?$", players.player_let_in, name="player-let-in"),
    path("invitations/", entrance.invitations, name="invitations"),
    path("invitations/end/", entrance.invitation_end, name="invitation-end"),
    path("invitations/open/", entrance.invitation_open, name="invitation-open"),
    re_path(r"^invitations/(?P<secret>[\w-]{20,64})/$", entrance.invitation, name="invitation"),
    path("login/", RedirectView.as_view(pattern_name="account_login", query_string=True), name="login"),
    path("logout/", entrance.sign_out, name="logout"),
    path("language/", set_language, name="language"),
    path("words.js", views.Words.as_view(packages=["discovery"]), name="words"),
]
