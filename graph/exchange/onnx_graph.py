"""How an exported model scores, as an ONNX graph for whoever has a runtime and not our code.

Inputs: ``key_row`` [E] int64, ``amount`` [E] float, ``channel`` [E] int64 (`graph.serving.channels.Channel`, words excepted).
Output: ``scores`` [n], the sum of `graph.serving.index` over one viewer's evidence. Rows of keys are items, then words, then
makers, in the order of the file's metadata; nothing local is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from graph.elsewhere.document import Document
from graph.elsewhere.names import Named, artist_keys, names_read, track_keys
from graph.exchange.files import file_write
from graph.exchange.laid_model import model_laid
from graph.exchange.receive import catalog_of
from graph.serving.artifact import Artifact
from graph.serving.channels import LOUDEST, Channel
from graph.serving.index import ItemIndex

OPSET = 18  # reductions of scattered values came with it
KNOWN = tuple(channel for channel in Channel if channel != Channel.WORD)
NO_LOGARITHM = 1.0  # a unit where amounts count as they are


def onnx_write(document: Document, path: Path, kind: str = "ARTIST") -> int:
    """Write the graph of one kind of item; returns its bytes.

    Raises ValueError where the document has no such items, InvalidInput (FILE_UNWRITABLE).
    """
    named = names_read(document.arrays)
    catalog = catalog_of(named)
    arrays, description = model_laid(document, catalog, named)
    index = Artifact.assemble(description, arrays).index(kind)
    if index is None:
        raise ValueError(f"it knows of no {kind}")
    model = helper.make_model(
        _graph(index), opset_imports=[helper.make_opsetid("", OPSET)], producer_name="earshot", ir_version=9
    )
    helper.set_model_props(
        model, {"kind": kind, "channels": "\n".join(c.name for c in KNOWN), **_called(named, kind, arrays)}
    )
    onnx.checker.check_model(model)
    blob: bytes = model.SerializeToString()
    file_write(path, blob)
    return len(blob)


def _called(named: Named, kind: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """What the rows are called, a line each. A catalog of names alone counts its keys from one."""
    artists = list(artist_keys(named))
    items = artists if kind == "ARTIST" else [key.replace("\x1f", "\t") for key in track_keys(named)]
    prefix = kind.lower()
    return {
        "items": "\n".join(items),
        "words": "\n".join(named.tags[key - 1] for key in arrays[f"{prefix}.tag_ids"].tolist()),
        "makers": "\n".join(artists[key - 1] for key in arrays[f"{prefix}.artist_ids"].tolist()),
    }


def _graph(index: ItemIndex) -> onnx.GraphProto:
    rules = [index.rules[channel] for channel in KNOWN]
    widths = [source.stop - source.start for source in index.sources]
    weights = np.array([np.repeat(rule.weights, widths) for rule in rules], dtype=np.float32)
    constants: dict[str, NDArray[Any]] = {
        "keys": index.keys,
        "queries": np.ascontiguousarray(index.queries.T),
        "prior": index.prior.astype(np.float32),
        "weights": weights,
        "gain": _of(rules, "gain"),
        "unit": np.array([r.unit if r.logarithmic else NO_LOGARITHM for r in rules], dtype=np.float32),
        "power": np.array([r.power if r.logarithmic else 1.0 for r in rules], dtype=np.float32),
        "logarithmic": np.array([r.logarithmic for r in rules]),
        "count_power": _of(rules, "count_power"),
        "identity": _of(rules, "identity"),
        "loudest": np.array(LOUDEST, dtype=np.float32),
        "one": np.array(1, dtype=np.float32),
        "minus": np.array(-1, dtype=np.float32),
        "nothing": np.zeros(len(index.keys), dtype=np.float32),
        "first": np.array([0], dtype=np.int64),
        "second": np.array([1], dtype=np.int64),
        "items": np.array([len(index)], dtype=np.int64),
    }
    return helper.make_graph(
        _nodes(),
        "scores of one viewer's evidence",
        [
            helper.make_tensor_value_info("key_row", TensorProto.INT64, ["E"]),
            helper.make_tensor_value_info("amount", TensorProto.FLOAT, ["E"]),
            helper.make_tensor_value_info("channel", TensorProto.INT64, ["E"]),
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [len(index)])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )


def _of(rules: list[Any], name: str) -> NDArray[np.float32]:
    return np.array([getattr(rule, name) for rule in rules], dtype=np.float32)


def _nodes() -> list[onnx.NodeProto]:
    """The sum, step by step, each line: what is made, by what, of what."""
    steps = [
        *((f"{name}_e", "Gather", (name, "channel")) for name in ("gain", "unit", "power", "logarithmic", "count_power", "identity")),
        # how many entries the channel of each has
        ("by_row", "Unsqueeze", ("channel", "second")),
        ("by_column", "Unsqueeze", ("channel", "first")),
        ("same", "Equal", ("by_row", "by_column")),
        ("same_f", "Cast", ("same",)),
        ("count", "ReduceSum", ("same_f", "second")),
        ("damped", "Pow", ("count", "count_power_e")),
        # strength = gain · min((log1p(amount) / unit)^power, LOUDEST) / count^count_power
        ("more", "Add", ("amount", "one")),
        ("log", "Log", ("more",)),
        ("in_units", "Div", ("log", "unit_e")),
        ("raised", "Pow", ("in_units", "power_e")),
        ("told", "Where", ("logarithmic_e", "raised", "amount")),
        ("quietest", "Mul", ("loudest", "minus")),
        ("clipped", "Clip", ("told", "quietest", "loudest")),
        ("gained", "Mul", ("clipped", "gain_e")),
        ("strength", "Div", ("gained", "damped")),
        # Σ strength · (weights[channel] ∘ K[key]) · Q
        ("key", "Gather", ("keys", "key_row")),
        ("weight", "Gather", ("weights", "channel")),
        ("weighed", "Mul", ("key", "weight")),
        ("strength_row", "Unsqueeze", ("strength", "first")),
        ("folded", "MatMul", ("strength_row", "weighed")),
        ("products", "MatMul", ("folded", "queries")),
        ("by_vectors", "Squeeze", ("products", "first")),
        # … + strength · identity[channel] where the evidence is the item
        ("lift", "Mul", ("strength", "identity_e")),
        ("lifted_all", "ScatterElements", ("nothing", "key_row", "lift")),
        ("lifted", "Slice", ("lifted_all", "first", "items")),
        ("with_lift", "Add", ("by_vectors", "lifted")),
        ("scores", "Add", ("with_lift", "prior")),
    ]  # fmt: skip
    settings: dict[str, dict[str, Any]] = {
        "same_f": {"to": TensorProto.FLOAT},
        "count": {"keepdims": 0},
        "lifted_all": {"reduction": "add"},
    }
    return [helper.make_node(kind, list(of), [made], **settings.get(made, {})) for made, kind, of in steps]
