"""Sign where the ledger stands, and print it."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from accounts.services.ledger_head import ledger_head_publish


class Command(BaseCommand):
    help = "Publish a signed head of the consent ledger now, and print it: keep a copy somewhere else."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(ledger_head_publish().document, sort_keys=True))
