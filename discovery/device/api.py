"""Private aggregates from devices, as the GraphQL schema shows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, mutation
from discovery.device.feedback import EPSILON, Estimate, Question, estimates, report_take
from discovery.platform.errors import InvalidInput, NotAllowed
from discovery.platform.graphql.messages import OperationInfo

__all__ = ["Mutation", "Query"]

MOST_DAYS, USUAL_DAYS = 90, 30

strawberry.enum(Question, name="DeviceQuestion", description="What a device answers of its day.")


@strawberry.type(
    description="What devices answered on a day that is over, with chance taken out; of no fewer than the smallest aggregate."
)
class DeviceEstimate:
    day: date
    question: Question
    answers: int
    share: float = strawberry.field(
        description="Estimated without bias; outside of 0 to 1 where few answered."
    )
    low: float = strawberry.field(description="Where its 95 % interval begins.")
    high: float = strawberry.field(description="Where its 95 % interval ends.")
    epsilon: float = strawberry.field(description="How private an answer was made before it was sent.")

    @classmethod
    def of(cls, one: Estimate) -> DeviceEstimate:
        return cls(
            day=one.day, question=one.question, answers=one.answers, share=one.share, low=one.low,
            high=one.high, epsilon=EPSILON,
        )  # fmt: skip


@strawberry.type(description="Whether a device's answers were counted: of one person once a day.")
class DeviceReported:
    counted: bool


ReportFromDevicePayload = Annotated[
    DeviceReported | OperationInfo, strawberry.union("ReportFromDevicePayload")
]


@strawberry.type
class Query:
    @strawberry.field(
        description="Private aggregates from devices, the latest day first. For staff: NOT_ALLOWED for everybody else."
    )
    def device_feedback(self, info: Info, days: int | None = USUAL_DAYS) -> list[DeviceEstimate]:
        if not info.context.signed_in.is_staff:
            raise NotAllowed(_("This is for the people who run this installation."))
        count = USUAL_DAYS if days is None else days
        if not 1 <= count <= MOST_DAYS:
            raise InvalidInput(_("days is a number from 1 to %(most)d") % {"most": MOST_DAYS}, field="days")
        return [DeviceEstimate.of(one) for one in estimates(count)]


@strawberry.type
class Mutation:
    @mutation(
        description="What a device answers of its day, each answer made uncertain before it is sent: the truth with the probability "
        "e^0.5 / (1 + e^0.5), else the opposite. It takes FEEDBACK (CONSENT_MISSING), and counts once a day for each person."
    )
    def report_from_device(
        self, info: Info, first_played: bool, half_skipped: bool
    ) -> ReportFromDevicePayload:
        answers = {Question.FIRST_PLAYED: first_played, Question.HALF_SKIPPED: half_skipped}
        return DeviceReported(counted=report_take(user=info.context.signed_in, answers=answers))
