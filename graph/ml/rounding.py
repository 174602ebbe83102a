"""Vectors as int8: a quarter of the memory, at a cost that ``graph.bench.compression`` measures.

A vector of a source is rounded in steps of its own size. The sizes, and a model's two scales with
them, are kept as 16-bit floats in units of each source's largest, an error of about one in two thousand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.arrays import Codes, Floats

Arrays = dict[str, NDArray[Any]]


def round_vectors(arrays: Arrays, widths: list[int]) -> Arrays:
    """A view's arrays with its float32 vectors as int8; ``widths`` are the columns of each source."""
    codes, step = quantize(arrays["codes"], widths)
    rounded = {**arrays, "codes": codes}
    for name in ("key", "query"):
        rounded[f"{name}_scale"], rounded[f"{name}_unit"] = pack(arrays[f"{name}_scale"] * step)
    for kind in ("tag", "artist"):
        rounded[f"{kind}_keys"], step = quantize(arrays[f"{kind}_keys"], widths)
        rounded[f"{kind}_scale"], rounded[f"{kind}_unit"] = pack(step)
    return rounded


def quantize(table: Floats, widths: list[int]) -> tuple[Codes, Floats]:
    """Rows as int8 with one step per row and source: (codes [n, d], steps [n, sources])."""
    codes = np.zeros(table.shape, dtype=np.int8)
    steps = np.ones((len(table), len(widths)), dtype=np.float32)
    start = 0
    for source, width in enumerate(widths):
        part = table[:, start : start + width]
        largest = np.abs(part).max(axis=1, initial=0)
        steps[:, source] = np.where(largest > 0, largest / 127, 1)
        codes[:, start : start + width] = np.rint(part / steps[:, source, None])
        start += width
    return codes, steps


def pack(scale: Floats) -> tuple[NDArray[np.float16], Floats]:
    """Scales [n, sources] as 16-bit floats, and their units [sources]: the largest of each source."""
    largest = np.abs(scale).max(axis=0, initial=0)
    unit = np.where(largest > 0, largest, 1).astype(np.float32)
    return (scale / unit).astype(np.float16), unit
