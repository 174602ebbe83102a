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
        "extras": _extras(user, kind, {*plays.item.tolist(), *told.words.item.tolist()}),
    }


def _lines(node: str, items: Ids, *counts: Any) -> list[list[Any]]:
    ids = [global_id(node, key) for key in items.tolist()]
    return [list(line) for line in zip(ids, *(count.tolist() for count in counts), strict=True)]


def _extras(user: User, kind: ItemKind, items: Iterable[int]) -> list[dict[str, Any]]:
    """Vectors of these as evidence, where the pack does not hold them."""
    index = index_for(kind).index
    if index is None:
        return []
    try:
        held = bundle_now().pack.rows[kind.value]
    except ModelUnavailable:
        return []
    rows: Rows = np.setdiff1d(index.known_rows(sorted(items)), held)
    shown = nodes_shown(user, [Ref(_NODES[kind], key) for key in index.ids[rows].tolist()])
    arrays = vectors_of(index, rows)
    extras = []
    for place, key in enumerate(index.ids[rows].tolist()):
        if (node := shown.get(Ref(_NODES[kind], key))) is None:
            continue
        extras.append(
            {
                "id": global_id(_NODES[kind], key), "name": name_of(node), "row": int(rows[place]),
                "type": str(arrays["codes"].dtype), "codes": base64.b64encode(arrays["codes"][place].tobytes()).decode(),
                "keyScale": arrays["key_scale"][place].tolist(),
            }
        )  # fmt: skip
    return extras
