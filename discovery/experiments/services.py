"""Experiments begin and end; reports are made at fixed times, for all together, and what does harm ends by itself."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from discovery.experiments.arms import Arm
from discovery.experiments.report import figures_made, stop_reason
from discovery.experiments.selectors import experiment_get, experiment_running
from discovery.models import Experiment, ExperimentKind, ExperimentReport, StopReason
from discovery.platform import clock
from discovery.platform.errors import Conflict, InvalidInput
from discovery.platform.one_moment import one_moment

logger = logging.getLogger(__name__)

WEEK = timedelta(days=7)
RIPENS = timedelta(days=2)  # after which nothing shown is still waiting for its 24 hours


def experiment_start(
    *, name: str, kind: ExperimentKind, arm_a: Mapping[str, Any], arm_b: Mapping[str, Any]
) -> Experiment:
    """Begin to compare two arms. Raises InvalidInput, or Conflict where one runs or ran under this name."""
    try:
        Experiment._meta.get_field("name").clean(name, None)  # noqa: SLF001  # Django documents it
    except ValidationError:
        raise InvalidInput(
            _("A name is of up to 60 letters, digits, hyphens and underscores."), field="name"
        ) from None
    first, second = Arm.of(arm_a), Arm.of(arm_b)
    if first.changed == second.changed:
        raise InvalidInput(_("The arms are the same."), field="armB")
    try:
        with transaction.atomic():
            return Experiment.objects.create(
                name=name, kind=kind, arm_a=first.record(), arm_b=second.record(), salt=secrets.token_hex(16),
                started_at=clock.now(),
            )  # fmt: skip
    except IntegrityError:
        running = experiment_running()
        if running is None:
            message = _("There was an experiment of this name: choose another.")
        else:
            message = _("%(name)s runs already, and one runs at a time: stop it first.") % {
                "name": running.name
            }
        raise Conflict(message, code="EXPERIMENT_THERE") from None


def experiment_stop(*, name: str, because: StopReason = StopReason.BY_HAND) -> Experiment:
    """End an experiment; everybody is served alike from the next request on. One that ended stays as it is."""
    experiment = experiment_get(name)
    Experiment.objects.filter(pk=experiment.pk, stopped_at=None).update(
        stopped_at=clock.now(), stopped_because=because
    )
    experiment.refresh_from_db()
    return experiment


def monday(moment: datetime) -> datetime:
    """The last beginning of a week, 00:00 UTC, up to this moment."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def reports_make() -> list[ExperimentReport]:
    """Make this week's report of each experiment of which not all is reported yet, where it is not made yet."""
    at = monday(clock.now())
    made = []
    for experiment in Experiment.objects.filter(started_at__lt=at).order_by("pk"):
        ended = experiment.stopped_at
        told = ended is not None and experiment.reports.filter(at__gt=ended + RIPENS).exists()
        if told or experiment.reports.filter(at=at).exists():
            continue
        with one_moment():
            figures = figures_made(experiment, at=at, published=True)
        report, fresh = ExperimentReport.objects.get_or_create(
            experiment=experiment, at=at, defaults={"figures": figures}
        )
        made += [report] if fresh else []
    return made


def experiment_guard() -> Experiment | None:
    """Look once a day, as of midnight, whether the one that runs does harm; end it and return it where it does."""
    experiment = experiment_running()
    if experiment is None:
        return None
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    with one_moment():
        reason = stop_reason(figures_made(experiment, at=midnight))
    if reason is None:
        return None
    logger.warning("experiment %s was stopped by itself: %s", experiment.name, reason.value)
    return experiment_stop(name=experiment.name, because=reason)
