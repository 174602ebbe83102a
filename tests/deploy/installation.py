"""An installation as compose.yaml describes it, run as processes on the embedded PostgreSQL and Redis."""

import os
import socket
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import environ
import psycopg
import yaml

from discovery.embedded.process import child_start, child_stop, last_lines
from tests.processes import wait_for

ROOT = Path(__file__).parents[2]
SECRETS = {
    "secret_key": "tP3vX8qL1zR6mB0nC5kW9yD2fG7hJ4sA-eUiOpQaZxSwEdCvFrTgBn",
    "signing_key": "9f8e7d6c5b4a39281706f5e4d3c2b1a0" * 2,
}
TAKEN = ("DATABASE_URL", "REDIS_URL", "EARSHOT_HOME", "ARTIFACT_DIR")


def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def env_file():
    lines = (ROOT / "deploy/earshot.env.example").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: value.strip('"') for name, value in said.items()}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_new():
    """The address of an empty database on the embedded server, and how it is dropped."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    server = environ.Env.db_url_config(os.environ["DATABASE_URL"])

    def say(statement):
        where = {"host": server["HOST"], "port": server["PORT"] or None, "user": server["USER"]}
        with psycopg.connect(
            password=server["PASSWORD"], dbname=server["NAME"], autocommit=True, **where
        ) as link:
            link.execute(statement)

    say(f"CREATE DATABASE {name}")
    address = f"postgres://{server['USER']}@/{server['HOST']}/{name}"
    return address, lambda: say(f"DROP DATABASE {name} WITH (FORCE)")


class Installation:
    """Services by name, with their commands, environment and health checks as the file has them."""

    def __init__(self, home, redis_url):
        self.home, self.port = home, free_port()
        self.address, self.drop = database_new()
        (home / "secrets").mkdir()
        for name, value in {**SECRETS, "database_url": self.address}.items():
            (home / "secrets" / name).write_text(f"{value}\n")
        self.services = compose()["services"]
        self.redis_url = redis_url
        self.children = {}

    def words(self, command):
        """A command with this machine's programs and places."""
        places = {"/var/lib/earshot": str(self.home), "/run/secrets": str(self.home / "secrets")}
        words = [str(self.port) if word == "8000" else word for word in command if word != "CMD"]
        for place, here in places.items():
            words = [word.replace(place, here) for word in words]
        program = sys.executable if words[0] == "python" else str(Path(sys.executable).with_name(words[0]))
        return [program, *words[1:]]

    def environment(self, name):
        said = {key: str(value) for key, value in self.services[name]["environment"].items()}
        values = {key: self.words(["x", value])[1] for key, value in said.items()}
        kept = {key: value for key, value in os.environ.items() if key not in TAKEN}
        # Empty: the file says it. A child would else inherit the suite's own.
        own = {"DATABASE_URL": "", "REDIS_URL": self.redis_url, "OMP_NUM_THREADS": "1"}
        return {**kept, **env_file(), **values, **own}

    def run(self, command, name="web"):
        return subprocess.run(
            self.words(command), env=self.environment(name), cwd=ROOT, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip

    def start(self, name):
        log = self.home / "log" / f"{name}.log"
        self.children[name] = child_start(
            self.words(self.services[name]["command"]), log=log, environment=self.environment(name)
        )

    def healthy(self, name):
        return self.run(self.services[name]["healthcheck"]["test"], name).returncode == 0

    def until_healthy(self, name):
        def found():
            assert self.children[name].poll() is None, last_lines(self.home / "log" / f"{name}.log", 60)
            return self.healthy(name)

        try:
            wait_for(found, seconds=180, what=f"{name} to be healthy")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{last_lines(self.home / 'log' / f'{name}.log', 60)}") from error

    def get(self, path, **headers):
        host = {"Host": "music.example", "X-Forwarded-Proto": "https", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=host)
        return urllib.request.urlopen(request, timeout=20)  # noqa: S310

    def end(self):
        for child in self.children.values():
            child_stop(child)
        self.drop()
