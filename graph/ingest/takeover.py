"""The rows that names are of now: those there are, those that are taken over under a new identity, and what is still to be made.

One routine for tracks, as namings call them, and for artists, as their names do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from graph.models import Artist, Track


def rows_taken_over(
    model: type[Artist | Track], placed: Iterable[tuple[str, int | None]], operators: Mapping[str, int]
) -> tuple[dict[str, int], list[str]]:
    """By identity: the row that it is; and the identities that no row is yet, in order.

    ``placed``: the identity that each name has now, and the row that it was of. A row under whose identity nobody calls
    anything any more is taken over under the one that what it was called has now. ``operators``: rows that stay.
    """
    rows: Any = model._default_manager  # noqa: SLF001  # Django documents it
    before: dict[str, set[int]] = defaultdict(set)
    for identity, row in placed:
        before[identity].update(() if row is None else (row,))
    there = dict(rows.filter(identity__in=before.keys()).values_list("identity", "pk"))
    found: dict[str, int] = there | {
        identity: operators[identity] for identity in before.keys() & operators.keys()
    }
    missing = sorted(before.keys() - found.keys())
    candidates = {row for identity in missing for row in before[identity]}
    given_up = rows.filter(pk__in=candidates).exclude(identity=None).exclude(identity__in=before.keys())
    free = set(given_up.values_list("pk", flat=True)) if candidates else set()
    for identity in missing:
        if mine := before[identity] & free:
            found[identity] = min(mine)
            free.discard(found[identity])
            rows.filter(pk=found[identity]).update(identity=identity)
    return found, [identity for identity in missing if identity not in found]
