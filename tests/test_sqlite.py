"""The embedded default is SQLite: the tests that depend on the database most are run on it too."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from discovery.embedded.pytest_plugin import RAN_AGAINST


@pytest.mark.long
@pytest.mark.timeout(900)
def test_marked_tests_pass_on_sqlite(record_property, tmp_path):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))
    }
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "sqlite",
            "-q",
            "-n",
            "0",
            "--no-cov",
            "-p",
            "no:cacheprovider",
        ],
        cwd=Path(__file__).parents[1],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = int(re.search(r"(\d+) passed", ran.stdout)[1])
    assert re.search(rf"^SQLite {sqlite3.sqlite_version}: \d+ tests$", ran.stdout, re.MULTILINE), ran.stdout
    assert "PostgreSQL" not in ran.stdout
    record_property(RAN_AGAINST, [f"SQLite {sqlite3.sqlite_version}", passed])
