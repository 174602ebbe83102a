"""Make the current consent states anew from the ledger."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services.audit import consents_rebuild


class Command(BaseCommand):
    help = "Rebuild the current consent states by folding the ledger."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{consents_rebuild()} consent states were wrong and are right now.")
