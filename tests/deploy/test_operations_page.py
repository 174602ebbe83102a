"""Every command of docs/operations.md, in the page's order, from an empty PostgreSQL.

The page's places are folders of this test, and these commands stand in for what only a machine of one's own has: `make` runs dry (the
environment is the one that runs this test), `chown` knows no user earshot, and `systemctl` starts the web process of the units alone
(tests/deploy/test_containers.py starts all four).
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

from discovery.embedded.postgres import PostgresServer, postgres_installation
from discovery.embedded.process import child_start, child_stop, last_lines
from discovery.embedded.redis import RedisServer
from tests.deploy.installation import ROOT, TAKEN, free_port
from tests.processes import wait_for

PAGE = ROOT / "docs/operations.md"
CODE = ("accounts", "discovery", "graph", "tasks", "locale", "tests")
FILES = ("manage.py", "pyproject.toml", "Makefile")

pytestmark = [
    pytest.mark.worker,
    pytest.mark.timeout(900),
    pytest.mark.skipif(any(shutil.which(name) is None for name in ("git", "openssl", "curl", "make")),
                       reason="a program that the page uses is not on this machine"),
]  # fmt: skip

# People who play, and a model that was served before.
LIVED = """
from django.utils import timezone
from graph.sample.community import sample_community_create
from tests.graph.training.test_publish import publish
sample_community_create(listeners=20, now=timezone.now())
publish()
"""
ERASE = """
from accounts.models import Consent, User
from accounts.services.consent import consent_set
from discovery.privacy.erasure import erasure_advance, erasure_request
user = User.objects.get(username="ben")
erasure_advance(erasure_id=str(erasure_request(user=user, confirm=user.username).pk))
shares = Consent.objects.filter(purpose="CONTRIBUTE", state="GRANTED").order_by("pk").first()
consent_set(user=shares.user, purpose="CONTRIBUTE", granted=False)
"""
REFUSED = "SELECT count(*) FROM accounts_consent WHERE purpose = $$CONTRIBUTE$$ AND state = $$WITHDRAWN$$"


def commands():
    """Section by section, the lines that are indented."""
    for section in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        yield section.splitlines()[0], re.findall(r"^    (.+)$", section, re.MULTILINE)


class Machine:
    """A machine with the page's places, and nothing on it."""

    def __init__(self, root, postgres, redis):
        self.root, self.port = root, free_port()
        self.places = {
            "/srv/earshot": root / "srv", "/etc/earshot": root / "etc", "/var/lib/earshot": root / "home",
            "/var/backups/earshot": root / "backups", "/etc/systemd/system": root / "units",
            "/var/run/postgresql": postgres.home, "redis://127.0.0.1:6379/0": redis.url,
            "127.0.0.1:8000": f"127.0.0.1:{self.port}", "--port 8000": f"--port {self.port}",
            "probe web": f"probe web --port {self.port}",
        }  # fmt: skip
        self.web = None
        stand_ins = root / "bin"
        stand_ins.mkdir()
        (root / "units").mkdir()
        for name, body in {
            "make": f'{shutil.which("make")} --dry-run "$@" || exit\ntest -e "$2/.venv" || ln -s {sys.prefix} "$2/.venv"',
            "chown": 'test "$2" = earshot',
        }.items():
            (stand_ins / name).write_text(f"#!/bin/sh\n{body}\n")
            (stand_ins / name).chmod(0o755)
        path = [str(stand_ins), str(postgres_installation() / "bin"), os.environ["PATH"]]
        kept = {name: value for name, value in os.environ.items() if name not in TAKEN}
        self.environment = {
            **kept, "PATH": ":".join(path), "PGHOST": str(postgres.home), "PGUSER": "postgres",
            "EARSHOT_ENV": str(root / "etc/earshot.env"), "OMP_NUM_THREADS": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.example",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.example",
        }  # fmt: skip
        self._check_out()

    def here(self, text):
        for place, there in self.places.items():
            text = text.replace(place, str(there))
        return text

    def _check_out(self):
        """A repository to pull from, with this machine's places in what is deployed, and a checkout of it."""
        upstream = self.root / "upstream"
        for name in (*CODE, "deploy"):
            shutil.copytree(
                ROOT / name, upstream / name, ignore=shutil.ignore_patterns("__pycache__", "secrets")
            )
        for name in FILES:
            shutil.copy(ROOT / name, upstream)
        for path in (upstream / "deploy").rglob("*"):
            if path.is_file():
                path.write_text(self.here(path.read_text()))
        (upstream / ".gitignore").write_text(".venv\n__pycache__/\n")
        self.ran(f"cd {upstream} && git init --quiet && git add . && git commit --quiet -m one")
        self.ran(f"git clone --quiet {upstream} {self.root / 'srv'}")
        (self.root / "srv/.venv").symlink_to(sys.prefix)

    def release(self):
        """A newer version to pull."""
        self.ran(f"cd {self.root}/upstream && echo two > two && git add two && git commit --quiet -m two")

    def ran(self, line):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line], env=self.environment, cwd=self.root, capture_output=True,
            text=True, timeout=300, check=False,
        )  # fmt: skip
        log = self.root / "web.log"
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}\n{last_lines(log)}"
        return done.stdout

    def python(self, program):
        return self.ran(f"{self.root}/srv/deploy/manage shell --no-imports -c '{program}'")

    def asked(self, query):
        return self.ran(f"psql --quiet --tuples-only --dbname earshot --command '{query}'").split()

    def names(self):
        return set(self.asked("SELECT username FROM accounts_user"))

    def systemctl(self, words):
        match [word for word in words if not word.startswith("-")]:
            case ["daemon-reload"]:
                return
            case ["enable" | "start", "earshot.target"]:
                self._start()
            case ["stop", "earshot.target"]:
                self.stop()
            case ["restart", "earshot.target"]:
                self.stop()
                self._start()
            case other:
                pytest.fail(f"systemctl {other}")

    def _start(self):
        assert "earshot-web.service" in (self.root / "units/earshot.target").read_text()
        unit = (self.root / "units/earshot-web.service").read_text()
        said = dict(re.findall(r"^(\w+)=(.+)$", unit, re.MULTILINE))
        line = f"set -a; . {said['EnvironmentFile']}; cd {said['WorkingDirectory']}; exec {said['ExecStart']}"
        self.web = child_start(["sh", "-c", line], log=self.root / "web.log", environment=self.environment)

    def until_web_answers(self):
        ask = f'curl -fsS -H "Host: music.example" http://127.0.0.1:{self.port}/livez'

        def answers():
            assert self.web.poll() is None, last_lines(self.root / "web.log", 40)
            return not subprocess.run(["sh", "-c", ask], capture_output=True, check=False).returncode

        wait_for(answers, seconds=180, what="the web process")

    def stop(self):
        if self.web is not None:
            child_stop(self.web)


