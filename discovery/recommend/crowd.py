"""People who listen to what a viewer listens to, where no friendship leads to them: of the viewer's style at large.

A viewer's own plays say here no more than which of a few dozen styles they are of, and that only where enough
items do: one more or less moves it seldom. Who then comes is a sample of those who play what the style is known for.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from accounts.compiled_query import NUMBER, OTHER_NUMBER, CompiledQuery
from accounts.models import PersonalizationLevel, User
from discovery.recommend import evidence as gathering
from discovery.recommend.acquaintance import Asked, key_of, taste_index
from graph.arrays import Floats, Ids
from graph.models import ArtistPlayCount, ItemKind, Listen
from graph.serving.artifact import Artifact
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex
from graph.serving.nearby import NOBODY, mixed

LEAST_ITEMS = 5  # of one style, before a viewer is of it
KNOWN_FOR, DRAWN = 40, 6  # items that a style is known for; of them drawn for a viewer
ROWS, SAMPLE = 50, 40  # rows looked at for each; people drawn from them
ENOUGH = 2 * SAMPLE  # of whom half may be such as cannot be found
STEP = 0.15  # in which nearness to a style counts


def style_of(viewer: User, artifact: Artifact | None) -> int | None:
    """The style that most of the items are of which the viewer plays; None where too few are, or none may be used."""
    if (by := taste_index(artifact)) is None:
        return None
    kind, index = by
    own = gathering.gather(viewer, kind, level=PersonalizationLevel.OWN)
    if not own.use.own:
        return None
    played = (own.channel == Channel.OWN) & (own.key_kind == gathering.KEY_ITEM)
    styles = index.styles[index.known_rows(np.unique(own.key_id[played]).tolist())]
    numbers = np.bincount(styles[styles >= 0], minlength=1)
    style = int(numbers.argmax())
    return style if numbers[style] >= LEAST_ITEMS else None


def crowd(viewer: User, style: int, artifact: Artifact, around: Asked, *, beside: Ids = NOBODY) -> Ids:
    """A sample of people of a style, and of ``beside``: those who come near it first, whoever are as near by chance."""
    kind, index = taste_index(artifact) or (ItemKind.ARTIST, None)
    if index is None:
        return NOBODY
    kept = np.concatenate([around.hidden(viewer.pk), around.linked(viewer.pk), [viewer.pk]])
    drawn = np.setdiff1d(_drawn(viewer, kind, _known_for(index, style, key_of(viewer))), kept)
    drawn = drawn[np.argsort(mixed(drawn, key_of(viewer)))][:ENOUGH]
    people = np.union1d(around.findable(drawn)[:SAMPLE], beside)
    # Whoever does not contribute has no taste here, and comes near nothing.
    near = _steps(around.tastes(people) @ index.style_centers[style])
    order = np.lexsort((mixed(people, key_of(viewer)), ~np.isin(people, beside), -near))
    return people[order[near[order] > 0]]


def _steps(cosines: Floats) -> Floats:
    return np.asarray(np.floor(cosines / STEP), dtype=np.float32)


def _known_for(index: ItemIndex, style: int, key: int) -> Ids:
    """Some of the items of a style that most people play; which, differs by viewer."""
    rows = np.flatnonzero(index.styles == style)
    known = rows[np.argsort(-index.prior[rows], kind="stable")][:KNOWN_FOR]
    ids = index.ids[known]
    return ids[np.argsort(mixed(ids, key))][:DRAWN]


def _drawn(viewer: User, kind: ItemKind, items: Ids) -> Ids:
    """Who plays one of these, as far as a look at so many rows from a place of the viewer's own tells."""
    share = (key_of(viewer) >> 11) / 2**53
    people: set[int] = set()
    short: list[tuple[CompiledQuery, int]] = []  # where the rows end before so many are seen
    for last, playing in _TABLES[kind]:
        if not (end := last.rows()):
            continue
        start = int(end[0][0] * share)
        for item in items.tolist():
            there = playing.rows(item, start)
            people.update(person for (person,) in there)
            if len(there) < ROWS:
                short.append((playing, item))
    for playing, item in short:
        if len(people) >= ENOUGH:
            break
        people.update(person for (person,) in playing.rows(item, 0))
    return _sorted(people)


def _sorted(people: Iterable[int]) -> Ids:
    return np.array(sorted(people), dtype=np.int64)


def _table(model: type[Listen | ArtistPlayCount], item: str) -> tuple[CompiledQuery, CompiledQuery]:
    """The last key of a table of plays, and who played an item in some rows from a key on."""
    rows = model._default_manager.order_by  # noqa: SLF001  # Django's name for it
    return (
        CompiledQuery(lambda _now: rows("-pk").values_list("pk")[:1]),
        CompiledQuery(
            lambda number, start, _now: rows().filter(**{item: number}, pk__gte=start).values_list("user_id")[:ROWS],
            NUMBER, OTHER_NUMBER,
        ),
    )  # fmt: skip


_TABLES = {
    ItemKind.TRACK: [_table(Listen, "track_id")],
    ItemKind.ARTIST: [_table(Listen, "track__artist_id"), _table(ArtistPlayCount, "artist_id")],
}
