"""No secret came along with the source, and nothing unsafe was written into it, but for what is explained here."""

import subprocess
import sys
from pathlib import Path

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).parents[1]
# In tests every password is made up: there, what can be told for a real key is looked for.
KEYS = ("AWSKeyDetector", "GitHubTokenDetector", "JwtTokenDetector", "PrivateKeyDetector", "SlackDetector")
WORDS = ("BasicAuthDetector", "KeywordDetector")
EXPLAINED = {
    ("README.md", "Basic Auth Credentials"): "how EMAIL_URL is written",
    ("deploy/earshot.env.example", "Basic Auth Credentials"): "the same",
    ("docs/clients.md", "Secret Keyword"): "what a client is to put there",
    ("docs/players.md", "Secret Keyword"): "the same",
    ("discovery/platform/error_codes.py", "Secret Keyword"): "codes about passwords, with what they mean",
    ("discovery/privacy/stores.py", "Secret Keyword"): "why a column is in no export",
    ("discovery/settings.py", "Secret Keyword"): "names of forms",
    ("graph/bench/portable.py", "Secret Keyword"): "names of settings",
    ("graph/sample/people.py", "Secret Keyword"): "the demo's, which it prints",
}
# Where the rest of ruff's rules on safety (S) are, bandit is a second opinion: of what is not merely low.
BANDIT = ("-q", "-r", "-ll", "-x", "*/migrations/*", "-s", "B305,B310")
# B305: ECB of one block, where it is a permutation. B310: addresses of ours, which begin with http.


NOT_WRITTEN = {".mo", ".po", ".gz", ".png", ".tsv", ".graphql"}  # by hand, or as code


def sources():
    """What git has, or would have."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("this is no checkout: " + listed.stderr.strip())
    return [
        name
        for name in listed.stdout.splitlines()
        if (ROOT / name).is_file() and Path(name).suffix not in NOT_WRITTEN
    ]


def found(plugins, *paths):
    """What kinds of secrets these seem to be in which files."""
    with transient_settings({"plugins_used": [{"name": name} for name in plugins]}):
        return {(path, secret.type) for path in paths for secret in scan_file(str(path))}


def kinds(plugins, path):
    return {kind for _, kind in found(plugins, path)}


def test_no_secret_came_along():
    names = sources()
    assert "pyproject.toml" in names
    tests = [ROOT / name for name in names if name.startswith("tests/")]
    others = [ROOT / name for name in names if not name.startswith("tests/")]
    told = found(KEYS, *tests) | found((*KEYS, *WORDS), *others)
    left = {(str(path.relative_to(ROOT)), kind) for path, kind in told}
    assert left - EXPLAINED.keys() == set()
    assert EXPLAINED.keys() - left == set(), "an exception that nothing needs any more"


def test_one_that_did_would_be_found(tmp_path):
    begin = "-----BEGIN " + "PRIVATE KEY-----"
    (tmp_path / "a.py").write_text(f'key = """{begin}\nMIIE\n"""\n')
    (tmp_path / "b.py").write_text("pass" + 'word = "xK7vQ2mR9t"\n')
    assert kinds(KEYS, tmp_path / "a.py") == {"Private Key"}
    assert kinds(WORDS, tmp_path / "b.py") == {"Secret Keyword"}


def bandit(*places):
    command = [sys.executable, "-m", "bandit", *BANDIT, *places]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_nothing_unsafe_is_in_our_code(tmp_path):
    done = bandit("accounts", "discovery", "graph", "tasks", "manage.py")
    assert done.returncode == 0, done.stdout
    (tmp_path / "planted.py").write_text("import pickle\npickle.loads(b'')\n")
    assert "B301" in bandit(str(tmp_path)).stdout