@pytest.fixture
def machine(tmp_path):
    with PostgresServer() as postgres, RedisServer(tmp_path / "redis.sock") as redis:
        made = Machine(tmp_path, postgres, redis)
        yield made
        made.stop()


def before_section(section, machine):
    """What happens on a machine meanwhile, and stands on no page."""
    if section == "Models":
        machine.python(LIVED)
    if section == "Upgrade":
        machine.release()


def after_section(section, machine):
    if section == "Backup":
        machine.python(ERASE)
        assert "ben" not in machine.names()
        assert int(machine.asked(REFUSED)[0]) == 1
    if section == "Restore":
        assert "ben" not in machine.names(), "the copy had them, and the list erased them again"
        assert {"operator", "frida"} <= machine.names()
        assert int(machine.asked(REFUSED)[0]) == 1, "the copy had a yes, and the list took it back again"
    if section in {"Upgrade", "Rollback"}:
        assert (machine.root / "srv/two").exists() == (section == "Upgrade")


@pytest.mark.long
def test_the_page_from_an_empty_postgresql_to_new_keys(machine):
    told = []
    for section, lines in commands():
        before_section(section, machine)
        for line in lines:
            if line.startswith("systemctl "):
                machine.systemctl(line.split()[1:])
                continue
            if "curl" in line or "probe web" in line:
                machine.until_web_answers()
            told.append((line, machine.ran(machine.here(line))))
            if section == "Upgrade":
                machine.until_web_answers()  # the earlier release's process, until it is started again
        after_section(section, machine)
    assert [section for section, lines in commands() if lines] == [
        "Install", "Settings", "The first account", "Run", "Models", "A model's life", "Backup", "Restore", "Upgrade", "Rollback", "Keys",
    ]  # fmt: skip
    (card,) = [out for line, out in told if " model_card " in line]
    assert "state: CANARY for 10% of those who agreed" in card
    assert "RETIRED → SHADOW (command): to see how it answers" in card
    replayed = [out for line, out in told if "replay_erasures" in line]
    assert "Erased again: 1." in replayed[0]
    taken_back = [out for line, out in told if "replay_withdrawals" in line]
    assert ["Taken back again: 1. " in out for out in taken_back] == [True, False], (
        "and with the rollback none"
    )
    assert next(out for line, out in told if " invite " in line).startswith("https://music.example/")
    places = [machine.root / name for name in ("etc", "home")]
    assert [path for place in places for path in place.rglob("*") if path.stat().st_mode & 0o077] == []
