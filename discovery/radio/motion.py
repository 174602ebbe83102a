"""How what plays moves, for a picture beside it: how pleasant and lively its item is, and its beats where they are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accounts.models import User
from graph.libraries import holdings
from graph.models import ItemKind
from graph.serving.index import ItemIndex


@dataclass(frozen=True, slots=True)
class Motion:
    """``valence`` and ``energy`` from -1 to 1; ``tempo`` in beats a minute, None where no library of the viewer's tells it."""

    valence: float
    energy: float
    tempo: int | None


def motion_of(viewer: User, index: ItemIndex, kind: ItemKind, item: int) -> Motion | None:
    """None where the model says nothing of how the item feels."""
    rows = index.known_rows([item])
    if index.moods is None or not len(rows):
        return None
    # Moods have deviation one over all items: what is far out is near the end.
    valence, energy = (round(float(value), 1) for value in np.tanh(index.moods[rows[0]] / 2))
    return Motion(valence, energy, holdings(viewer).tempo_of(item) if kind == ItemKind.TRACK else None)
