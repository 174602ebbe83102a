"""Addresses of the pages."""

from django.urls import URLPattern, path

from discovery.web import views

pages: list[URLPattern] = [
    path("", views.discovery, name="discovery"),
    path("privacy/", views.privacy, name="privacy"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
]
