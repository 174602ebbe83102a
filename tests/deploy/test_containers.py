"""The container files are whole, and what they start answers its health checks. No container engine is needed."""

import json
import re
import shutil
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest

from tests.deploy.installation import ROOT, Installation, compose, env_file

OURS = ("web", "worker", "training", "beat")


@pytest.fixture
def installation(tmp_path, redis_url):
    made = Installation(tmp_path, redis_url)
    yield made
    made.end()


def lint(*command):
    program = Path(sys.executable).with_name(command[0])
    if not program.exists():
        pytest.skip(f"no {command[0]} in this environment")
    return subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [
    ("hadolint", "Dockerfile"),
    ("yamllint", "-s", "-c", "deploy/yamllint.yaml", "compose.yaml", "deploy/yamllint.yaml"),
])  # fmt: skip
def test_the_files_are_linted(command):
    done = lint(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_faulty_dockerfile_would_be_found(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp\n")
    assert lint("hadolint", str(tmp_path / "Dockerfile")).returncode != 0


def test_every_service_is_there_confined_and_asked_after():
    services = compose()["services"]
    assert set(services) == {*OURS, "migrate", "postgres", "redis", "proxy"}
    for name, service in services.items():
        assert name == "migrate" or service["healthcheck"]["test"], name
    for name in (*OURS, "migrate"):
        service = services[name]
        assert (service["user"], service["read_only"], service["cap_drop"]) == (
            "10001:10001",
            True,
            ["ALL"],
        ), name
        assert "ports" not in service, "the proxy alone is reached from outside"
        plain = {key: value for key, value in service["environment"].items() if not key.endswith("_FILE")}
        assert not {"SECRET_KEY", "SIGNING_KEY", "DATABASE_URL"} & set(plain), "secrets come by file"
    assert services["proxy"]["ports"]
    assert "--ws-max-size 65536" in " ".join(services["web"]["command"])
    assert "--timeout-keep-alive" in services["web"]["command"]


def test_the_image_runs_as_nobody_special_what_the_web_service_runs():
    lines = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (\S+)$", lines, re.MULTILINE)[-1] == "10001"
    command = json.loads(re.findall(r"^CMD (.*)$", lines, re.MULTILINE)[-1])
    assert command == compose()["services"]["web"]["command"]


@pytest.mark.parametrize("name", OURS)
def test_systemd_starts_the_same(name):
    unit = (ROOT / f"deploy/systemd/earshot-{name}.service").read_text()
    command = re.search(r"^ExecStart=/srv/earshot/\.venv/bin/(.*)$", unit, re.MULTILINE).group(1).split()
    anywhere = "0.0.0.0"  # noqa: S104  # in a container, which the proxy alone reaches
    words = compose()["services"][name]["command"]
    assert command == ["127.0.0.1" if word == anywhere else word for word in words]
    assert "User=earshot" in unit
    assert "EnvironmentFile=/etc/earshot/earshot.env" in unit
    assert compose()["services"][name]["environment"].keys() <= env_file().keys()
    assert f"earshot-{name}.service" in (ROOT / "deploy/systemd/earshot.target").read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_reads_the_units():
    units = [str(path) for path in sorted((ROOT / "deploy/systemd").iterdir())]
    told = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    ).stderr
    ours = [line for line in told.splitlines() if "earshot" in line and "is not executable" not in line]
    assert ours == []


@pytest.mark.long
@pytest.mark.worker
@pytest.mark.timeout(900)
def test_web_worker_training_and_beat_answer_their_health_checks(installation):
    for name in ("web", "beat"):
        assert not installation.healthy(name), "nothing was started"
    migrated = installation.run(installation.services["migrate"]["command"], "migrate")
    assert migrated.returncode == 0, migrated.stderr
    for name in OURS:
        installation.start(name)
    for name in OURS:
        installation.until_healthy(name)
    assert env_file()["ALLOWED_HOSTS"] == "music.example"
    with installation.get("/accounts/login/") as page:
        assert page.headers["Strict-Transport-Security"].startswith("max-age=")
        style = re.search(r'href="(/static/[^"]+\.css)"', page.read().decode()).group(1)
    with installation.get(style) as served:
        assert served.status == 200
    with pytest.raises(urllib.error.HTTPError, match="400"):
        installation.get("/accounts/login/", Host="elsewhere.example")
    installation.children["worker"].kill()
    installation.children["worker"].wait()
    assert not installation.healthy("worker")
    assert installation.healthy("training")
