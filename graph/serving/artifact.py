"""One trained model on disk: the manifest, the tensors, and the indexes built from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from graph.serving.channels import Channel, ChannelRule, Source
from graph.serving.friend_index import FEATURES, PairScore
from graph.serving.index import ItemIndex

# 3 holds nothing of people; 2 and 1 held a row for each, which is left unread; 1 had scales as 32-bit floats.
FORMAT_VERSION = 3
READABLE = (1, 2, 3)
TENSORS = "model.safetensors"
MANIFEST = "manifest.json"
VIEWS = ("ARTIST", "TRACK")


class ArtifactError(Exception):
    """A model artifact that is missing, damaged or of a format this code does not read."""


class Artifact:
    """One trained model on disk, checked before use."""

    def __init__(
        self, manifest: dict[str, Any], views: dict[str, ItemIndex], pair_score: PairScore | None
    ) -> None:
        self.manifest = manifest
        self.pair_score = pair_score  # None where the model is of a format that held people
        self._views = views

    def index(self, kind: str) -> ItemIndex | None:
        """The view "ARTIST" or "TRACK"; None where the model was trained without such items."""
        return self._views.get(kind)

    @classmethod
    def load(cls, directory: Path | str) -> Artifact:
        """Read and verify an artifact in a folder. Raises ArtifactError as `read` does, and where a file is missing."""
        try:
            return cls.read(lambda name: (Path(directory) / name).read_bytes())
        except OSError as error:
            raise ArtifactError(f"cannot read the model in {directory}: {error}") from error

    @classmethod
    def read(cls, file: Callable[[str], bytes], *, manifest_sha256: str | None = None) -> Artifact:
        """Verify an artifact whose files ``file`` hands over by name, and build it.

        Raises ArtifactError when the manifest is not the one that was published, the format is another, the
        tensors are not the ones the manifest was written for, or they hold what is no number.
        """
        told = file(MANIFEST)
        if manifest_sha256 is not None and hashlib.sha256(told).hexdigest() != manifest_sha256:
            raise ArtifactError("its manifest is not the published one")
        try:
            manifest = json.loads(told)
        except ValueError as error:
            raise ArtifactError(f"{MANIFEST} is no JSON: {error}") from error
        if not isinstance(manifest, dict) or manifest.get("format_version") not in READABLE:
            raise ArtifactError(f"{MANIFEST} is not a manifest of the formats {READABLE}")
        blob = file(TENSORS)
        if hashlib.sha256(blob).hexdigest() != manifest.get("tensors_sha256"):
            raise ArtifactError(f"{TENSORS} does not match its manifest's checksum")
        try:
            arrays = load(blob)
            _ensure_numbers(arrays)
            return cls.assemble(manifest, arrays)
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the model is incomplete: {error!r}") from error

    @classmethod
    def assemble(cls, manifest: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Artifact:
        """Build the indexes from a manifest and its named arrays."""
        views = {
            kind: ItemIndex(
                _section(arrays, f"{kind.lower()}."),
                [Source(**s) for s in manifest["views"][kind]["sources"]],
                {Channel[name]: _rule(r) for name, r in manifest["views"][kind]["channels"].items()},
                _section(arrays, "table."),
            )
            for kind in VIEWS
            if kind in manifest["views"]
        }
        return cls(manifest, views, _pair_score(manifest.get("pairs"), arrays))


def _ensure_numbers(arrays: Mapping[str, NDArray[Any]]) -> None:
    """One score that is no number would put an item anywhere."""
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ArtifactError(f"{name} holds what is no number")


def _section(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}


def _pair_score(described: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> PairScore | None:
    """None where features have changed their names since, too: weights of other features say nothing."""
    if described is None or tuple(described["features"]) != FEATURES:
        return None
    return PairScore(
        weights=described["weights"],
        into=arrays.get("pairs.into"),
        bias=arrays.get("pairs.bias"),
        out=arrays.get("pairs.out"),
    )


def _rule(values: Mapping[str, Any]) -> ChannelRule:
    return ChannelRule(**{**values, "weights": tuple(values["weights"])})
