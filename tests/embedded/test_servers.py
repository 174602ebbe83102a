"""Embedded servers start, are really ours, and end with whoever started them."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis

from discovery.embedded import scratch
from discovery.embedded.postgres import PostgresServer
from discovery.embedded.redis import RedisServer, redis_there
from discovery.platform.errors import ServiceFailed
from discovery.platform.redis import LONGEST, celery_broker, redis_socket
from tests.processes import survivors, tree_of

START_REDIS_AND_WAIT = """
import sys, time
from pathlib import Path
from discovery.embedded.redis import RedisServer
server = RedisServer(Path(sys.argv[1]))
server.start()
print("ready", flush=True)
time.sleep(600)
"""
START_POSTGRES_AND_WAIT = """
import time
from discovery.embedded.postgres import PostgresServer
server = PostgresServer()
server.start()
print(server.home, flush=True)
time.sleep(600)
"""


def test_redis_answers_and_ends(tmp_path):
    with RedisServer(tmp_path / "redis.sock") as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("key", "value")
            assert client.get("key") == b"value"
        tree = tree_of(server.child.pid)
    assert survivors(tree) == []
    assert not server.answers()
    assert not server.socket.exists()


def test_redis_does_not_share_a_socket(tmp_path):
    with RedisServer(tmp_path / "redis.sock") as first:
        with pytest.raises(ServiceFailed, match="already answers"):
            RedisServer(tmp_path / "redis.sock").start()
        assert first.answers()


@pytest.mark.parametrize("program", [START_REDIS_AND_WAIT, START_POSTGRES_AND_WAIT])
def test_server_ends_when_its_parent_is_killed(program, tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "redis.sock")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    said = parent.stdout.readline().strip()
    tree = tree_of(parent.pid)
    assert len(tree) >= 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert survivors(tree) == []
    if said != "ready":
        subprocess.run(["rm", "-r", said], check=True)


def test_postgres_runs_sql_and_leaves_nothing():
    with PostgresServer() as server:
        with psycopg.connect(host=str(server.home), user="postgres") as connection:
            assert connection.execute("SELECT 6 * 7").fetchone() == (42,)
        tree = tree_of(server.child.pid)
        home = server.home
    assert survivors(tree) == []
    assert not home.exists()


def test_socket_has_a_short_name_however_deep_the_home(tmp_path):
    assert redis_socket(Path("/srv/earshot")) == Path("/srv/earshot/redis.sock")
    deep = tmp_path / ("x" * 120)
    socket = redis_socket(deep)
    assert len(str(socket)) <= LONGEST
    assert socket == redis_socket(deep)
    assert socket != redis_socket(tmp_path / ("y" * 120))


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("unix:///srv/redis.sock", "redis+socket:///srv/redis.sock?virtual_host=0"),
        ("unix:///srv/redis.sock?db=3", "redis+socket:///srv/redis.sock?virtual_host=3"),
        ("redis://cache:6379/1", "redis://cache:6379/1"),
    ],
)
def test_celery_gets_the_same_redis(url, broker):
    assert celery_broker(url) == broker


def test_folders_of_killed_owners_are_swept_and_those_of_living_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "YOUNG_SECONDS", -1.0)
    living = scratch.ScratchFolder("test-")
    killed = scratch.ScratchFolder("test-")
    killed._lock.close()
    (tmp_path / "test-without-a-lock").mkdir()
    last = scratch.ScratchFolder("test-")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {living.path.name, last.path.name, "test-without-a-lock"}
    living.remove()
    last.remove()
    assert {path.name for path in tmp_path.iterdir()} == {"test-without-a-lock"}


def test_where_no_redis_answers_one_is_started_for_as_long_as_it_takes(tmp_path):
    with redis_there(f"unix://{tmp_path / 'nobody.sock'}") as url:
        assert redis.Redis.from_url(url).ping()
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(url).ping()


def test_a_redis_that_answers_is_taken(settings):
    with redis_there(settings.REDIS_URL) as url:
        assert url == settings.REDIS_URL
