"""A program that asks the web application in a process of its own, on the test's database: its pool is the process's."""

import json
import os
import subprocess
import sys

from django.db import connection


def printed(program, *, database="postgres://{USER}@/{HOST}/{NAME}", **environment):
    """The JSON that ``program`` printed; ``database`` names where it is to ask."""
    done = subprocess.run(
        [sys.executable, "-u", "-c", program],
        env={
            **os.environ,
            "LOG_LEVEL": "ERROR",
            **environment,
            "DATABASE_URL": database.format(**connection.settings_dict),
        },
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
