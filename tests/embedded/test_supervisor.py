"""What dies comes back, what keeps dying is given up with a sentence, and nothing outlives the block."""

import os
import signal
import sys
import time

import pytest

from discovery.embedded import supervisor as supervising
from discovery.embedded.redis import RedisServer
from discovery.embedded.supervisor import Supervisor
from discovery.platform.errors import ServiceFailed
from tests.processes import survivors, tree_of

LIVES = [sys.executable, "-S", "-c", "import time; print('here', flush=True); time.sleep(600)"]
DIES = [sys.executable, "-S", "-c", "print('no settings', flush=True); raise SystemExit(3)"]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(supervising, "FIRST_PAUSE", 0.1)


def checked_until(watched, condition, *, seconds=15.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        watched.check()
        time.sleep(0.02)


def test_a_killed_member_comes_back_and_the_others_stay(tmp_path, capfd):
    with Supervisor(tmp_path) as watched:
        web, worker = watched.start("web", LIVES), watched.start("worker", LIVES)
        checked_until(watched, lambda: "here" in web.log.read_text())
        first, other = web.child.pid, worker.child.pid
        os.kill(first, signal.SIGKILL)
        checked_until(watched, lambda: web.child.pid != first and web.child.poll() is None)
        checked_until(watched, lambda: web.log.read_text().count("here") == 2)  # the log goes on
        assert worker.child.pid == other
        trees = [*tree_of(web.child.pid), *tree_of(other)]
    assert survivors(trees) == []
    assert "web ended with status -9; starting it again in 0.1 s." in capfd.readouterr().err


def test_a_server_of_ours_comes_back_on_its_socket(tmp_path):
    server = RedisServer(tmp_path / "redis.sock")
    with Supervisor(tmp_path) as watched:
        member = watched.serve(server)
        first = member.child.pid
        os.kill(first, signal.SIGKILL)
        checked_until(watched, lambda: member.child.pid != first and server.answers())
        tree = tree_of(member.child.pid)
    assert survivors(tree) == []
    assert not server.socket.exists()


def test_pauses_grow_and_what_keeps_dying_is_given_up(tmp_path, capfd):
    with Supervisor(tmp_path) as watched:
        lives = watched.start("web", LIVES)
        watched.start("worker", DIES)
        tree = tree_of(lives.child.pid)
        with pytest.raises(
            ServiceFailed, match=r"worker ended 5 times .* with status 3; it is not"
        ) as failure:
            watched.wait()
    assert failure.value.message.endswith("no settings")
    said = capfd.readouterr().err
    assert [said.count(f"in {pause} s") for pause in ("0.1", "0.2", "0.4", "0.8", "1.6")] == [1, 1, 1, 1, 0]
    assert survivors(tree) == []


def test_deaths_of_long_ago_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(supervising, "MEMORY_SECONDS", 0.0)
    with Supervisor(tmp_path) as watched:
        member = watched.start("worker", DIES)
        seen = set()
        checked_until(watched, lambda: seen.add(member.child.pid) or len(seen) > supervising.MOST_DEATHS)


def test_a_step_that_fails_says_so(tmp_path):
    with Supervisor(tmp_path) as watched:
        watched.run("nothing", [sys.executable, "-S", "-c", ""])
        with pytest.raises(ServiceFailed, match="migrations failed"):
            watched.run("migrations", DIES)
