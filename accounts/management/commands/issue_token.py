"""Print a bearer token for a listener."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services.token import token_issue


class Command(BaseCommand):
    help = "Print a new bearer token, and nothing else, for the listener with this username."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active listener named {options['username']!r}.")
        self.stdout.write(token_issue(user=user))
