"""A model on disk without training, as the exporter would have written it."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from graph.artifact import FORMAT_VERSION, MANIFEST, TENSORS
from graph.index import Channel, ChannelRule


def write_small_artifact(directory: Path, *, prior: float = 0.0) -> None:
    """One view of two artists; ``prior`` is the first one's score without evidence."""
    rule = ChannelRule(gain=1.0, logarithmic=False, unit=1.0, count_power=0.0, identity=0.0, weights=(1.0,))
    arrays: dict[str, np.ndarray] = {
        "artist.ids": np.array([1, 2], np.int64),
        "artist.prior": np.array([prior, 0.0], np.float32),
        "artist.listeners": np.zeros(2, np.int32),
        "artist.codes": np.eye(2, dtype=np.float32),
        "artist.key_scale": np.ones((2, 1), np.float32),
        "artist.query_scale": np.ones((2, 1), np.float32),
        "artist.tag_ids": np.empty(0, np.int64),
        "artist.tag_keys": np.empty((0, 2), np.float32),
        "artist.artist_ids": np.empty(0, np.int64),
        "artist.artist_keys": np.empty((0, 2), np.float32),
    }
    blob = save(arrays)
    view = {
        "sources": [{"name": "given", "start": 0, "stop": 2}],
        "channels": {channel.name: asdict(rule) for channel in Channel},
    }
    manifest = {
        "format_version": FORMAT_VERSION,
        "views": {"ARTIST": view},
        "people": None,
        "tensors_sha256": hashlib.sha256(blob).hexdigest(),
    }
    (directory / TENSORS).write_bytes(blob)
    (directory / MANIFEST).write_text(json.dumps(manifest))
