"""What settings would put people at risk, once others reach the installation. Imports nothing of ours.

They are errors of Django's checks, so that every command refuses, and web processes, workers and the clock end with the
same sentences before they serve anybody. The embedded default and the demo answer this machine alone and need none of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from celery.signals import beat_init, worker_init
from django.conf import settings
from django.core.checks import Error, Tags, register

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
SHORTEST_KEY, FEWEST_CHARACTERS = 50, 5  # as Django's own check asks
ED25519 = re.compile(r"[0-9a-fA-F]{64}")
HINT = "docs/operations.md says what each setting is; PRODUCTION=false is for a machine that answers nobody else."


def reached_by_others(hosts: Sequence[str]) -> bool:
    """Whether an installation that answers to these names is for more people than whoever sits at the machine."""
    return any(host not in LOOPBACK for host in hosts)


def connect() -> None:
    """Called once, when the app is ready."""
    register(unsafe_settings, Tags.security)
    worker_init.connect(_refuse, dispatch_uid="unsafe settings")
    beat_init.connect(_refuse, dispatch_uid="unsafe settings")


def unsafe_settings(**_: Any) -> Sequence[Error]:
    """Errors with one sentence each."""
    return [Error(sentence, hint=HINT, id=f"earshot.{code}") for code, sentence in _unsafe()]


def refuse_unsafe() -> None:
    """End this process, saying why, where settings are unsafe."""
    if errors := unsafe_settings():
        lines = [f"{error.id}: {error.msg}" for error in errors]
        sys.exit("\n".join(["Earshot does not start with these settings.", *lines, HINT]))


def _refuse(**_: Any) -> None:
    refuse_unsafe()


def _unsafe() -> Iterator[tuple[str, str]]:
    if not ED25519.fullmatch(settings.SIGNING_KEY):
        yield "E001", "SIGNING_KEY is malformed: it is 64 hexadecimal digits (openssl rand -hex 32)."
    if not settings.PRODUCTION:
        return
    if len(set(settings.SIGNING_KEY.lower())) < FEWEST_CHARACTERS:
        yield "E002", "SIGNING_KEY is weak: whoever guesses it signs receipts (openssl rand -hex 32)."
    if settings.DEBUG:
        yield "E003", "DEBUG is on: error pages would show settings and people's data to anybody."
    if "*" in settings.ALLOWED_HOSTS or not reached_by_others(settings.ALLOWED_HOSTS):
        yield "E004", "ALLOWED_HOSTS does not name the hosts that this is reached by; * would take any."
    weak = len(settings.SECRET_KEY) < SHORTEST_KEY or len(set(settings.SECRET_KEY)) < FEWEST_CHARACTERS
    if weak or settings.SECRET_KEY.startswith("django-insecure-"):
        yield "E005", "SECRET_KEY is weak: it takes 50 random characters (openssl rand -base64 48)."
    if not settings.SESSION_COOKIE_SECURE or not settings.CSRF_COOKIE_SECURE:
        yield "E006", "SECURE_COOKIES is off: sessions would travel without HTTPS."
    if not settings.SITE_URL.startswith("https://"):
        yield "E007", "SITE_URL is not https://…: links in mails would lead around HTTPS."
    operator = {
        name: getattr(settings, name).strip()
        for name in ("OPERATOR_NAME", "OPERATOR_CONTACT", "COMPLAINT_AUTHORITY")
    }
    if missing := [name for name, value in operator.items() if not value]:
        yield (
            "E008",
            f"No operator is named: {', '.join(missing)}. People are to know who answers for their data.",
        )
