"""``manage.py benchmark_serving``: what answers cost as items and people grow, and how much of exact answers proposals hold."""

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
from discovery.platform.errors import EarshotError
from discovery.platform.web_process import ONE_THREAD, sqlite_keep
from graph.bench.report import SERVING, write_measured

SIZES = (10_000, 100_000, 1_000_000)


class Command(BaseCommand):
    help = "CPU milliseconds of answers by size; without --items, in databases of its own under var/bench-serving."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--items", type=int, help="measure this size alone, in the database of this process"
        )
        parser.add_argument("--people", type=int, help="as many as items, where it is not said")
        parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="items, and as many people")
        parser.add_argument(
            "--model", type=Path, help="the folder of a model whose shape is taken (else a generated one's)"
        )
        parser.add_argument("--rounds", type=int, default=60)
        parser.add_argument("--viewers", type=int, default=40)
        parser.add_argument("--json", type=Path, help="write every figure to this file")
        parser.add_argument("--markdown", type=Path, help="put the table between the marks of this document")

    def handle(self, *args: Any, **options: Any) -> None:
        from discovery.lab.serving_report import table

        if options["items"]:
            rows = [self._measured(options)]
        elif "DATABASE_URL" in os.environ:
            raise CommandError("DATABASE_URL names one database: say with --items what it is to hold.")
        else:
            rows = [self._elsewhere(size, options) for size in options["sizes"]]
        measured = {"sizes": rows}
        self.stdout.write(table(measured))
        write_measured(measured, table(measured), SERVING, options)

    def _measured(self, options: dict[str, Any]) -> dict[str, Any]:
        import faiss
        from threadpoolctl import threadpool_limits

        from discovery.lab.serving_community import Sizes, community_prepare
        from discovery.lab.serving_cost import measure

        sizes = Sizes(options["items"], options["people"] or options["items"], options["viewers"])
        sqlite_keep()
        faiss.omp_set_num_threads(1)
        try:
            with (
                redis_there(settings.REDIS_URL) as url,
                override_settings(REDIS_URL=url),
                threadpool_limits(1),
            ):
                viewers = community_prepare(sizes, model=options["model"], tell=self._tell)
                return measure(viewers, rounds=options["rounds"], tell=self._tell)
        except EarshotError as error:
            raise CommandError(error.message) from error

    def _elsewhere(self, size: int, options: dict[str, Any]) -> dict[str, Any]:
        """Measured by a process of its own, whose database lies under var/bench-serving and stays for the next run."""
        home = settings.BASE_DIR / "var" / "bench-serving" / str(size)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "figures.json"
            command = [
                sys.executable, str(settings.BASE_DIR / "manage.py"), "benchmark_serving", f"--items={size}",
                f"--people={options['people'] or size}", f"--json={file}", f"--rounds={options['rounds']}",
                f"--viewers={options['viewers']}", *([f"--model={options['model']}"] if options["model"] else []),
            ]  # fmt: skip
            done = subprocess.run(
                command, env={**ONE_THREAD, **os.environ, "EARSHOT_HOME": str(home)}, check=False
            )  # ourselves
            if done.returncode:
                raise CommandError(f"Measuring {size:,} items failed.")
            row: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["sizes"][0]
        return row

    def _tell(self, step: str) -> None:
        self.stderr.write(step)
