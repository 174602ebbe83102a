"""Check the consent ledger's hash chains, and its projection."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.audit import ledger_verify


class Command(BaseCommand):
    help = "Check every hash chain of the consent ledger, and the current states against it."

    def handle(self, *args: Any, **options: Any) -> None:
        problems = 0
        for problem in ledger_verify():
            self.stderr.write(problem)
            problems += 1
        if problems:
            raise CommandError(f"{problems} problems found.")
        self.stdout.write("Every chain is whole, and the current states agree with it.")
