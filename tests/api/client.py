"""An app with a token, as the tests play it."""

import json

from django.test import Client

from accounts.models import User
from accounts.services.token import token_issue

PATH = "/graphql/"


class App:
    """Speaks for ``user`` with a bearer token; for nobody without one."""

    def __init__(self, user: User | None = None, **headers: str):
        self.client = Client(enforce_csrf_checks=True)
        self.headers = headers
        if user is not None:
            self.headers["Authorization"] = f"Bearer {token_issue(user=user)}"

    def post(self, body, content_type="application/json", **headers):
        """The raw response to ``body`` (JSON-encoded unless it is bytes or a string)."""
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post(PATH, raw, content_type=content_type, headers=self.headers | headers)

    def ask(self, query: str, **variables):
        """The whole answer as JSON."""
        return self.post({"query": query, "variables": variables}).json()

    def data(self, query: str, **variables):
        """The data of an answer without errors."""
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def code(self, query: str, **variables) -> str:
        """The code of the top-level errors, which are of one kind."""
        (code,) = {error["extensions"]["code"] for error in self.ask(query, **variables)["errors"]}
        return str(code)
