"""``federation_list``"""

from typing import Any

from django.core.management.base import BaseCommand

from graph.models import Bundle


class Command(BaseCommand):
    help = "This installation's own key, and the installations whose sums are learned from."

    def handle(self, **_: Any) -> None:
        from graph.exchange.files import our_key
        from graph.exchange.rounds.held import held_all

        self.stdout.write(f"{our_key()} is this installation's key")
        for bundle in Bundle.objects.filter(kind=Bundle.Kind.SUMS).order_by("signer"):
            self.stdout.write(
                f"{bundle.signer} since {bundle.received_at:%Y-%m-%d}, sums of {bundle.made_at:%Y-%m-%d}"
            )
        for held in held_all():
            self.stdout.write(
                f"round {held.round_id} is {'masked' if held.masked else 'begun'} and not joined"
            )
