"""An export of 100,000 plays in constant memory. Run by ``make soak``; not collected by ``make test``."""

import json
import os
import subprocess
import sys

import pytest

from accounts.models import User
from discovery.privacy.export import data_export_request
from graph.models import Listen
from tests import factories
from tests.soak.test_two_workers import database_url

PLAYS = 100_000
LARGEST_GROWTH = 50 * 1024  # KiB over the idle process
# Peak memory of the process before (idle, one query made, everything imported) and after.
EXPORT = """
import resource, sys, json, django
django.setup()
from discovery.privacy import export
from discovery.models import DataExport
DataExport.objects.count()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
idle = peak()
done = export.data_export_build(export_id=sys.argv[1])
print(json.dumps({"idle": idle, "peak": peak(), "bytes": done.size}))
"""


@pytest.mark.timeout(1_200)
def test_an_export_of_many_plays_needs_little_memory(transactional_db, tmp_path):
    ada = factories.sharer("ada")
    tracks = [factories.track() for _ in range(500)]
    for start in range(0, PLAYS, 5_000):
        Listen.objects.bulk_create(
            Listen(
                user=ada, track=tracks[number % len(tracks)], listened_at=factories.NOON, ms_played=200_000,
                source="soak", source_id=str(number),
            )
            for number in range(start, start + 5_000)
        )  # fmt: skip
    asked = data_export_request(user=User.objects.get(pk=ada.pk))
    run = subprocess.run(
        [sys.executable, "-c", EXPORT, str(asked.pk)], check=True, capture_output=True, text=True,
        env=os.environ
        | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "discovery.settings", "EARSHOT_HOME": str(tmp_path)},
    )  # fmt: skip
    figures = json.loads(run.stdout.splitlines()[-1])
    growth = figures["peak"] - figures["idle"]
    print(
        f"{PLAYS} plays: idle {figures['idle'] >> 10} MiB, peak {figures['peak'] >> 10} MiB, zip {figures['bytes']} bytes"
    )
    assert growth <= LARGEST_GROWTH
