"""Where a model comes from, as a signed document that is kept with its row, and checked before it serves again.

Goes in: what a training knows of itself. Comes out: JSON with the code's commit, the config, what it learned from, with which
libraries, in whose place it came and how it measured; Ed25519 over all of it, so that neither row nor files change unnoticed.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.signatures import SignatureInvalid, public_key_text, signed, verify
from discovery.platform import clock
from discovery.platform.errors import Conflict
from discovery.platform.home import BASE_DIR
from graph.models import ModelVersion
from graph.serving.active_model import active_version
from graph.serving.artifact import MANIFEST

UNKNOWN = "unknown"


@cache
def code_commit() -> str:
    """Which code runs here: as a build says it, else as the checkout does, else ``UNKNOWN``."""
    if settings.EARSHOT_COMMIT:
        return str(settings.EARSHOT_COMMIT)
    root = BASE_DIR
    if not (root / ".git").exists():
        return UNKNOWN
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607  # wherever git is
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return asked.stdout.strip() or UNKNOWN


def lineage_sign(version: ModelVersion, directory: Path | None = None) -> str:
    """The lineage of a model that is about to be kept; ``directory`` holds its files, where it has any."""
    manifest = {} if directory is None else json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    parent = active_version()
    document = {
        "type": "ModelLineage",
        "madeAt": clock.now().isoformat(),
        "commit": code_commit(),
        "libraries": manifest.get("libraries", {}),
        "parent": None if parent is None else str(parent.pk),
        "trainingRoot": manifest.get("training_edges", {}).get("root"),
        "imported": manifest.get("imported"),
        "elsewhere": manifest.get("elsewhere", []),
        **_of_row(version),
    }
    return json.dumps(signed(document, settings.SIGNING_KEY), ensure_ascii=False)


def lineage_of(version: ModelVersion) -> dict[str, Any]:
    """What is known of where a model comes from; nothing of one from before lineages were kept."""
    return dict(json.loads(version.lineage)) if version.lineage else {}


def ensure_lineage(version: ModelVersion) -> None:
    """Raise Conflict (MODEL_UNSIGNED) where the row is not what was signed with this installation's key.

    A model from before lineages were kept has none, and is let through: where no signed one is older.
    """
    if not version.lineage:
        older = ModelVersion.objects.exclude(lineage="").filter(created_at__lt=version.created_at)
        if older.exists():
            raise _unsigned(_("it has no lineage"))
        return
    try:
        document = json.loads(version.lineage)
        verify(document, public_key_text(settings.SIGNING_KEY))
    except (SignatureInvalid, ValueError) as error:
        raise _unsigned(str(error)) from error
    for name, value in _of_row(version).items():
        if document.get(name) != value:
            raise _unsigned(_("%(name)s is not what was signed") % {"name": name})


def _of_row(version: ModelVersion) -> dict[str, Any]:
    row = {
        "model": str(version.pk),
        "kind": version.kind,
        "dataHash": version.data_hash,
        "ledgerPosition": version.ledger_position,
        "deletionPosition": version.deletion_position,
        "manifestHash": version.manifest_hash,
        "seed": version.config.get("seed"),
        "config": version.config,
        "metrics": version.metrics,
    }
    return dict(json.loads(json.dumps(row)))  # as it is read back: lists, and no tuples


def _unsigned(why: str) -> Conflict:
    return Conflict(_("Its lineage does not verify: %(why)s") % {"why": why}, code="MODEL_UNSIGNED")
