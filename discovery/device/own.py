"""What one person did and said, as their device keeps it: counts, not moments. See `docs/device.md` for how it becomes evidence.

What of it everybody may not see is not in the pack, so its vectors come along here: they are of the person's own items.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np

from accounts.models import User
from accounts.presentation import Ref, name_of, nodes_shown
from discovery.device.bundle import bundle_now
from discovery.device.pack import vectors_of
from discovery.platform.errors import ModelUnavailable
from discovery.platform.graphql.node import global_id
from discovery.recommend.serving import index_for
from graph import histories
from graph.arrays import Ids, Rows
from graph.histories import FEEDBACK_KINDS, NOTHING_EXCLUDED
from graph.models import ItemKind

_NODES = {ItemKind.ARTIST: "Artist", ItemKind.TRACK: "Track"}


def own_history(user: User) -> dict[str, Any]:
    """By kind: plays and skips, words, and what is left out, by global ids; and vectors of what the pack does not hold."""
    return {"kinds": {kind.value: _of_kind(user, kind) for kind in ItemKind}}


def _of_kind(user: User, kind: ItemKind) -> dict[str, Any]:
    node = _NODES[kind]
    told = histories.histories({user.pk}, {user.pk}, kind)
    excluded = histories.excluded_items({user.pk}, kind).get(user.pk, NOTHING_EXCLUDED)
    plays, imported = told.plays, told.imported
    said = {"said": (told.words, node), "saidOfArtists": (told.of_artists, "Artist")}
    return {
        "plays": _lines(node, plays.item, plays.plays, plays.skips),
        "imported": _lines("Artist", imported.item, imported.plays),
        **{
            name: [
                [global_id(of, item), FEEDBACK_KINDS[number].value]
                for item, number in zip(words.item.tolist(), words.kind.tolist(), strict=True)
            ]
            for name, (words, of) in said.items()
        },
        "hidden": [global_id(node, key) for key in sorted(told.hidden.get(user.pk, ()))],
        "excluded": [global_id(node, key) for key in sorted(excluded.items)],
        "excludedArtists": [global_id("Artist", key) for key in sorted(excluded.artists)],
        "extras": _extras(
            user,
            kind,
            {*plays.item.tolist(), *told.words.item.tolist()},
            {*imported.item.tolist(), *told.of_artists.item.tolist()},
        ),
    }


def _lines(node: str, items: Ids, *counts: Any) -> list[list[Any]]:
    ids = [global_id(node, key) for key in items.tolist()]
    return [list(line) for line in zip(ids, *(count.tolist() for count in counts), strict=True)]


def _extras(user: User, kind: ItemKind, items: Iterable[int], artists: Iterable[int]) -> list[dict[str, Any]]:
    """Vectors of these as evidence, where the pack does not hold them; good for the model they are of alone."""
    index = index_for(kind).index
    if index is None:
        return []
    try:
        bundle = bundle_now()
    except ModelUnavailable:
        return []
    model = global_id("ModelVersion", bundle.model)
    rows: Rows = np.setdiff1d(index.known_rows(sorted(items)), bundle.pack.rows[kind.value])
    lines = [
        (_NODES[kind], key, row, row)
        for key, row in zip(index.ids[rows].tolist(), rows.tolist(), strict=True)
    ]
    arrays = vectors_of(index, rows)
    codes, scales = list(arrays["codes"]), list(arrays["key_scale"])
    if kind is ItemKind.TRACK:
        keys, of_artists, scale = index.feature_codes("artist")
        for place in _of_few(keys, artists):
            lines.append(("Artist", int(keys[place]), -1, place))
            codes.append(of_artists[place])
            scales.append(scale[place])
    shown = nodes_shown(user, [Ref(node, key) for node, key, _row, _order in lines])
    return [
        {
            "id": global_id(node, key), "name": name_of(shown[Ref(node, key)]), "row": row, "order": order, "model": model,
            "type": str(code.dtype), "codes": base64.b64encode(code.tobytes()).decode(), "keyScale": scale.tolist(),
        }
        for (node, key, row, order), code, scale in zip(lines, codes, scales, strict=True)
        if Ref(node, key) in shown
    ]  # fmt: skip


def _of_few(keys: Ids, artists: Iterable[int]) -> list[int]:
    """Where those of these artists stand that not everybody may see: the pack holds the others."""
    places = np.flatnonzero(np.isin(keys, sorted(artists))).tolist()
    open_ = nodes_shown(None, [Ref("Artist", int(keys[place])) for place in places])
    return [place for place in places if Ref("Artist", int(keys[place])) not in open_]
