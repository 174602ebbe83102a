"""Prints how to try a running demo: two logins with tokens, and a first query."""

from __future__ import annotations

import json
import shlex
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Friendship, PersonalizationLevel, User
from accounts.services.consent import level_set
from accounts.services.token import token_issue
from graph.sample.people import DEMO_LOGINS, DEMO_PASSWORD

QUERY = """
{ viewer { discover(kind: %s, first: 3) { level edges { node {
  score remainder
  item { ... on Track { title artist { name } } ... on Artist { name } }
  reasons { text contribution share } } } } } }
"""


class Command(BaseCommand):
    help = "Print two demo logins with fresh tokens, and a first query."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="where the web process answers")
        parser.add_argument(
            "--imported", action="store_true", help="log in imported listeners, not the sample's"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        people = _imported() if options["imported"] else _sample()
        tokens = [token_issue(user=user) for user in people]
        self.stdout.write(f"\nEarshot answers at {options['url']}/graphql/")
        self.stdout.write(f"The API can be explored at {options['url']}/explore/\n")
        for user, token in zip(people, tokens, strict=True):
            self.stdout.write(f"login: {user.username}  password: {DEMO_PASSWORD}\ntoken: {token}")
        kind = "ARTIST" if options["imported"] else "TRACK"
        self.stdout.write(
            f"\nA first query, to paste into a shell:\n\n{_curl(options['url'], tokens[0], kind)}\n"
        )


def _sample() -> list[User]:
    people = {user.username: user for user in User.objects.filter(username__in=DEMO_LOGINS)}
    if len(people) != len(DEMO_LOGINS):
        raise CommandError("There is no sample community: run create_sample_community first.")
    return [people[name] for name in DEMO_LOGINS]


def _imported() -> list[User]:
    """The first two friends with play counts. Nobody could log in as them yet, so they get a password."""
    friendship = (
        Friendship.objects.filter(
            state=Friendship.State.ACCEPTED,
            low__artist_play_counts__isnull=False,
            high__artist_play_counts__isnull=False,
        )
        .select_related("low", "high")
        .order_by("low_id", "high_id")
        .first()
    )
    if friendship is None:
        raise CommandError("Nobody with play counts has a friend with some: what was imported?")
    people = [friendship.low, friendship.high]
    for user in people:
        if not user.has_usable_password():
            with transaction.atomic():
                user.set_password(DEMO_PASSWORD)
                user.save(update_fields=["password"])
                level_set(user=user, level=PersonalizationLevel.SOCIAL)
    return people


def _curl(url: str, token: str, kind: str) -> str:
    body = json.dumps({"query": " ".join((QUERY % kind).split())})
    command = ["curl", "-s", f"{url}/graphql/", "-H", f"Authorization: Bearer {token}"]
    return shlex.join([*command, "-H", "Content-Type: application/json", "-d", body])
