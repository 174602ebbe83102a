"""Vectors for what an imported model does not know: of the words that it is called here, and of who made it.

A word's key, and an artist's, is the sum of its items' keys; an item that nothing else is known of is taken to lie where these
point, and counts as much as such an item does in `graph.ml.content`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Floats, Rows
from graph.ml.config import ContentConfig
from graph.ml.data import View
from graph.serving.friend_index import unit_rows
from graph.serving.places import positions

GAIN = ContentConfig().gain
FULL = 127.0  # the largest code of an int8 vector


def unknown_filled(
    made: dict[str, NDArray[Any]], view: View, sources: list[dict[str, Any]], place: Rows
) -> None:
    """Fill in, in place, the rows of ``made`` that the model has nothing for and that our words or makers tell of."""
    known = np.zeros(len(view.ids), dtype=bool)
    known[place[place >= 0]] = True
    profile = _profiles(made, view)
    rows = np.flatnonzero(~known & (np.diff(profile.indptr) > 0))
    if not len(rows) or not known.any():
        return
    keys = np.concatenate([_feature_keys(made, name, sources) for name in ("tag", "artist")])
    towards = np.asarray(profile[rows] @ keys, dtype=np.float32)
    for column, source in enumerate(sources):
        part = slice(source["start"], source["stop"])
        direction = unit_rows(towards[:, part])
        length = np.linalg.norm(made["codes"][known, part].astype(np.float32), axis=1)
        codes = _codes(direction, made["codes"].dtype)
        made["codes"][rows, part] = codes
        long = np.linalg.norm(codes.astype(np.float32), axis=1)
        told = long > 0
        for name in ("key_scale", "query_scale"):
            usual = float(np.median(length * made[name][known, column].astype(np.float32)))
            scale = np.zeros(len(rows), dtype=np.float32)
            scale[told] = GAIN * usual / long[told]
            made[name][rows, column] = scale.astype(made[name].dtype)


def _profiles(made: dict[str, NDArray[Any]], view: View) -> sp.csr_matrix:
    """Unit rows [N, words + makers that the model has keys of]."""
    parts = []
    for name, incidence, ids in (("tag", view.tags, view.tag_ids), ("artist", view.artists, view.artist_ids)):
        there = positions(ids, made[f"{name}_ids"])
        part = incidence[there].astype(np.float64)
        part.data = np.sqrt(part.data)
        parts.append(part)
    profile = sp.vstack(parts).T.tocsr()
    length = np.sqrt(np.asarray(profile.multiply(profile).sum(axis=1)).ravel())
    return (sp.diags(1 / np.where(length > 0, length, 1)) @ profile).tocsr()


def _feature_keys(made: dict[str, NDArray[Any]], name: str, sources: list[dict[str, Any]]) -> Floats:
    """Unit keys [words or makers, d]."""
    keys = made[f"{name}_keys"].astype(np.float32)
    if f"{name}_scale" in made:
        scale = made[f"{name}_scale"].astype(np.float32) * made[f"{name}_unit"]
        keys = keys * np.repeat(scale, [s["stop"] - s["start"] for s in sources], axis=1)
    for source in sources:
        part = slice(source["start"], source["stop"])
        keys[:, part] = unit_rows(keys[:, part])
    return keys


def _codes(direction: Floats, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Unit rows as this type writes them."""
    if dtype.kind != "i":
        return direction.astype(dtype)
    largest = np.abs(direction).max(axis=1, keepdims=True, initial=0)
    return np.rint(direction / np.where(largest > 0, largest, 1) * FULL).astype(dtype)
