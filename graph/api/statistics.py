"""What the viewer's own listening adds up to, as the GraphQL schema shows it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry

from accounts.api.context import Info, ViewerPart, opened
from discovery.platform.graphql.pagination import page_size
from graph import statistics
from graph.api.inputs import moment_read
from graph.api.types import Item
from graph.models import ItemKind

strawberry.enum(statistics.Unit, name="PlayUnit", description="What a count of plays over time is about.")


@strawberry.type(description="Something the viewer played, and how often.")
class PlayedItem:
    item: Item
    plays: int


@strawberry.type(description="How much was played on a day, or in the month that begins then.")
class PlaysAt:
    begin: date
    plays: int


@strawberry.type(description="When the viewer played: only days or months with plays, in their order.")
class PlaysOverTime:
    unit: statistics.Unit
    counts: list[PlaysAt]


@strawberry.type(
    description="The viewer's plays in a period, added up for the viewer alone. Skips are no plays."
)
class ListeningStatistics:
    period: strawberry.Private[statistics.Period]
    kind: strawberry.Private[ItemKind]
    sums: strawberry.Private[statistics.Sums]

    @strawberry.field
    def plays(self) -> int:
        return self.sums.plays

    @strawberry.field(description="Where no source told how long a play was, the track's length.")
    def seconds_played(self) -> int:
        return self.sums.ms // 1000

    @strawberry.field(description="How many different tracks.")
    def tracks(self) -> int:
        return self.sums.tracks

    @strawberry.field(description="How many different artists, each by the first name of a credit.")
    def artists(self) -> int:
        return self.sums.artists

    @strawberry.field(description="Artists that were first played in this period.")
    def new_artists(self) -> int:
        return statistics.new_artists(self.period)

    @strawberry.field(description="What was played most, of the kind asked for.")
    def top(self, info: Info, first: int | None = 10) -> list[PlayedItem]:
        return self._most(info, self.kind, first)

    @strawberry.field(description="The tracks played most.")
    def top_tracks(self, info: Info, first: int | None = 10) -> list[PlayedItem]:
        return self._most(info, ItemKind.TRACK, first)

    @strawberry.field(description="The artists played most.")
    def top_artists(self, info: Info, first: int | None = 10) -> list[PlayedItem]:
        return self._most(info, ItemKind.ARTIST, first)

    @strawberry.field(description="By day; by month where the period has no end or is longer than a year.")
    def over_time(self) -> PlaysOverTime:
        unit, moments = statistics.over_time(self.period)
        return PlaysOverTime(
            unit=unit, counts=[PlaysAt(begin=begin, plays=plays) for begin, plays in moments]
        )

    def _most(self, info: Info, kind: ItemKind, first: int | None) -> list[PlayedItem]:
        found = opened(statistics.most_played(self.period, kind=kind, count=page_size(first)), info)
        return [PlayedItem(item=item, plays=plays) for item, plays in found]  # type: ignore[arg-type]  # strawberry-django types are their models


@strawberry.type
class Viewer(ViewerPart):
    """The part of ``Viewer`` that counts plays."""

    @strawberry.field(
        description="The viewer's plays from a moment on and before another, added up; days are those of the time zone."
    )
    def statistics(
        self,
        from_: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: datetime | None = None,
        kind: ItemKind = ItemKind.TRACK,
        time_zone: str = "UTC",
    ) -> ListeningStatistics:
        since, end = (None if moment is None else moment_read(moment) for moment in (from_, until))
        asked = statistics.period(owner=self.user, since=since, until=end, zone=time_zone)
        return ListeningStatistics(period=asked, kind=kind, sums=statistics.sums(asked))
