"""What people do at the door, as forms."""

import re

from django.core import mail

PASSWORD, OTHER = "correct horse battery", "another staple entirely"


def sign_up(client, name="ada", email=None, **headers):
    told = {"username": name, "email": email or f"{name}@example.org", "password1": PASSWORD}
    return client.post("/accounts/signup/", told, **headers)


def link_in_mail(path):
    """Where the last mail points to."""
    return re.search(rf"https?://[^/]+({path}\S*)", mail.outbox[-1].body).group(1)


def confirm(client):
    """Follow the link of the last mail, and press the button."""
    return client.post(link_in_mail("/accounts/confirm-email/"))


def sign_in(client, login="ada", password=PASSWORD, **headers):
    return client.post("/accounts/login/", {"login": login, "password": password}, **headers)
