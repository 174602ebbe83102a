"""``find_communities``: what a training does after its model, by itself."""

from typing import Any

from django.core.management.base import BaseCommand

from graph import snapshot
from graph.models import Community
from graph.training.communities import communities_refresh


class Command(BaseCommand):
    help = "Find the communities of taste among contributing listeners, and show them."

    def handle(self, **_: Any) -> None:
        communities_refresh(snapshot.take())
        for community in Community.objects.order_by("-size", "pk"):
            self.stdout.write(f"{community.size:>6}  {community.name}")
        if not Community.objects.exists():
            self.stdout.write("No community is large enough to be shown.")
