"""``create_sample_community [--listeners 300] [--seed 7]``"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from discovery.platform.errors import Refusal
from graph.sample.community import sample_community_create
from graph.sample.people import DEMO_LOGINS, DEMO_PASSWORD


class Command(BaseCommand):
    help = "Create a made-up community to try Earshot on. Where it stands already, nothing is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listeners", type=int, default=300)
        parser.add_argument("--seed", type=int, default=7)

    def handle(self, *, listeners: int, seed: int, **_: Any) -> None:
        try:
            report = sample_community_create(
                listeners=listeners,
                seed=seed,
                now=timezone.now(),
                tell=lambda step: self.stderr.write(f"sample community: {step}"),
            )
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        if not report.listeners:
            self.stdout.write("The sample community stands already; nothing was stored.")
            return
        self.stdout.write(
            f"{report.listeners:,} listeners, {report.friendships:,} friendships, {report.artists:,} artists, "
            f"{report.tracks:,} tracks, {report.listens:,} listens, {report.feedback:,} words of feedback"
        )
        self.stdout.write(f"Demo logins: {' and '.join(DEMO_LOGINS)}, password {DEMO_PASSWORD}")
