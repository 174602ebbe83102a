"""The kinds of listener there are: one table of what makes each, what it changes, and in which words.

A kind begins at ``enter`` and ends only where its figure is beyond ``leave``. Between the two stays what was so a week
before, so that somebody near a border does not come and go with every play. `docs/engagement.md` shows this table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from discovery.segments.habits import Habits

ENOUGH, STILL_ENOUGH = 40, 25  # plays by which anything is said, and below which nothing is any more
PLAIN_VARIETY = 0.0
PLAIN_QUEUE = 5  # items that a radio shows behind the one that plays


class SegmentKind(StrEnum):
    """By how a row of the table is called."""

    NIGHT_LISTENER = "NIGHT_LISTENER"
    EXPLORER = "EXPLORER"
    DEEP_DIVER = "DEEP_DIVER"
    SKIPPER = "SKIPPER"
    SHARER = "SHARER"


@dataclass(frozen=True)
class Kind:
    """``figure`` is None where too little is known to say; ``at_most``: the kind is of those at or below ``enter``."""

    name: Promise
    measure: Promise  # what the figure is
    reason: Promise  # with %(figure)d in it
    figure: Callable[[Habits, int], float | None]  # with so many plays needed
    enter: float
    leave: float
    at_most: bool = False
    variety: float | None = None  # None: it does not say
    queue: int | None = None

    def within(self, figure: float, bound: float) -> bool:
        return figure <= bound if self.at_most else figure >= bound


def _of_hundred(part: int, whole: int, enough: int) -> float | None:
    return 100 * part / whole if whole >= enough else None


KINDS: Mapping[SegmentKind, Kind] = {
    SegmentKind.NIGHT_LISTENER: Kind(
        _("Night listener"), _("plays that begin between 22 and 5 o'clock, of 100"),
        _("%(figure)d of 100 plays of yours begin between 22 and 5 o'clock."),
        lambda habits, enough: _of_hundred(habits.nights, habits.plays, enough),
        enter=40, leave=33, queue=10,
    ),
    SegmentKind.EXPLORER: Kind(
        _("Explorer"), _("artists not played in the weeks before, for 100 plays"),
        _("For 100 plays you hear %(figure)d artists whom you did not play in the weeks before."),
        lambda habits, enough: (
            _of_hundred(habits.new, habits.plays, enough) if habits.known >= enough else None
        ),
        enter=20, leave=15, variety=0.3,
    ),
    SegmentKind.DEEP_DIVER: Kind(
        _("Deep diver"), _("different artists, for 100 plays"),
        _("100 plays of yours are by %(figure)d artists."),
        lambda habits, enough: _of_hundred(habits.artists, habits.plays, enough),
        enter=10, leave=13, at_most=True, queue=8,
    ),
    SegmentKind.SKIPPER: Kind(
        _("Skipper"), _("skips, of 100 tracks begun"),
        _("You skip %(figure)d of 100."),
        lambda habits, enough: _of_hundred(habits.skips, habits.plays + habits.skips, enough),
        enter=35, leave=28, variety=0.2, queue=3,
    ),
    SegmentKind.SHARER: Kind(
        _("Sharer"), _("playlists shared and items recommended to friends, in four weeks"),
        _("In four weeks you shared or recommended something %(figure)d times."),
        lambda habits, _enough: float(habits.shared),
        enter=4, leave=2, variety=0.1,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Somebody is of this kind; ``figure`` is what it is by, of the last whole weeks."""

    kind: SegmentKind
    figure: float


@dataclass(frozen=True)
class Defaults:
    """What is done where nobody says otherwise, and by which kinds of listener."""

    variety: float = PLAIN_VARIETY
    queue: int = PLAIN_QUEUE
    by: tuple[SegmentKind, ...] = ()  # those that say something of the variety


def judged(told: Sequence[Habits], refused: Collection[SegmentKind] = ()) -> list[Judged]:
    """What kinds these habits, week by week and the oldest first, make of somebody. A refused one is not looked at."""
    found = []
    for key, kind in KINDS.items():
        if key in refused:
            continue
        holds = False
        figure = None
        for habits in told:
            figure = kind.figure(habits, STILL_ENOUGH if holds else ENOUGH)
            holds = figure is not None and kind.within(figure, kind.leave if holds else kind.enter)
        if holds and figure is not None:
            found.append(Judged(key, figure))
    return found


def defaults_of(segments: Collection[Judged]) -> Defaults:
    """What these change: of several the most variety, and the shortest queue."""
    kinds = {segment.kind: KINDS[segment.kind] for segment in segments}
    varieties = {key: kind.variety for key, kind in kinds.items() if kind.variety is not None}
    queues = [kind.queue for kind in kinds.values() if kind.queue is not None]
    most = max(varieties.values(), default=PLAIN_VARIETY)
    return Defaults(
        variety=most,
        queue=min(queues, default=PLAIN_QUEUE),
        by=tuple(key for key, variety in varieties.items() if variety == most),
    )
