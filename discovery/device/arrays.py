"""A few named arrays as one run of bytes that a browser reads without a parser.

``u32 n``, n bytes of JSON that say of each array its type, shape and place, and the arrays, little-endian, each at a multiple
of eight. Texts are UTF-8, one a line.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {"int8": "i1", "uint8": "u1", "float32": "f4", "float64": "f8", "uint32": "u4"}
_STEP = 8


def packed(arrays: Mapping[str, NDArray[Any] | Sequence[str]]) -> bytes:
    """The bytes of these arrays and lists of texts. Raises KeyError for an array of another type than `TYPES`."""
    told: dict[str, Any] = {}
    body = bytearray()
    for name, values in arrays.items():
        if isinstance(values, np.ndarray):
            blob = np.ascontiguousarray(values).tobytes()
            told[name] = {"type": TYPES[values.dtype.name], "shape": list(values.shape), "at": len(body)}
        else:
            blob = "\n".join(" ".join(text.splitlines()) for text in values).encode()
            told[name] = {"type": "text", "shape": [len(values)], "at": len(body), "bytes": len(blob)}
        body += blob + bytes(-len(blob) % _STEP)
    head = json.dumps(told, separators=(",", ":")).encode()
    head += b" " * (-(len(head) + 4) % _STEP)
    return struct.pack("<I", len(head)) + head + bytes(body)
