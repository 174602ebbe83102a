"""Engagement as the GraphQL schema shows it: reports for staff, and each person's own figures for themselves."""

from __future__ import annotations

from datetime import date, datetime

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, ViewerPart
from discovery import models
from discovery.engagement.metrics import BY_KEY, Metric, MetricKey
from discovery.engagement.reports import own_figures, reports
from discovery.platform.errors import InvalidInput, NotAllowed

MOST_WEEKS, USUAL_WEEKS = 53, 12

strawberry.enum(MetricKey, name="EngagementMetricKey", description="What is measured.")


@strawberry.type(description="A metric in plain words.")
class EngagementMetric:
    key: MetricKey
    name: str
    definition: str
    unit: str

    @classmethod
    def of(cls, metric: Metric) -> EngagementMetric:
        return cls(
            key=metric.key, name=str(metric.name), definition=str(metric.definition), unit=str(metric.unit)
        )


@strawberry.type(
    description="A metric of one group of people, never of fewer than the report's `smallestAggregate`."
)
class EngagementFigure:
    metric: EngagementMetric
    cohort: date | None = strawberry.field(
        description="Of those whose first play was in the week of this Monday; null: of everybody who is measured."
    )
    people: int
    value: float
    low: float = strawberry.field(description="Where its 95 % interval begins.")
    high: float = strawberry.field(description="Where its 95 % interval ends.")


@strawberry.type(
    description="A week's listening, of those who granted EXPERIMENT and RECORD when it was measured. It is never changed."
)
class EngagementReport:
    week: date = strawberry.field(description="Its Monday.")
    made_at: datetime
    smallest_aggregate: int
    figures: list[EngagementFigure]

    @classmethod
    def of(cls, report: models.EngagementReport) -> EngagementReport:
        places = {key: place for place, key in enumerate(BY_KEY)}
        rows = [row for row in report.figures.all() if row.metric in places]
        rows.sort(key=lambda row: (places[MetricKey(row.metric)], row.cohort or date.min))
        return cls(
            week=report.week, made_at=report.made_at, smallest_aggregate=report.smallest,
            figures=[
                EngagementFigure(
                    metric=EngagementMetric.of(BY_KEY[MetricKey(row.metric)]), cohort=row.cohort, people=row.people,
                    value=row.value, low=row.low, high=row.high,
                )
                for row in rows
            ],
        )  # fmt: skip


@strawberry.type(description="A metric of the viewer's own last 28 days.")
class OwnFigure:
    metric: EngagementMetric
    value: float | None = strawberry.field(description="Null where nothing of it was played.")


@strawberry.type
class Query:
    @strawberry.field(
        description="What listening here came to, week by week, the latest first. For staff: NOT_ALLOWED for everybody else."
    )
    def engagement(self, info: Info, weeks: int | None = USUAL_WEEKS) -> list[EngagementReport]:
        if not info.context.signed_in.is_staff:
            raise NotAllowed(_("This is for the people who run this installation."))
        count = USUAL_WEEKS if weeks is None else weeks
        if not 1 <= count <= MOST_WEEKS:
            raise InvalidInput(
                _("weeks is a number from 1 to %(most)d") % {"most": MOST_WEEKS}, field="weeks"
            )
        return [EngagementReport.of(report) for report in reports(count)]


@strawberry.type
class Viewer(ViewerPart):
    @strawberry.field(
        description="The viewer's own figures of the last 28 days, from their own data, for the viewer alone. It takes no EXPERIMENT."
    )
    def engagement(self) -> list[OwnFigure]:
        return [
            OwnFigure(metric=EngagementMetric.of(metric), value=value)
            for metric, value in own_figures(self.user)
        ]
