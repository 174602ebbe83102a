"""An imported model laid over this catalog: its vectors at the places of our items, under our keys.

What it does not know, and the catalog has words or a maker for, gets a vector of these, so that what people play of it counts
from the first play. Raises InvalidInput (BUNDLE_INVALID) where the document contradicts itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Floats, Ids, Rows
from graph.elsewhere.checks import (
    FLOATING,
    LOUD,
    WHOLE,
    bounded,
    checked,
    distinct_places,
    number,
    numbers,
    places,
    sources_told,
)
from graph.elsewhere.document import Document, invalid
from graph.elsewhere.laid_over import Laid
from graph.elsewhere.names import Named
from graph.exchange.unknown import unknown_filled
from graph.ml.config import RecommenderConfig
from graph.ml.data import View, views
from graph.serving.artifact import Artifact
from graph.serving.channels import LOUDEST, Channel, ChannelRule
from graph.serving.friend_index import FEATURES
from graph.snapshot import GraphSnapshot
from graph.words.lists import vocabulary
from graph.words.table import table_arrays

Arrays = dict[str, NDArray[Any]]
HIDDEN = {"into": (len(FEATURES), None), "bias": (None,), "out": (None,)}


def model_laid(document: Document, taken: GraphSnapshot, ours: Named) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and the description of an artifact: of every item of ``taken``, whose rows are called ``ours``."""
    laid = Laid.of(document, ours)
    arrays: Arrays = {}
    described: dict[str, Any] = {}
    speaks = document.manifest.get("config", {}).get("vocabulary") == vocabulary()
    for view in views(taken):
        if view.kind in document.views():
            section, told = _view(document, view, laid, words=speaks)
            arrays |= {f"{view.kind.lower()}.{name}": array for name, array in section.items()}
            described[view.kind] = told
    if speaks:
        arrays |= {f"table.{name}": array for name, array in table_arrays().items()}
    pairs = _pairs(document)
    arrays |= pairs[0]
    description = {"views": described, "pairs": pairs[1]}
    try:
        Artifact.assemble(description, arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise invalid(repr(error)) from error
    return arrays, description


def config_of(document: Document) -> RecommenderConfig:
    """With what it was trained; the usual where this version knows other choices."""
    try:
        return RecommenderConfig.from_dict(dict(document.manifest["config"]))
    except (KeyError, TypeError, ValueError):
        return RecommenderConfig()


def _pairs(document: Document) -> tuple[Arrays, dict[str, Any] | None]:
    """How features of a pair add up; nothing where it knows others than we do."""
    told = document.manifest.get("pairs")
    if not isinstance(told, dict) or tuple(told.get("features", ())) != FEATURES:
        return {}, None
    weights = told.get("weights")
    if not isinstance(weights, dict):
        raise invalid("pairs is missing, or of another kind")
    weights = {name: number(weights, name, least=-LOUD, most=LOUD) for name in weights}
    section = document.section("pairs")
    units = {name: checked(section, name, FLOATING, *shape) for name, shape in HIDDEN.items() if section}
    if units and len({units["into"].shape[1], len(units["bias"]), len(units["out"])}) > 1:
        raise invalid("pairs is of another size")
    return {f"pairs.{name}": unit for name, unit in units.items()}, {
        "features": list(FEATURES),
        "weights": weights,
    }


def _view(document: Document, view: View, laid: Laid, *, words: bool) -> tuple[Arrays, dict[str, Any]]:
    arrays, told = document.section(view.kind.lower()), document.views()[view.kind]
    place = laid.items[view.kind][distinct_places(arrays, "items", len(laid.items[view.kind]))]
    codes = checked(arrays, "codes", FLOATING + WHOLE, len(place), None)
    sources = sources_told(told, codes.shape[1])
    scale = len(sources)
    made: Arrays = {"ids": view.ids.astype(np.int64), "open": view.open}
    size = len(view.ids)
    made["codes"] = _put((size, codes.shape[1]), place, codes)
    for name in ("key", "query"):
        made[f"{name}_scale"] = _put(
            (size, scale), place, bounded(arrays, f"{name}_scale", len(place), scale, most=LOUD)
        )
        if f"{name}_unit" in arrays:
            made[f"{name}_unit"] = checked(arrays, f"{name}_unit", FLOATING, scale)
    made["prior"] = _put((size,), place, bounded(arrays, "prior", len(place), most=LOUD))
    for name in ("step", "style"):
        values = checked(arrays, name, WHOLE, len(place)).astype(np.int8)
        made[name] = _put((size,), place, values, nothing=-1)
    for name, ids, of in (
        ("tag", view.tag_ids, laid.tags),
        ("artist", view.artist_ids, laid.items["ARTIST"]),
    ):
        made |= _features(arrays, name, ids, of, codes.shape[1], scale)
    if "taste_mean" in arrays:
        width = sources[0]["stop"]
        made["taste_mean"] = checked(arrays, "taste_mean", FLOATING, width)
        made["taste_turn"] = checked(arrays, "taste_turn", FLOATING, width, width)
    if words and "words_terms" in arrays:
        made |= _words(arrays, place, size, codes.shape[1])
    if document.manifest.get("dtype") == "int8" and "key_unit" not in made:
        raise invalid("key_unit is missing, or of another kind")
    unknown_filled(made, view, sources, place)
    return made, {
        "sources": sources,
        "channels": _channels(told, scale),
        "blend": numbers(told, "blend"),
        "spread": numbers(told, "spread"),
    }


def _channels(told: Mapping[str, Any], sources: int) -> dict[str, Any]:
    """How evidence counts, by channel."""
    rules = told.get("channels")
    if not isinstance(rules, dict) or not {
        channel.name for channel in Channel if channel != Channel.WORD
    } <= set(rules):
        raise invalid("it does not tell how evidence counts")
    made = {}
    for name, rule in rules.items():
        try:
            Channel[name]
            known = ChannelRule(**{**rule, "weights": tuple(rule["weights"])})
        except (KeyError, TypeError) as error:
            raise invalid("it does not tell how evidence counts") from error
        numbers = {key: value for key, value in rule.items() if key not in {"weights", "logarithmic"}}
        for key in numbers:
            number(numbers, key, least=-LOUD, most=LOUD)
        if known.unit <= 0 or len(known.weights) != sources or not isinstance(known.logarithmic, bool):
            raise invalid("it does not tell how evidence counts")
        for place, weight in enumerate(known.weights):
            number({str(place): weight}, str(place), least=-LOUDEST * LOUD, most=LOUDEST * LOUD)
        made[name] = {**rule, "weights": list(known.weights)}
    return made


def _features(
    arrays: Mapping[str, NDArray[Any]], name: str, ids: Ids, of: Rows, width: int, sources: int
) -> Arrays:
    """Keys of words or makers that we have, by our ids."""
    there = of[distinct_places(arrays, f"{name}_places", len(of))]
    keys = checked(arrays, f"{name}_keys", FLOATING + WHOLE, len(there), width)
    kept = np.flatnonzero((there >= 0) & (there < len(ids)))
    kept = kept[np.argsort(there[kept], kind="stable")]
    made: Arrays = {f"{name}_ids": ids[there[kept]].astype(np.int64), f"{name}_keys": keys[kept]}
    if f"{name}_scale" in arrays:
        made[f"{name}_scale"] = checked(arrays, f"{name}_scale", FLOATING, len(there), sources)[kept]
        made[f"{name}_unit"] = checked(arrays, f"{name}_unit", FLOATING, sources)
    elif keys.dtype.kind == WHOLE:
        raise invalid(f"{name}_scale is missing, or of another kind")
    return made


def _words(arrays: Mapping[str, NDArray[Any]], place: Rows, size: int, width: int) -> Arrays:
    """What items are called, of those that we have."""
    letters = checked(arrays, "words_terms", "u", None)
    starts = checked(arrays, "words_starts", WHOLE, None)
    items = places(arrays, "words_items", len(place))
    hits = checked(arrays, "words_hits", "u", len(items))
    try:
        terms = bytes(letters).decode().split("\n") if len(letters) else []
    except UnicodeDecodeError as error:
        raise invalid("words_terms is no text") from error
    if (
        len(starts) != len(terms) + 1
        or starts[0] != 0
        or starts[-1] != len(items)
        or (np.diff(starts) < 0).any()
    ):
        raise invalid("words_starts does not add up")
    if letters.dtype != np.uint8 or hits.dtype != np.uint8 or terms != sorted(set(terms)):
        raise invalid("words_terms does not add up")
    tags = checked(arrays, "words_tags", WHOLE, None, None)
    there = place[items]
    term = np.repeat(np.arange(len(terms)), np.diff(starts))[there >= 0]
    order = np.lexsort((there[there >= 0], term))
    counts = np.bincount(term, minlength=len(terms))
    used = np.flatnonzero(counts)
    return {
        "words_terms": np.frombuffer("\n".join(terms[row] for row in used).encode(), dtype=np.uint8),
        "words_starts": np.cumsum([0, *counts[used]]).astype(np.int64),
        "words_items": there[there >= 0][order].astype(np.int32),
        "words_hits": hits[there >= 0][order],
        "words_tags": tags,
        "words_keys": checked(arrays, "words_keys", FLOATING, len(tags) + 1, width),
        "mood": _put((size, 2), place, checked(arrays, "mood", FLOATING, len(place), 2)),
    }


def _put(shape: tuple[int, ...], place: Rows, values: NDArray[Any], *, nothing: int = 0) -> NDArray[Any]:
    """Values of items that we have, at their places."""
    whole = np.full(shape, nothing, dtype=values.dtype)
    whole[place[place >= 0]] = values[place >= 0]
    return whole


def vectors(made: Mapping[str, NDArray[Any]], name: str, sources: list[dict[str, Any]]) -> Floats:
    """Vectors as evidence (``key``) or candidates (``query``) [n, d]."""
    scale = made[f"{name}_scale"].astype(np.float32)
    if f"{name}_unit" in made:
        scale = scale * made[f"{name}_unit"]
    return np.asarray(
        made["codes"] * np.repeat(scale, [s["stop"] - s["start"] for s in sources], axis=1), np.float32
    )
