"""``manage.py benchmark_api``: what every interactive surface costs beside a plain view, at two sizes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.test.utils import override_settings

from discovery.embedded.redis import redis_there
from discovery.lab.api_community import Generated, community_prepare
from discovery.platform.errors import EarshotError
from discovery.platform.web_process import ONE_THREAD, sqlite_keep

SHARED_DATA = settings.BASE_DIR.parent / "shared" / "data" / "lastfm-hetrec2011"
COMMUNITIES = ("real", "sample", "generated")


class Command(BaseCommand):
    help = "CPU milliseconds of the interactive surfaces; without --community, in databases of its own under var/bench-api."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, help="a HetRec 2011 folder (else ../shared/data's, else the sample)"
        )
        parser.add_argument(
            "--community", choices=COMMUNITIES, help="measure this one alone, in the database of this process"
        )
        parser.add_argument("--people", type=int, default=Generated.people, help="of the generated community")
        parser.add_argument("--plays", type=int, default=Generated.plays)
        parser.add_argument("--friendships", type=int, default=Generated.friendships)
        parser.add_argument("--rounds", type=int, default=100)
        parser.add_argument("--viewers", type=int, default=100)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--json", type=Path, help="write every figure to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        data = options["data"] or (SHARED_DATA if SHARED_DATA.is_dir() else None)
        if options["community"]:
            figures = {options["community"]: self._measured(options["community"], data, options)}
        elif "DATABASE_URL" in os.environ:
            raise CommandError("DATABASE_URL names one database: say with --community what it is to hold.")
        else:
            figures = {}
            for community in ("real" if data else "sample", "generated"):
                figures |= self._elsewhere(community, data, options)
        if options["json"]:
            options["json"].write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")

    def _measured(self, community: str, data: Path | None, options: dict[str, Any]) -> dict[str, Any]:
        from discovery.lab.api_cost import measure, table

        if community == "real" and data is None:
            raise CommandError("There is no HetRec folder to measure on: name one with --data.")
        sqlite_keep()
        size = Generated(plays=options["plays"], people=options["people"], friendships=options["friendships"])
        try:
            with redis_there(settings.REDIS_URL) as url, override_settings(REDIS_URL=url):
                community_prepare(community, data=data, generated=size, tell=self._tell)
                figures = measure(
                    rounds=options["rounds"],
                    viewers=options["viewers"],
                    seed=options["seed"],
                    tell=self._tell,
                )
        except EarshotError as error:
            raise CommandError(error.message) from error
        self.stdout.write(table(community, figures))
        return figures

    def _elsewhere(self, community: str, data: Path | None, options: dict[str, Any]) -> dict[str, Any]:
        """Measured by a process of its own, whose database lies under var/bench-api and stays for the next run."""
        home = settings.BASE_DIR / "var" / "bench-api" / community
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "figures.json"
            numbers = [
                f"--{name}={options[name]}"
                for name in ("people", "plays", "friendships", "rounds", "viewers", "seed")
            ]
            command = [
                sys.executable, str(settings.BASE_DIR / "manage.py"), "benchmark_api", f"--community={community}",
                f"--json={file}", *numbers, *([f"--data={data}"] if data else []),
            ]  # fmt: skip
            done = subprocess.run(
                command, env={**ONE_THREAD, **os.environ, "EARSHOT_HOME": str(home)}, check=False
            )  # ourselves, with as many threads as a web process
            if done.returncode:
                raise CommandError(f"Measuring the {community} community failed.")
            figures: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return figures

    def _tell(self, step: str) -> None:
        self.stderr.write(step)
