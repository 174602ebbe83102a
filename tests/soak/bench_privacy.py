"""What consent costs: CPU time of a 20-item ``discover`` with its rules, and with the rules taken out.

``python -m tests.soak.bench_privacy USERNAME`` on an instance with a model. The baseline is the same
query with `policies` answering from memory what it would have found, and no note of social use written. Both are asked in each round, the other one first every time, and a round's own
two are compared: a machine that slows down meanwhile slows both.
"""

import argparse
import os
import statistics
import time
from contextlib import ExitStack
from dataclasses import replace
from unittest import mock

import django
from django.db.models import Q

QUERY = (
    "{ viewer { discover(first: 20) { edges { node { score remainder item { ... on Track { title } }"
    " reasons { text share evidence { id } } } } } } }"
)
ROUNDS, CALLS = 100, 4


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("username", nargs="?", default="ada")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    django.setup()

    from accounts.models import User
    from tests.api.client import App

    user = User.objects.get(username=arguments.username)
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    app = App(user)
    kinds = ("with", "without")
    for kind in kinds:
        measured(app, kind, user)  # warm
    times = []
    for place in range(ROUNDS):
        seconds = {kind: measured(app, kind, user) for kind in kinds[:: 1 if place % 2 else -1]}
        times.append((seconds["with"], seconds["without"]))
    full, bare = (1000 * statistics.median(column) for column in zip(*times, strict=True))
    low, middle, high = statistics.quantiles([100 * (ours / other - 1) for ours, other in times], n=4)
    print(
        f"discover of 20 for {user.username}: {full:.2f} ms CPU with consent checks, {bare:.2f} without\n"
        f"consent checks add {middle:.1f} % (median of {ROUNDS} rounds; half of them within {low:.1f} to {high:.1f})"
    )


def measured(app, kind, user):
    """CPU seconds of one call, averaged over a few."""
    with ExitStack() as stack:
        for patch in patches(user) if kind == "without" else ():
            stack.enter_context(patch)
        begun = time.process_time()
        for _ in range(CALLS):
            app.data(QUERY)
        return (time.process_time() - begun) / CALLS


def patches(user):
    from accounts import hearing, policies, presentation

    use = policies.effective_use(user)
    sources = hearing.social_sources(user, use)
    everybody = replace(presentation.registered()["Listener"], name="everybody", visible_to=lambda *_: Q())
    return [
        mock.patch.object(policies, "effective_uses", return_value=[use]),
        mock.patch.object(hearing, "social_sources", return_value=sources),
        mock.patch.dict(presentation._kinds, {"Listener": everybody}),
        mock.patch.object(presentation, "_told"),
    ]


if __name__ == "__main__":
    main()
