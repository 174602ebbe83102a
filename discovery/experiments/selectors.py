"""Which experiment runs, who is in it, and what was reported."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import intake, policies
from accounts.compiled_query import CompiledQuery
from accounts.models import PersonalizationLevel, User
from discovery.experiments.arms import Arm
from discovery.experiments.draft import arm_of
from discovery.experiments.exposures import EXPERIMENTS
from discovery.models import Experiment, ExperimentKind, ExperimentReport
from discovery.platform.errors import NotFound


@dataclass(frozen=True)
class Participation:
    """That somebody is in an experiment, and what it changes for them."""

    experiment: Experiment
    changes: str


def experiment_running() -> Experiment | None:
    """The one that runs."""
    running: list[Experiment] = _RUNNING.instances()
    return next(iter(running), None)


_RUNNING = CompiledQuery(lambda _now: Experiment.objects.filter(stopped_at=None).order_by("pk")[:1])


def experiment_get(name: str) -> Experiment:
    """Raises NotFound."""
    experiment = Experiment.objects.filter(name=name).first()
    if experiment is None:
        raise NotFound(_("There is no experiment of that name."), field="name")
    return experiment


def experiments_list() -> QuerySet[Experiment]:
    """All there are, the latest first."""
    return Experiment.objects.order_by("-started_at", "-pk").prefetch_related("reports")


def reports_of(experiment: Experiment) -> QuerySet[ExperimentReport]:
    """The latest first."""
    return experiment.reports.order_by("-at")


def is_in_experiments(viewer: User) -> bool:
    """Whether ``viewer`` may be in one now, above the level Off."""
    return intake.may_observe(viewer, also=EXPERIMENTS) and policies.permits_experiments(viewer)


def participations(viewer: User) -> list[Participation]:
    """The experiments that ``viewer`` is in now."""
    experiment = experiment_running()
    if (
        experiment is None
        or policies.effective_use(viewer).level == PersonalizationLevel.OFF
        or not is_in_experiments(viewer)
    ):
        return []
    arms = Arm.of(experiment.arm_a), Arm.of(experiment.arm_b)
    if experiment.kind == ExperimentKind.AB:
        words = _("Your recommendations are made with %(setting)s.") % {
            "setting": arms[arm_of(experiment.salt, viewer.pk)].in_words
        }
    else:
        words = _("Half of your recommendations are made with %(first)s, the other half with %(second)s.") % {
            "first": arms[0].in_words,
            "second": arms[1].in_words,
        }
    return [Participation(experiment, words)]
