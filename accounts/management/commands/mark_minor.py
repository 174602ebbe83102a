"""Mark an account as a minor's, with or without somebody who answers for it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services.guardianship import minor_grown_up, minor_mark
from discovery.platform.errors import InvalidInput


class Command(BaseCommand):
    help = (
        "Mark a listener as a minor. With a guardian, that account answers for them; without, they are private: not "
        "found, not named, nothing of theirs shown. What they had allowed of that is taken back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--guardian", metavar="USERNAME", help="Whose account answers for them.")
        how.add_argument("--grown-up", action="store_true", help="They are no minor any more.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = self._user(options["username"])
        if options["grown_up"]:
            minor_grown_up(user=user)
            self.stdout.write(f"{user.username} answers for themself.")
            return
        guardian = self._user(options["guardian"]) if options["guardian"] else None
        try:
            minor_mark(user=user, guardian=guardian)
        except InvalidInput as error:
            raise CommandError(error.message) from error
        who = (
            f"{guardian.username} answers for them"
            if guardian
            else "nobody answers for them: they are private"
        )
        self.stdout.write(f"{user.username} is a minor, and {who}.")

    def _user(self, username: str) -> User:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active listener named {username!r}.")
        return user
