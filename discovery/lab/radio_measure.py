"""Figures about the radio as it is served: what a skip does, and what the variety slider changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accounts.models import User
from discovery.radio.services import radio_advance, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id, resume_word
from discovery.radio.sources import NEAREST
from discovery.radio.station import Playing, Station
from discovery.recommend.serving import index_for
from graph.models import ItemKind
from graph.serving.index import ItemIndex

PER_RADIO = 25  # skips of one radio, so that many listeners are met
SETTINGS = (0.0, 0.25, 0.5, 0.75, 1.0)
LISTENED = 15  # items of a radio whose variety is measured


def started(viewer: User, kind: ItemKind, *, variety: float = 0.0) -> Playing:
    return radio_start(viewer=viewer, seed_kind=SeedKind.NOTHING, kind=kind, variety=variety)


def advanced(viewer: User, playing: Playing, outcome: Outcome) -> Playing:
    """One item further; the state travels with the call, so that a missing Redis changes no figure."""
    radio = playing.radio
    return radio_advance(
        viewer=viewer,
        radio_id=public_id(radio),
        outcome=outcome,
        step=radio.version,
        resume=resume_word(radio),
    )


def skips(viewers: Sequence[User], kind: ItemKind, count: int, rng: np.random.Generator) -> dict[str, int]:
    """Skip ``count`` times: how often the next was the skipped item or near it, and how often its rank fell.

    The rank is the item's place in the sum itself, before anything is taken out of the list.
    """
    index = _index(kind)
    same = near = fell = done = 0
    while done < count:
        viewer = viewers[int(rng.integers(len(viewers)))]
        playing = started(viewer, kind)
        for _ in range(min(PER_RADIO, count - done)):
            if playing.radio.now is None:
                break
            item = playing.radio.now.item_id
            before = Station(viewer, playing.radio).place_of(item)
            playing = advanced(viewer, playing, Outcome.SKIPPED)
            fell += Station(viewer, playing.radio).place_of(item) > before
            row = int(index.rows(np.array([item]))[0])
            nearest = set(index.ids[index.similar(row, NEAREST)[0]].tolist())
            after = playing.radio.now.item_id if playing.radio.now else None
            same += after == item
            near += after in nearest
            done += 1
    return {"skips": done, "same_item_next": same, "near_item_next": near, "rank_fell": fell}


def variety(viewers: Sequence[User], kind: ItemKind, rng: np.random.Generator) -> list[dict[str, float]]:
    """At each setting: how unlike one another the items of a radio are, and how many artists they have."""
    index = _index(kind)
    people = [
        viewers[int(number)] for number in rng.choice(len(viewers), min(8, len(viewers)), replace=False)
    ]
    rows = []
    for setting in SETTINGS:
        unlike, score = [], []
        for viewer in people:
            playing = started(viewer, kind, variety=setting)
            for _ in range(LISTENED - 1):
                playing = advanced(viewer, playing, Outcome.LISTENED)
            ids = [item.item_id for item in playing.radio.heard]
            similarity = index.similarity(index.rows(np.array(ids, dtype=np.int64)))
            unlike.append(1 - float(similarity[np.triu_indices(len(ids), 1)].mean()))
            score.append(playing.now.score if playing.now else 0.0)
        rows.append({"variety": setting, "unlike": float(np.mean(unlike)), "score": float(np.mean(score))})
    return rows


def _index(kind: ItemKind) -> ItemIndex:
    index = index_for(kind).index
    if index is None:
        raise ValueError(f"no model of {kind}")
    return index
