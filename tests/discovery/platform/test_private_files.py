"""Nobody else on the machine reads the database, the keys, models or exports."""

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from discovery.platform.private_files import private_tighten
from discovery.privacy.archive import Archive

ROOT = Path(__file__).parents[3]


def open_to_others(home):
    return sorted(
        str(path.relative_to(home.parent))
        for path in (home, *home.rglob("*"))
        if path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not path.is_symlink()
    )


def manage(home, *command, umask=0o022):
    environment = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SECRET_KEY"}
    }
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment | {"EARSHOT_HOME": str(home)},
        umask=umask, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_what_a_new_installation_writes_is_its_own(tmp_path):
    home = tmp_path / "home"
    manage(home, "migrate", "contenttypes", "--verbosity", "0")
    assert {"secret_key", "signing_key", "earshot.sqlite3"} <= {path.name for path in home.iterdir()}
    assert open_to_others(home) == []


@pytest.mark.parametrize("module", ["discovery.asgi", "discovery.wsgi"])
def test_web_processes_too(tmp_path, module):
    home = tmp_path / "home"
    program = (
        f"import {module}, pathlib, django.conf; pathlib.Path(django.conf.settings.HOME_DIR, 'x').touch()"
    )
    environment = os.environ | {"EARSHOT_HOME": str(home)}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, umask=0o022, check=True)
    assert (home / "x").exists()
    assert open_to_others(home) == []


def test_what_lay_open_is_closed_at_the_next_start_and_that_is_said(tmp_path):
    home = tmp_path / "home"
    (home / "models" / "old").mkdir(parents=True)
    (home / "models" / "old" / "model.safetensors").touch(mode=0o644)
    (home / "earshot.sqlite3").touch(mode=0o664)
    assert len(open_to_others(home)) == 5
    said = manage(home, "check").stderr
    assert open_to_others(home) == []
    assert "closed 5 files and folders" in said
    assert "closed" not in manage(home, "check").stderr


def test_what_a_link_leads_to_is_left_alone(tmp_path, caplog):
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "link").symlink_to(outside)
    with caplog.at_level(logging.WARNING):
        assert private_tighten(home, home / "gone") == 0
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755
    assert not caplog.records


def test_an_export_is_written_for_its_writer_alone(tmp_path):
    before = os.umask(0)
    try:
        with Archive(tmp_path / "mine.zip") as archive:
            archive.text("a.txt", "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mine.zip").stat().st_mode) == 0o600
