"""Make an account: for somebody of the household, or the first one there is."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.listener import listener_create
from discovery.platform.errors import Refusal


class Command(BaseCommand):
    help = "Make an account for a listener, in which nothing is granted. Without a password they sign in with a token alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", default="", help="counts as shown to be theirs; a reset goes there")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        try:
            user = listener_create(handle=options["username"], password=password, email=options["email"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{user.username} can come in.")
