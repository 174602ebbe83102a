"""Signing up and in: by form and by the headless API, with and without an invitation."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import PersonalizationLevel, User

pytestmark = pytest.mark.django_db

PASSWORD, OTHER = "correct horse battery", "another staple entirely"


def sign_up(client, name="ada", email=None):
    told = {"username": name, "email": email or f"{name}@example.org", "password1": PASSWORD}
    return client.post("/accounts/signup/", told)


def link_in_mail(path):
    return re.search(rf"https?://[^/]+({path}\S*)", mail.outbox[-1].body).group(1)


def confirm(client):
    return client.post(link_in_mail("/accounts/confirm-email/"))


def sign_in(client, login="ada", password=PASSWORD, **headers):
    return client.post("/accounts/login/", {"login": login, "password": password}, **headers)


@pytest.fixture
def open_(settings):
    settings.SIGN_UP = "open"


def test_one_signs_up_shows_the_address_and_comes_in_with_nothing_granted(open_, client):
    assert sign_up(client)["Location"] == "/accounts/confirm-email/"
    assert client.get("/welcome/").status_code == 302, "not before the address is shown to be theirs"
    assert sign_in(Client())["Location"] == "/accounts/confirm-email/"
    assert confirm(client)["Location"] == "/welcome/"
    assert "Welcome, ada" in client.get("/welcome/").text
    ada = User.objects.get(username="ada")
    assert ada.level == PersonalizationLevel.OFF
    assert not ada.consents.exists()
    assert sign_in(Client(), "ada@example.org")["Location"] == "/"
