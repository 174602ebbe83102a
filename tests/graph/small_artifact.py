"""A model on disk without training, as the exporter would have written it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from graph.serving.artifact import FORMAT_VERSION, MANIFEST, TENSORS
from graph.serving.channels import Channel, ChannelRule

PLAIN = ChannelRule(gain=1.0, logarithmic=False, unit=1.0, count_power=0.0, identity=0.0, weights=(1.0,))


def write_small_artifact(directory: Path, *, prior: float = 0.0) -> None:
    """One view of two artists; ``prior`` is the first one's score without evidence."""
    write_artifact(directory, {"ARTIST": {1: (1, 0), 2: (0, 1)}}, prior=[prior, 0.0])


def write_artifact(
    directory: Path,
    views: Mapping[str, Mapping[int, Sequence[float]]],
    *,
    prior: Sequence[float] | None = None,
    rules: Mapping[Channel, ChannelRule] | None = None,
    artists: Mapping[int, Sequence[float]] | None = None,
) -> None:
    """Views by kind, each of vectors by item id; channels without a rule of their own count as they are.

    ``artists``: what is heard of an artist in a view of tracks, by artist id.
    """
    arrays: dict[str, np.ndarray] = {}
    described = {}
    channels = {channel.name: asdict((rules or {}).get(channel, PLAIN)) for channel in Channel}
    for kind, vectors in views.items():
        codes = np.array([vectors[item] for item in sorted(vectors)], np.float32)
        size, dim = codes.shape
        none, no_keys = np.empty(0, np.int64), np.empty((0, dim), np.float32)
        view: dict[str, np.ndarray] = {
            "ids": np.array(sorted(vectors), np.int64),
            "prior": np.array(prior or [0.0] * size, np.float32),
            "codes": codes,
            "key_scale": np.ones((size, 1), np.float32),
            "query_scale": np.ones((size, 1), np.float32),
            "tag_ids": none, "tag_keys": no_keys, "artist_ids": none, "artist_keys": no_keys,
        }  # fmt: skip
        if kind == "TRACK" and artists:
            view["artist_ids"] = np.array(sorted(artists), np.int64)
            view["artist_keys"] = np.array([artists[artist] for artist in sorted(artists)], np.float32)
        arrays |= {f"{kind.lower()}.{name}": array for name, array in view.items()}
        described[kind] = {"sources": [{"name": "given", "start": 0, "stop": dim}], "channels": channels}
    blob = save(arrays)
    manifest = {
        "format_version": FORMAT_VERSION,
        "views": described,
        "pairs": None,
        "tensors_sha256": hashlib.sha256(blob).hexdigest(),
    }
    (directory / TENSORS).write_bytes(blob)
    (directory / MANIFEST).write_text(json.dumps(manifest))
