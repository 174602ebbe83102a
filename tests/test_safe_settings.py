"""Unsafe settings are refused with a sentence, by every command and every process; safe ones pass every check."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks

from discovery.platform.safe_settings import refuse_unsafe, unsafe_settings

ROOT = Path(__file__).parents[1]
SAFE = {
    "ALLOWED_HOSTS": "music.example",
    "SITE_URL": "https://music.example",
    "CSRF_TRUSTED_ORIGINS": "https://music.example",
    "SECURE_COOKIES": "true",
    "SECRET_KEY": "tP3vX8qL1zR6mB0nC5kW9yD2fG7hJ4sA-eUiOpQaZxSwEdCvFrTgBn",
    "SIGNING_KEY": "9f8e7d6c5b4a39281706f5e4d3c2b1a0" * 2,
    "OPERATOR_NAME": "Choir of the House",
    "OPERATOR_CONTACT": "privacy@choir.example",
    "COMPLAINT_AUTHORITY": "Data Protection Authority https://authority.example",
}
UNSAFE = [
    ({"DEBUG": "true"}, "E003"),
    ({"ALLOWED_HOSTS": "*"}, "E004"),
    ({"ALLOWED_HOSTS": "music.example,*"}, "E004"),
    ({"ALLOWED_HOSTS": "localhost", "PRODUCTION": "true"}, "E004"),
    ({"SECRET_KEY": "short"}, "E005"),
    ({"SECRET_KEY": "a" * 80}, "E005"),
    ({"SECRET_KEY": "django-insecure-" + "abcdefghij" * 6}, "E005"),
    ({"SIGNING_KEY": "not hexadecimal"}, "E001"),
    ({"SIGNING_KEY": "9f8e7d6c" * 7}, "E001"),
    ({"SIGNING_KEY": "0" * 64}, "E002"),
    ({"SECURE_COOKIES": "false"}, "E006"),
    ({"SITE_URL": "http://music.example"}, "E007"),
    ({"OPERATOR_NAME": " "}, "E008"),
    ({"COMPLAINT_AUTHORITY": ""}, "E008"),
]
READ = """
import json, django
django.setup()
from django.conf import settings
from discovery.platform.safe_settings import unsafe_settings
print(json.dumps([settings.PRODUCTION, [error.id for error in unsafe_settings()]]))
"""
PROCESSES = {
    "web": ["uvicorn", "discovery.asgi:application", "--port", "0"],
    "worker": ["celery", "-A", "tasks", "worker", "--pool", "solo"],
    "beat": ["celery", "-A", "tasks", "beat"],
}


def environment(tmp_path, **said):
    kept = {name: value for name, value in os.environ.items() if name not in SAFE}
    return {
        **kept,
        **SAFE,
        "EARSHOT_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "discovery.settings",
        **said,
    }


def ran(command, tmp_path, **said):
    return subprocess.run(
        [sys.executable, *command], env=environment(tmp_path, **said), cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def in_production(settings, said):
    """The settings as such an environment makes them, in this process."""
    settings.PRODUCTION = said.get("PRODUCTION") != "false"
    settings.DEBUG = "DEBUG" in said
    settings.ALLOWED_HOSTS = said["ALLOWED_HOSTS"].split(",")
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = said["SECURE_COOKIES"] == "true"
    for name in (
        "SITE_URL",
        "SECRET_KEY",
        "SIGNING_KEY",
        "OPERATOR_NAME",
        "OPERATOR_CONTACT",
        "COMPLAINT_AUTHORITY",
    ):
        setattr(settings, name, said[name])


@pytest.mark.parametrize(("said", "code"), UNSAFE)
def test_each_unsafe_setting_is_refused_with_a_sentence(said, code, settings):
    in_production(settings, SAFE)
    assert unsafe_settings() == []
    refuse_unsafe()
    in_production(settings, SAFE | said)
    (error,) = unsafe_settings()
    assert (error.id, next(iter(said)) in error.msg) == (f"earshot.{code}", True)
    assert error in run_checks(tags=["security"]), "every command refuses"
    with pytest.raises(SystemExit, match=error.id):
        refuse_unsafe()


def test_a_machine_that_answers_itself_alone_needs_none_of_it_but_a_key_that_signs(settings):
    bare = dict.fromkeys(SAFE, "x") | {
        "SIGNING_KEY": SAFE["SIGNING_KEY"],
        "PRODUCTION": "false",
        "DEBUG": "true",
    }
    in_production(settings, bare)
    assert unsafe_settings() == []
    in_production(settings, bare | {"SIGNING_KEY": "0"})
    assert [error.id for error in unsafe_settings()] == ["earshot.E001"]


@pytest.mark.parametrize("said", [
    {"ALLOWED_HOSTS": "localhost,127.0.0.1", "SECURE_COOKIES": "false"},
    {"ALLOWED_HOSTS": "nas.local", "PRODUCTION": "false", "SECURE_COOKIES": "false"},
    {"ALLOWED_HOSTS": "nas.local", "SECURE_COOKIES": "false"},
])  # fmt: skip
def test_who_names_a_host_is_in_production_unless_they_say_otherwise(said, tmp_path):
    expected = ["nas.local" in said["ALLOWED_HOSTS"] and "PRODUCTION" not in said]
    expected.append(["earshot.E006"] if expected[0] else [])
    assert json.loads(ran(["-c", READ], tmp_path, **said).stdout) == expected


@pytest.mark.parametrize("process", PROCESSES)
def test_no_process_starts_with_unsafe_settings(process, tmp_path):
    ended = ran(
        ["-m", *PROCESSES[process]], tmp_path, SECURE_COOKIES="false", SITE_URL="http://music.example"
    )
    assert ended.returncode == 1, ended.stderr
    assert "Earshot does not start with these settings." in ended.stderr
    assert "earshot.E006: SECURE_COOKIES is off" in ended.stderr
    assert "earshot.E007: SITE_URL is not https" in ended.stderr


def test_safe_settings_pass_djangos_deployment_checks(tmp_path):
    ended = ran(["manage.py", "check", "--deploy", "--fail-level", "WARNING"], tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout
    refused = ran(["manage.py", "check"], tmp_path, DEBUG="true")
    assert "earshot.E003" in refused.stderr


def test_secrets_may_lie_in_files(tmp_path):
    (tmp_path / "key").write_text(SAFE["SIGNING_KEY"] + "\n")
    program = "from discovery.settings import SIGNING_KEY; print(SIGNING_KEY)"
    from_file = ran(["-c", program], tmp_path, SIGNING_KEY="", SIGNING_KEY_FILE=str(tmp_path / "key"))
    assert from_file.stdout.strip() == SAFE["SIGNING_KEY"]
    said = ran(["-c", program], tmp_path, SIGNING_KEY="ab" * 32, SIGNING_KEY_FILE=str(tmp_path / "key"))
    assert said.stdout.strip() == "ab" * 32
    missing = ran(["-c", program], tmp_path, SIGNING_KEY="", SIGNING_KEY_FILE=str(tmp_path / "none"))
    assert missing.returncode != 0
