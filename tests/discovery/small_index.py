"""A recommender small enough to add up by hand: given vectors, no training."""

from collections.abc import Mapping, Sequence

import numpy as np

from graph.serving.channels import Channel, ChannelRule, Source
from graph.serving.index import ItemIndex


def small_index(
    vectors: Sequence[Sequence[float]],
    *,
    ids: Sequence[int] | None = None,
    prior: Sequence[float] | None = None,
    tags: Mapping[int, Sequence[float]] | None = None,
    artists: Mapping[int, Sequence[float]] | None = None,
    styles: Sequence[int] | None = None,
) -> ItemIndex:
    """An index whose score is ``prior + Σ sign · amount · vector·vector``; a friend's own item adds 1 more.

    ``tags``, ``artists``: the vector of each, by id.
    """
    table = np.array(vectors, dtype=np.float32)
    n, dim = table.shape
    rules = {channel: _plain() for channel in Channel}
    rules[Channel.FRIEND] = _plain(identity=1.0)
    rules[Channel.NEGATIVE] = _plain(gain=-1.0)
    no_ids, no_keys = np.empty(0, np.int64), np.empty((0, dim), np.float32)
    return ItemIndex(
        {
            "ids": np.array(ids if ids is not None else range(1, n + 1), dtype=np.int64),
            "prior": np.array(prior if prior is not None else [0.0] * n, dtype=np.float32),
            "style": np.array(styles if styles is not None else [-1] * n, np.int8),
            "codes": table,
            "key_scale": np.ones((n, 1), np.float32),
            "query_scale": np.ones((n, 1), np.float32),
            "tag_ids": np.array(list(tags), np.int64) if tags else no_ids,
            "tag_keys": np.array(list(tags.values()), np.float32) if tags else no_keys,
            "artist_ids": np.array(list(artists), np.int64) if artists else no_ids,
            "artist_keys": np.array(list(artists.values()), np.float32) if artists else no_keys,
        },
        [Source(name="given", start=0, stop=dim)],
        rules,
    )


def _plain(*, gain: float = 1.0, identity: float = 0.0) -> ChannelRule:
    return ChannelRule(
        gain=gain, identity=identity, logarithmic=False, unit=1.0, count_power=0.0, weights=(1.0,)
    )
