"""Whether what a signed file says holds together: a signature shows who said it, and not that it is so.

Raises InvalidInput (BUNDLE_INVALID) and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Rows
from graph.elsewhere.document import invalid

Arrays = Mapping[str, NDArray[Any]]
FLOATING = "f"
WHOLE = "i"
MOST_WIDE = 4_096  # columns of a vector
LOUD = 1e6  # what no number of a rule exceeds


def checked(arrays: Arrays, name: str, kind: str, *shape: int | None) -> NDArray[Any]:
    """The array of this name, of a ``kind`` of numbers and a shape in which None is any length."""
    array = arrays.get(name)
    if array is None or array.dtype.kind not in kind or array.ndim != len(shape):
        raise invalid(f"{name} is missing, or of another kind")
    if any(size is not None and size != there for size, there in zip(shape, array.shape, strict=True)):
        raise invalid(f"{name} is of another size")
    return array


def places(arrays: Arrays, name: str, size: int, length: int | None = None) -> Rows:
    """Places among ``size`` things."""
    rows = checked(arrays, name, WHOLE, length).astype(np.int64)
    if len(rows) and (rows.min() < 0 or rows.max() >= size):
        raise invalid(f"{name} names what is not in it")
    return rows


def distinct_places(arrays: Arrays, name: str, size: int) -> Rows:
    """Places among ``size`` things, each once, ascending."""
    rows = places(arrays, name, size)
    if (np.diff(rows) <= 0).any():
        raise invalid(f"{name} names something twice")
    return rows


def number(told: Mapping[str, Any], name: str, *, least: float, most: float) -> float:
    """A number of the manifest."""
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise invalid(f"{name} is {value}")
    return float(value)


def bounded(
    arrays: Arrays, name: str, *shape: int | None, most: float, least: float | None = None
) -> NDArray[Any]:
    """A floating array whose numbers lie between ``least`` (or -``most``) and ``most``."""
    array = checked(arrays, name, FLOATING, *shape)
    if (
        array.size
        and not (-most if least is None else least) <= float(array.min()) <= float(array.max()) <= most
    ):
        raise invalid(f"{name} holds what is too large or too small")
    return array


def sources_told(told: Mapping[str, Any], width: int) -> list[dict[str, Any]]:
    """Blocks of columns, one behind the other over all of them."""
    sources, start = [], 0
    given = told.get("sources")
    for source in given if isinstance(given, list) else ():
        if not isinstance(source, dict) or source.get("start") != start:
            raise invalid("its sources are not one behind the other")
        stop = int(number(source, "stop", least=start + 1, most=MOST_WIDE))
        sources.append({"name": str(source.get("name")), "start": start, "stop": stop})
        start = stop
    if start != width or not sources:
        raise invalid("its sources are not one behind the other")
    return sources


def numbers(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Named numbers, and named yes or no."""
    values = told.get(name)
    if not isinstance(values, dict):
        raise invalid(f"{name} is missing, or of another kind")
    return {
        key: value if isinstance(value, bool) else number(values, key, least=-LOUD, most=LOUD)
        for key, value in values.items()
    }
