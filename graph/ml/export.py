"""Writing a fitted recommender as an artifact that ``graph.serving.index`` can check and read."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from graph.ml.train import FittedRecommender
from graph.serving.artifact import FORMAT_VERSION, MANIFEST, TENSORS

LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "torch-geometric", "safetensors")


def write_artifact(fitted: FittedRecommender, directory: Path, manifest_extra: dict[str, Any]) -> str:
    """Write tensors and manifest into an existing directory; returns the tensors' SHA-256 (hex).

    The bytes of the tensors depend on the snapshot and the config only. Publishing whole (a
    temporary directory, fsync, rename) is the caller's.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in sorted(fitted.arrays.items())}
    blob = save(arrays)
    checksum = hashlib.sha256(blob).hexdigest()
    manifest = {
        **manifest_extra,
        **fitted.description,
        "format_version": FORMAT_VERSION,
        "snapshot_hash": fitted.snapshot_hash,
        "ledger_position": fitted.ledger_position,
        "config": dataclasses.asdict(fitted.config),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "tensors_sha256": checksum,
    }
    (directory / TENSORS).write_bytes(blob)
    text = json.dumps(manifest, indent=1, sort_keys=True)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return checksum
