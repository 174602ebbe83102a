"""Experiments, as GraphQL: to staff what was reported, to each person what they are in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, ViewerPart
from discovery import models
from discovery.experiments import selectors
from discovery.experiments.arms import Arm
from discovery.models import ExperimentKind, StopReason, Team
from discovery.platform.errors import NotAllowed

strawberry.enum(ExperimentKind, description="How people meet the two arms of an experiment.")
strawberry.enum(StopReason, name="ExperimentStopReason", description="Why an experiment ended.")
strawberry.enum(Team, name="ExperimentArm", description="One of the two settings that are compared.")


@strawberry.type(description="One figure of both arms.")
class ExperimentFigure:
    name: str
    a: float
    b: float
    difference: float = strawberry.field(
        description="B less A; in an A/B test as far as it was not so before."
    )
    low: float | None = strawberry.field(
        description="With `high`: where it is at 95 %, at this look as at all others."
    )
    high: float | None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> ExperimentFigure:
        return cls(**told)


@strawberry.type(
    description="What another policy of the radio would have earned a choice, by the logged probabilities."
)
class OffPolicyEstimate:
    name: str
    logged: float = strawberry.field(description="What the choices that were made earned.")
    value: float
    low: float
    high: float
    choices: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> OffPolicyEstimate:
        return cls(**told)


@strawberry.type(description="What was known of an experiment at a fixed time; of too few people nothing.")
class ExperimentReport:
    at: dt.datetime
    too_few: bool
    people: int | None
    sessions: int | None = strawberry.field(description="People's days; in an A/B test answers.")
    verdict: Team | None = strawberry.field(description="The arm that does better beyond doubt.")
    evidence: float | None = strawberry.field(
        description="What betting against `no difference` would have made of 1; 20 and more is beyond doubt."
    )
    sample_ratio: float | None = strawberry.field(
        description="How often chance alone divides people as unevenly; below 0.001 the assignment is broken."
    )
    breached: str | None = strawberry.field(description="The guardrail that B went over.")
    figures: list[ExperimentFigure]
    radio: list[OffPolicyEstimate]

    @classmethod
    def of(cls, report: models.ExperimentReport) -> ExperimentReport:
        told = report.figures
        verdict = told.get("verdict")
        return cls(
            at=report.at, too_few=told["too_few"], people=told.get("people"), sessions=told.get("sessions"),
            verdict=Team(verdict) if verdict else None, evidence=told.get("evidence"),
            sample_ratio=told.get("sample_ratio"), breached=told.get("breached"),
            figures=[ExperimentFigure.of(figure) for figure in told.get("figures", ())],
            radio=[OffPolicyEstimate.of(estimate) for estimate in told["radio"]],
        )  # fmt: skip


@strawberry.type(description="Two settings of recommendations, compared among those who agreed to it.")
class Experiment:
    name: str
    kind: ExperimentKind
    arm_a: str
    arm_b: str
    started_at: dt.datetime
    stopped_at: dt.datetime | None
    stopped_because: StopReason | None
    reports: list[ExperimentReport] = strawberry.field(
        description="Made on Mondays at 00:00 UTC, the latest first."
    )

    @classmethod
    def of(cls, row: models.Experiment) -> Experiment:
        reports = sorted(row.reports.all(), key=lambda report: report.at, reverse=True)
        return cls(
            name=row.name, kind=ExperimentKind(row.kind),
            arm_a=Arm.of(row.arm_a).in_words, arm_b=Arm.of(row.arm_b).in_words,
            started_at=row.started_at, stopped_at=row.stopped_at,
            stopped_because=StopReason(row.stopped_because) if row.stopped_because else None,
            reports=[ExperimentReport.of(report) for report in reports],
        )  # fmt: skip


@strawberry.type(description="An experiment that the viewer is in.")
class ExperimentPart:
    name: str
    changes: str = strawberry.field(description="What it changes for the viewer.")
    since: dt.datetime = strawberry.field(description="When the experiment began.")

    @classmethod
    def of(cls, part: selectors.Participation) -> ExperimentPart:
        return cls(name=part.experiment.name, changes=part.changes, since=part.experiment.started_at)


@strawberry.type
class Query:
    @strawberry.field(
        description="Experiments and their reports, the latest first; for those who run this installation."
    )
    def experiments(self, info: Info) -> list[Experiment]:
        viewer = info.context.viewer
        if viewer is None or not viewer.is_staff:
            raise NotAllowed(_("This is for the people who run this installation."))
        return [Experiment.of(row) for row in selectors.experiments_list()]


@strawberry.type
class Viewer(ViewerPart):
    @strawberry.field(
        description="Experiments that the viewer is in, and what they change; none without EXPERIMENT and RECORD, or at OFF."
    )
    def experiments(self) -> list[ExperimentPart]:
        return [ExperimentPart.of(part) for part in selectors.participations(self.user)]
