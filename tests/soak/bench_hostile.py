"""What requests made to cost much cost: CPU time of each, asked by nobody and by somebody signed in.

``python -m tests.soak.bench_hostile`` on an instance with somebody in it. Each is asked with empty caches; the code and the
fastest of a few calls are printed, and by how much the process grew at most. Exit status 0 where all are within their bounds.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import django

CALLS = 3
LARGEST_MS = 50.0
LARGEST_ADMITTED_MS = 2_000.0  # a query's deadline
MOST_MEBIBYTES = 60.0  # by which all that is refused may make the process grow
# Bodies from here on take more in the client, which is this process, too: how much of one a server holds is in test_bodies.
LARGE = 1 << 20


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("username", nargs="?", default="ada")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "discovery.settings")
    django.setup()

    from django.conf import settings

    from accounts.models import User
    from tests.api.client import App
    from tests.soak.hostile import ADMITTED, REFUSED

    settings.ALLOWED_HOSTS = ["testserver"]
    apps = {"nobody": App(), "somebody": App(User.objects.get(username=arguments.username))}
    for app in apps.values():
        app.client.raise_request_exception = False
        app.post({"query": "{ __typename }"})
    over = []

    def ask(requests, largest):
        for name, made in requests.items():
            body = made()
            for who, app in apps.items():
                milliseconds, answer = measured(app, body)
                print(f"{name:<28} {who:<9} {milliseconds:9.2f} ms  {answer}")
                if milliseconds > largest:
                    over.append((name, who))

    chosen = {name: made for name, made in REFUSED.items() if arguments.only in name}
    small = {name: made for name, made in chosen.items() if len(made()) < LARGE}
    before = peak_mebibytes(anew=True)
    ask(small, LARGEST_MS)
    grown = peak_mebibytes() - before
    print(
        f"All that was refused, but for large bodies, made the process {grown:.1f} MiB larger at most, from {before:.0f}."
    )
    if grown > MOST_MEBIBYTES:
        over.append(("memory", "all"))
    ask({name: made for name, made in chosen.items() if name not in small}, LARGEST_MS)
    ask({name: made for name, made in ADMITTED.items() if arguments.only in name}, LARGEST_ADMITTED_MS)
    print(f"{len(over)} of them above their bound: {over}" if over else "all of them within their bounds")
    return 1 if over else 0


def peak_mebibytes(*, anew=False):
    """How large the process was at most; ``anew``, from now on."""
    own = Path("/proc/self")
    if anew:
        (own / "clear_refs").write_text("5")  # proc(5): the peak is what is taken now
    (line,) = (line for line in (own / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measured(app, body):
    from discovery.platform.graphql.admission import documents

    best, answer = float("inf"), ""
    for _ in range(CALLS):
        documents.clear()
        begun = time.process_time()
        response = app.post(body)
        best = min(best, 1000 * (time.process_time() - begun))
        answer = said(response)
    return best, answer


def said(response):
    try:
        body = json.loads(response.content)
    except ValueError:
        return f"{response.status_code} {response.content[:40]!r}"
    errors = body.get("errors") or []
    codes = sorted({error.get("extensions", {}).get("code", "?") for error in errors})
    return f"{response.status_code} {','.join(codes) or 'answered'}{' with data' if body.get('data') else ''}"


if __name__ == "__main__":
    sys.exit(main())
