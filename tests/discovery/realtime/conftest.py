"""Two web processes over the test's database, and a Redis of their own that may be killed."""

import os
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection

from discovery.embedded.process import child_start, child_stop, last_lines
from discovery.embedded.redis import RedisServer
from discovery.platform.events import PREFIX
from discovery.platform.redis import redis_socket
from discovery.platform.server_bounds import SERVER_BOUNDS
from tests.discovery.realtime.sockets import Subscriber
from tests.processes import wait_for

ROOT = Path(__file__).parents[3]
ELSEWHERE = "https://app.example"  # whose pages may ask with a token


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def processes(django_db_setup, django_db_blocker, tmp_path_factory):
    if connection.vendor != "postgresql":
        pytest.skip("other processes cannot see a test database in memory")
    home = tmp_path_factory.mktemp("live")
    # The path is the server's folder and the database's name.
    database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    with ExitStack() as stack:
        server = stack.enter_context(RedisServer(redis_socket(home), log=home / "redis.log"))
        environment = {
            "DATABASE_URL": database, "REDIS_URL": server.url, "EARSHOT_HOME": str(home),
            "SECRET_KEY": django_settings.SECRET_KEY, "SIGNING_KEY": django_settings.SIGNING_KEY, "OMP_NUM_THREADS": "1",
            "CORS_ORIGINS": ELSEWHERE, "SIGN_UP": "open",
        }  # fmt: skip
        ports, pids = [free_port(), free_port()], []
        for port in ports:
            command = [sys.executable, "-m", "uvicorn", "discovery.asgi:application", "--port", str(port)]
            child = child_start([*command, *SERVER_BOUNDS], log=home / f"{port}.log", environment=environment)
            pids.append(child.pid)
            stack.callback(child_stop, child)
        for port in ports:
            wait_for(
                lambda port=port: answers(port), what=f"web process:\n{last_lines(home / f'{port}.log')}"
            )
        logs = [home / f"{port}.log" for port in ports]
        yield SimpleNamespace(ports=ports, pids=pids, redis=server, logs=logs)


@pytest.fixture
def live(processes, settings, transactional_db):
    """``live.subscriber(token, process)``, and ``live.heard_by(channel, n)``: wait for n processes to listen."""
    settings.REDIS_URL = processes.redis.url
    opened = []

    def subscriber(token=None, *, process=0, **options):
        opened.append(Subscriber(processes.ports[process], token, **options))
        return opened[-1]

    def heard_by(channel, count):
        def there():
            with redis.Redis.from_url(processes.redis.url) as client:
                return dict(client.pubsub_numsub(PREFIX + channel)).get((PREFIX + channel).encode()) == count

        wait_for(there, what=f"{count} processes on {channel}")

    yield SimpleNamespace(
        subscriber=subscriber,
        heard_by=heard_by,
        ports=processes.ports,
        redis=processes.redis,
        logs=processes.logs,
    )
    for each in opened:
        each.close()
