"""The documentation is complete: every command and every setting is mentioned."""

import re
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).parent.parent
OURS = ("accounts", "discovery", "graph", "tasks")


def documentation() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])


def test_every_command_is_mentioned():
    commands = {name for name, app in get_commands().items() if app in OURS}
    assert "import_lastfm" in commands
    assert {name for name in commands if name not in documentation()} == set()


def test_every_setting_from_the_environment_is_mentioned():
    settings = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "discovery/settings.py").read_text()))
    settings |= set(re.findall(r'env\.db_url\(\s*"([A-Z_]+)"', (ROOT / "discovery/settings.py").read_text()))
    assert "DATABASE_URL" in settings
    assert {name for name in settings if name not in documentation()} == set()


def test_every_make_target_is_mentioned():
    targets = set(re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text()).group(1).split())
    assert {name for name in targets - {"help", "env"} if f"make {name}" not in documentation()} == set()
