"""Print a bearer token for a listener."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import DeviceScope, User
from accounts.services.token import LIFETIME, token_issue


class Command(BaseCommand):
    help = "Print a new bearer token, and nothing else, for the listener with this username."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--days", type=int, default=LIFETIME.days, help="how long it lasts")
        parser.add_argument(
            "--scope", action="append", choices=DeviceScope.values, type=str.upper, metavar="SCOPE",
            help=f"what it may be used for, once for each: {', '.join(DeviceScope.values)}; everything where none is given",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active listener named {options['username']!r}.")
        if not 1 <= options["days"] <= 3650:
            raise CommandError("A token lasts from a day to ten years.")
        scopes = [DeviceScope(word) for word in options["scope"] or DeviceScope.values]
        self.stdout.write(token_issue(user=user, scopes=scopes, lifetime=timedelta(days=options["days"])))
