"""What the radio's logged choices say of another policy, beside an experiment: off-policy estimates.

The log holds what was known of the source that was chosen, and not of the others, so that weighting by propensities alone
is open to it; and of policies, those whose source is always on offer: the whole sum throughout.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import OuterRef, Subquery

from accounts import policies
from discovery.experiments.exposures import agreed_since
from discovery.experiments.offpolicy import Log, ips, snips
from discovery.models import ExperimentReport, RadioChoice
from discovery.radio.sources import Source

LATEST = 10_000  # choices


def last_told(at: datetime) -> datetime | None:
    """When an estimate was reported last, of whatever experiment, before ``at``."""
    reports = ExperimentReport.objects.filter(at__lt=at).exclude(figures__radio=[])
    return reports.order_by("-at").values_list("at", flat=True).first()


def sum_throughout(*, at: datetime, since: datetime | None = None) -> list[dict[str, Any]]:
    """What always choosing the whole sum would have earned a choice; empty where too few people's choices are logged.

    It is made of what the whole sum earned, which of few people is their own; and so it would be beside an earlier
    estimate, where few have had anything ``since``.
    """
    rows = RadioChoice.objects.filter(
        reward__isnull=False,
        user__in=policies.experimented_with(),
        chosen_at__lt=at,
        chosen_at__gte=Subquery(agreed_since(OuterRef("user"))),
        arm_propensity__gt=0,
    ).order_by("-chosen_at", "-pk")
    table = list(rows.values_list("user", "source", "reward", "arm_propensity", "chosen_at")[:LATEST])
    new = {row[0] for row in table if row[1] == Source.SUM and (since is None or row[4] >= since)}
    if len(new) < policies.SMALLEST_AGGREGATE:
        return []
    log = Log(
        arm=np.array([row[1] for row in table], np.int64), reward=np.array([row[2] for row in table], np.float64),
        propensity=np.array([row[3] for row in table], np.float64), features=np.zeros((len(table), len(Source), 0)),
    )  # fmt: skip
    target = np.zeros((len(table), len(Source)))
    target[:, Source.SUM] = 1.0
    as_logged = float(log.reward.mean())
    return [
        {"name": f"the whole sum throughout, {name}", "logged": as_logged, "value": estimate.value,
         "low": estimate.low, "high": estimate.high, "choices": len(table)}
        for name, estimate in (("ips", ips(log, target)), ("snips", snips(log, target)))
    ]  # fmt: skip
