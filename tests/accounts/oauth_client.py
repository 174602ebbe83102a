"""An app that is not ours, as authlib plays it, and the person who lets it in."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from django.test import Client
from requests.adapters import BaseAdapter

from accounts.services.app import app_create
from tests.api.client import App

SITE = "http://localhost"
VERIFIER = "v" * 64
LOOPBACK = "http://127.0.0.1/back"


def registered(name="Player", *uris, confidential=False):
    return app_create(name=name, redirect_uris=uris or (LOOPBACK,), confidential=confidential)


def session(app, *, redirect_uri="http://127.0.0.1:49152/back", scope="discover", secret=None):
    """The app's side."""
    client = OAuth2Session(
        client_id=app.client_id, client_secret=secret, redirect_uri=redirect_uri, scope=scope,
        token_endpoint_auth_method="client_secret_basic" if secret else "none", code_challenge_method="S256",
        token_endpoint=f"{SITE}/o/token/",
    )  # fmt: skip
    client.mount(SITE, InProcess())
    return client


class InProcess(BaseAdapter):
    """Asks without a server."""

    def send(self, request, **options):
        headers = {name: word for name, word in request.headers.items() if not name.startswith("Content-")}
        answer = Client(enforce_csrf_checks=True).generic(
            request.method,
            urlsplit(request.url).path,
            request.body,
            request.headers["Content-Type"],
            headers=headers,
        )
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status_code, request.url, request
        response.headers.update(answer.items())
        response._content = answer.content
        return response

    def close(self):
        pass


def address(client, **more):
    return client.create_authorization_url(f"{SITE}/o/authorize/", code_verifier=VERIFIER, **more)


def browser(user):
    person = Client(enforce_csrf_checks=True, headers={"Host": "localhost"})
    person.force_login(user)
    return person


def page(person, url):
    parts = urlsplit(url)
    return person.get(f"{parts.path}?{parts.query}")


def fields(answer):
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    return {name: unescape(value) for name, value in found}


def answered(person, url, *, allow=True, **forged):
    """The person's answer on the page, and what the app is told by it."""
    form = fields(page(person, url)) | ({"allow": "true"} if allow else {}) | forged
    response = person.post("/o/authorize/", form)
    assert response.status_code == 302, response.content
    return response["Location"]


def told(location):
    return {name: words[0] for name, words in parse_qs(urlsplit(location).query).items()}


def let_in(user, client):
    """The token with which the app is let in."""
    url, state = address(client)
    location = answered(browser(user), url)
    return client.fetch_token(authorization_response=location, code_verifier=VERIFIER, state=state)


def bearer(token):
    return App(Authorization=f"Bearer {token['access_token']}")
