"""Fewer columns for a source: the directions that its scores can spare least."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graph.ml.item_item import Block


def pruned(block: Block, dims: int | None) -> Block:
    """The block in its ``dims`` main directions (all of them for None): orthogonal, so that its scores
    lose what the other directions held and nothing else.

    Items count by how long they are as key and as query.
    """
    if dims is None or dims >= block.codes.shape[1]:
        return block
    weight = (block.key_scale * block.query_scale).astype(np.float64)
    _, directions = np.linalg.eigh(block.codes.T @ (block.codes * weight[:, None]))
    main = np.ascontiguousarray(directions[:, ::-1][:, :dims], dtype=np.float32)
    return replace(block, codes=block.codes @ main)
