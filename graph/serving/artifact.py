"""One trained model on disk: the manifest, the tensors, and the indexes built from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

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
        """Read and verify an artifact.

        Raises ArtifactError when a file is missing or unreadable, the format is another, or the
        tensors are not the ones the manifest was written for.
        """
        directory = Path(directory)
        try:
            manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
            blob = (directory / TENSORS).read_bytes()
        except (OSError, ValueError) as error:
            raise ArtifactError(f"cannot read the model in {directory}: {error}") from error
        if not isinstance(manifest, dict) or manifest.get("format_version") not in READABLE:
            raise ArtifactError(f"{directory / MANIFEST} is not a manifest of the formats {READABLE}")
        if hashlib.sha256(blob).hexdigest() != manifest.get("tensors_sha256"):
            raise ArtifactError(f"{directory / TENSORS} does not match its manifest's checksum")
        try:
            return cls.assemble(manifest, load_file(directory / TENSORS))
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"the model in {directory} is incomplete: {error!r}") from error

    @classmethod
    def assemble(cls, manifest: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Artifact:
        """Build the indexes from a manifest and its named arrays."""
        views = {
            kind: ItemIndex(
                _section(arrays, f"{kind.lower()}."),
                [Source(**s) for s in manifest["views"][kind]["sources"]],
                {Channel[name]: _rule(r) for name, r in manifest["views"][kind]["channels"].items()},
            )
            for kind in VIEWS
            if kind in manifest["views"]
        }
        return cls(manifest, views, _pair_score(manifest.get("pairs"), arrays))


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
