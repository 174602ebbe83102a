"""Takes out one guard at a time and shows which test then fails: ``python -m tests.mutations [NUMBER …]``.

Works on a copy of the tree. Prints a line a guard, as tests/README.md lists them; exit code 1 when a
guard can go and nothing fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MACHINE = "tests/privacy/test_invariants.py"


@dataclass(frozen=True)
class Guard:
    """What stands between an invariant and its violation, and what is put in its place."""

    invariant: int
    file: str
    old: str
    new: str
    test: str = MACHINE


GUARDS = [
    Guard(1, "accounts/policies.py", "_granting(Purpose.SOCIAL_OUT, viewer), _friends_of(viewer)", "_friends_of(viewer)"),
    Guard(2, "discovery/explain.py", "if source.named}", "if True}", "tests/privacy/test_transparency.py"),
    Guard(2, "accounts/policies.py", "if source.named or crowd]", "]"),
    Guard(3, "accounts/policies.py", "def granted_purposes(user", "@__import__('functools').lru_cache\ndef granted_purposes(user"),
    Guard(4, "accounts/services/ledger.py", "    _store(projections)\n", ""),
    Guard(5, "accounts/migrations/0002_ledger_append_only.py", "[migrations.RunPython(guard, unguard)]", "[]",
          "tests/accounts/test_ledger.py"),
    Guard(5, "accounts/services/audit.py", "if event.hash != event_hash(event):", "if False:",
          "tests/accounts/test_ledger.py"),
    Guard(6, "accounts/policies.py", "(user_id, purpose, None), False)", "(user_id, purpose, None), True)",
          "tests/accounts/test_policies.py"),
    Guard(7, "accounts/policies.py", "return permitting(Purpose.CONTRIBUTE)", "return User.objects.all()"),
    Guard(8, "accounts/policies.py", "[Purpose.SELF] if wanted >= PersonalizationLevel.OWN else []", "[Purpose.SELF]"),
    Guard(9, "accounts/policies.py", "is_active=True\n    ).exclude(_blocks_with(somebody))", "is_active=True\n    )"),
    Guard(10, "accounts/services/friendship.py", 'changes=withdrawals(granted.select_related("user", "friend"))', "changes=[]"),
    Guard(11, "graph/services/listening.py", "if policies.played_in_private(", "if False and policies.played_in_private("),
    Guard(12, "graph/selectors.py", "Listen.objects.filter(_COUNTED[ItemKind.TRACK], ", "Listen.objects.filter("),
    Guard(12, "graph/snapshot.py", "Listen.objects.filter(HEARD, _COUNTED[ItemKind.TRACK], ", "Listen.objects.filter(HEARD, "),
    Guard(13, "accounts/policies.py", "SMALLEST_AGGREGATE = 10", "SMALLEST_AGGREGATE = 1", "tests/privacy/test_exclusions.py"),
    Guard(14, "discovery/gql/gpc.py", 'if request.headers.get("Sec-GPC") == "1" and', "if False and",
          "tests/privacy/test_ends.py"),
    Guard(15, "accounts/services/consent.py", "Consent.objects.filter(user=user, state=ConsentState.GRANTED)",
          "Consent.objects.filter(user=user, state=ConsentState.GRANTED, friend=None)"),
    Guard(16, "accounts/services/friendship.py", "    ledger_record(\n        changes=withdrawals(",
          "    granted.delete()\n    ledger_record(\n        changes=withdrawals("),
    Guard(17, "accounts/services/consent.py", "    if not event:\n        return False\n", "    return False\n",
          "tests/accounts/test_consent.py"),
    Guard(18, "discovery/privacy/export_files.py",
          'visible = dict(listeners_visible_to(user).values_list("pk", "username"))\n    for row in Friendship',
          'visible = dict(User.objects.values_list("pk", "username"))\n    for row in Friendship',
          "tests/privacy/test_export.py"),
    Guard(19, "discovery/privacy/erasure.py", "    user.delete()\n", "", "tests/privacy/test_erasure.py"),
    Guard(19, "graph/importers/lastfm_people.py", "set(external_ids) - erased_among(external_ids)", "set(external_ids)",
          "tests/privacy/test_erasure.py"),
    Guard(20, "discovery/feed.py", "policies.listeners_visible_to(viewer).filter(pk__in=ids)", "User.objects.filter(pk__in=ids)",
          "tests/discovery/test_feed.py"),
]  # fmt: skip


def main(wanted):
    survived = 0
    for guard in GUARDS:
        if wanted and guard.invariant not in wanted:
            continue
        failed = failures(guard)
        survived += not failed
        words = ", ".join(f"`{name}`" for name in failed[:2]) or "**nothing failed**"
        first = (guard.old.strip().splitlines() or [""])[0]
        print(f"| {guard.invariant} | `{guard.file}` | `{first}` | {words} |", flush=True)
    return 1 if survived else 0


def failures(guard):
    """Names of the tests that fail without the guard."""
    with tempfile.TemporaryDirectory(prefix="earshot-mutant-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(
            ROOT,
            copy,
            ignore=shutil.ignore_patterns(".git", ".venv", "var", "node_modules", "__pycache__", ".*_cache"),
        )
        file = copy / guard.file
        text = file.read_text()
        if text.count(guard.old) != 1:
            raise SystemExit(f"{guard.file} holds {guard.old!r} {text.count(guard.old)} times, not once")
        file.write_text(text.replace(guard.old, guard.new))
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_TEST")
        }
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", guard.test],
            cwd=copy, capture_output=True, text=True, check=False,
            env=environment | {"EARSHOT_STEPS": "1000", "EARSHOT_HOME": folder},
        )  # fmt: skip
    return [
        line.split(" ")[1].rsplit("::", 1)[-1]
        for line in run.stdout.splitlines()
        if line.startswith(("FAILED ", "ERROR "))
    ]


if __name__ == "__main__":
    sys.exit(main({int(each) for each in sys.argv[1:]}))
