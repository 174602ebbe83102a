"""`make demo` as a person meets it: it ends by printing a query that answers, and leaves no process."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import httpx
import psutil
import pytest
import redis

from discovery.platform.pulse import CLOCK, PREFIX
from tests.processes import survivors, tree_of, wait_for

ROOT = Path(__file__).parents[2]
READY = "Ctrl-C ends everything."
MEMBERS = {"redis-server", "uvicorn", "worker --concurrency"}
COMPONENTS = {"database", "time", "migrations", "redis", "worker", "clock", "model"}

pytestmark = [pytest.mark.worker, pytest.mark.timeout(900)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def demo(home, port):
    environment = {
        k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "ARTIFACT_DIR"}
    }
    return subprocess.Popen(
        [sys.executable, "-m", "discovery.embedded.demo", "--with-parent", "--port", str(port)],
        cwd=ROOT,
        env={**environment, "EARSHOT_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until_ready(process):
    said = []
    for line in process.stdout:
        said.append(line)
        if READY in line:
            return "".join(said)
    pytest.fail("the demo ended:\n" + "".join(said))


def ask(printed):
    """Send the printed curl command's request; returns its data."""
    words = shlex.split(next(line for line in printed.splitlines() if line.startswith("curl ")))
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    url = next(word for word in words if word.startswith("http"))
    answer = httpx.post(url, headers=headers, content=words[-1], timeout=30).raise_for_status().json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.fixture
def ended():
    """Processes to end should the test fail."""
    running = []
    yield running
    for process in running:
        for child in tree_of(process.pid) if process.poll() is None else []:
            child.kill()
        process.wait()
        process.stdout.close()


def test_demo_answers_and_leaves_no_process_however_it_ends(tmp_path, ended):
    port = free_port()
    first = demo(tmp_path, port)
    ended.append(first)
    printed = read_until_ready(first)
    assert len(re.findall(r"^token: \S+$", printed, re.MULTILINE)) == 2
    assert re.findall(r"^login: (\w+)  password: (\S+)$", printed, re.MULTILINE) == [
        ("ada", "earshot-demo"),
        ("ben", "earshot-demo"),
    ]
    assert printed.count("accounts.W001") == 1
    assert "others on this machine could read" not in printed
    assert "too few people play the same" not in printed, "all of the sample joined this minute, and count"
    edges = ask(printed)["viewer"]["discover"]["edges"]
    assert len(edges) == 3
    for edge in edges:
        node = edge["node"]
        total = node["remainder"] + sum(reason["contribution"] for reason in node["reasons"])
        assert total == pytest.approx(node["score"], abs=1e-4)
    wait_for(lambda: status(port) == "ok", what="everything to be ready")
    assert set(httpx.get(f"http://localhost:{port}/readyz").json()["components"]) == COMPONENTS
    metrics = httpx.get(f"http://localhost:{port}/metrics")
    assert 'earshot_operation_seconds_count{field="viewer.discover"} 1.0' in metrics.text

    taken = demo(tmp_path / "other", port)
    ended.append(taken)
    assert f"Port {port} is taken" in taken.communicate()[0]
    assert taken.returncode == 1

    for name in sorted(MEMBERS):
        comes_back(first, port, name)
    clock_and_pool_come_back(first, port)
    assert len(ask(printed)["viewer"]["discover"]["edges"]) == 3

    tree = tree_of(first.pid)
    assert members(tree) == MEMBERS
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert survivors(tree) == []

    again = demo(tmp_path, port)
    ended.append(again)
    printed = read_until_ready(again)
    assert "The active model is up to date." in printed
    assert len(ask(printed)["viewer"]["discover"]["edges"]) == 3
    tree = tree_of(again.pid)
    again.send_signal(signal.SIGINT)
    assert again.wait(30) == 0
    assert survivors(tree) == []
    assert not (tmp_path / "redis.sock").exists()


def status(port):
    try:
        return httpx.get(f"http://localhost:{port}/readyz", timeout=5).json()["status"]
    except httpx.TransportError:
        return "nobody"


def of_name(process, name):
    """The member itself, a child of the demo."""
    return next((child for child in psutil.Process(process.pid).children() if name in words_of(child)), None)


def words_of(process):
    """Its command line; nothing of one that has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie, too
        return ""


def comes_back(process, port, name):
    killed = of_name(process, name)
    killed.kill()
    wait_for(lambda: of_name(process, name) not in {None, killed}, what=f"another {name}")
    wait_for(lambda: status(port) == "ok", what=f"everything to be ready after {name} was killed")
    assert process.poll() is None


def clock_and_pool_come_back(process, port):
    """The worker's own children are one of the pool and the clock, and look alike: the worker sees to both."""
    worker = of_name(process, "worker --concurrency")
    for killed in worker.children():
        killed.kill()
    wait_for(lambda: len(worker.children()) == 2, what="a pool and a clock")
    assert of_name(process, "worker --concurrency") == worker
    with redis.Redis(unix_socket_path=str(socket_of(process))) as there:
        there.delete(PREFIX + CLOCK)
    wait_for(lambda: status(port) == "ok", what="the clock to tick again")


def socket_of(process):
    words = of_name(process, "redis-server").cmdline()
    return next(word.split("unixsocket:")[1] for word in words if "unixsocket:" in word)


def members(tree):
    """Redis writes its address into its own command line, so look inside the words."""
    lines = [" ".join(process.cmdline()) for process in tree]
    return {name for name in MEMBERS if any(name in line for line in lines)}
