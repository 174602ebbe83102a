"""Print a link by which people sign up."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from accounts.models import User
from accounts.services.invitation import LIFETIME, LONGEST, MOST_USES, invitation_create
from discovery.platform.errors import Refusal


class Command(BaseCommand):
    help = "Print a link, and nothing else, by which people sign up here (at SITE_URL), and befriend whom it is from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", metavar="USERNAME", help="whose friends they become; nobody's without")
        parser.add_argument("--uses", type=int, default=1, help="how many people it lets in")
        parser.add_argument("--days", type=int, default=LIFETIME.days, help="how long it lasts")

    def handle(self, *args: Any, **options: Any) -> None:
        host, by = None, options["by"]
        if by is not None and (host := User.objects.filter(username=by, is_active=True).first()) is None:
            raise CommandError(f"There is no active listener named {by!r}.")
        if not 1 <= options["uses"] <= MOST_USES:
            raise CommandError(f"A link lets in one to {MOST_USES} people.")
        if not 1 <= options["days"] <= LONGEST.days:
            raise CommandError(f"A link lasts from a day to {LONGEST.days} days.")
        lifetime = timedelta(days=options["days"])
        try:
            made = invitation_create(
                user=host, befriends=host is not None, uses=options["uses"], lifetime=lifetime
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(settings.SITE_URL + reverse("invitation", args=[made[1]]))
