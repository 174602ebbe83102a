"""A real Celery worker on the test's own database, Redis and artifact directory."""

import os
import signal
import sys

import pytest
from django.db import connection

from discovery.embedded.process import child_start, child_stop, last_lines
from tests.processes import wait_for


class Worker:
    """A worker process; its log is shown where it does not do what is expected."""

    def __init__(self, environment, log):
        self.log = log
        command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--concurrency", "1"]
        self.child = child_start([*command, "--loglevel", "INFO"], log=log, environment=environment)

    @property
    def pid(self):
        return self.child.pid

    def until(self, condition, *, what):
        def found():
            assert self.child.poll() is None, f"the worker ended:\n{last_lines(self.log, 60)}"
            return condition()

        try:
            return wait_for(found, seconds=180, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{last_lines(self.log, 60)}") from error


@pytest.fixture
def start_worker(transactional_db, redis_url, artifact_dir, tmp_path):
    """Starts workers; those that still run at the end of the test are killed."""
    test_database = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgres://{test_database['USER']}@/{test_database['HOST']}/{test_database['NAME']}",
        "REDIS_URL": redis_url,
        "ARTIFACT_DIR": str(artifact_dir),
        "TRAINING_LEASE_SECONDS": "3",
        "OMP_NUM_THREADS": "1",
    }
    workers = []

    def start():
        workers.append(Worker(environment, tmp_path / f"worker{len(workers)}.log"))
        return workers[-1]

    yield start
    for worker in workers:
        child_stop(worker.child, signal_number=signal.SIGKILL)
