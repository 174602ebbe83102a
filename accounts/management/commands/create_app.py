"""Register an app that people may let in by OAuth."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.app import app_create
from discovery.platform.errors import InvalidInput


class Command(BaseCommand):
    help = "Register an app, and print its client id: what it names when it asks somebody to let it in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "name", help="by which people know it, where they are asked and among their devices"
        )
        parser.add_argument(
            "--redirect-uri", action="append", required=True, metavar="URI",
            help="where people come back to, once for each; http://127.0.0.1/… stands for any port of one's own machine",
        )  # fmt: skip
        parser.add_argument(
            "--confidential", action="store_true",
            help="it runs on a server that keeps a secret, which is printed now and never again",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            app, secret = app_create(
                name=options["name"],
                redirect_uris=options["redirect_uri"],
                confidential=options["confidential"],
            )
        except InvalidInput as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"client_id: {app.client_id}")
        if secret is not None:
            self.stdout.write(f"client_secret: {secret}")
