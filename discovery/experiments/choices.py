"""What the radio's logged choices say of another policy, beside an experiment: off-policy estimates.

The log holds what was known of the source that was chosen, and not of the others, so that weighting by propensities alone
is open to it; and of policies, those whose source is always on offer: the whole sum throughout.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from accounts import policies
from discovery.experiments.exposures import participants
from discovery.experiments.offpolicy import Log, ips, snips
from discovery.models import RadioChoice
from discovery.radio.sources import Source

LATEST = 10_000  # choices


def sum_throughout(*, at: datetime) -> list[dict[str, Any]]:
    """What always choosing the whole sum would have earned a choice; empty where too few people's choices are logged."""
    rows = RadioChoice.objects.filter(
        reward__isnull=False, user__in=participants(), chosen_at__lt=at, arm_propensity__gt=0
    ).order_by("-chosen_at", "-pk")
    table = list(rows.values_list("user", "source", "reward", "arm_propensity")[:LATEST])
    if len({row[0] for row in table}) < policies.SMALLEST_AGGREGATE:
        return []
    log = Log(
        arm=np.array([row[1] for row in table], np.int64), reward=np.array([row[2] for row in table], np.float64),
        propensity=np.array([row[3] for row in table], np.float64), features=np.zeros((len(table), len(Source), 0)),
    )  # fmt: skip
    if not (log.arm == Source.SUM).any():
        return []
    target = np.zeros((len(table), len(Source)))
    target[:, Source.SUM] = 1.0
    as_logged = float(log.reward.mean())
    return [
        {"name": f"the whole sum throughout, {name}", "logged": as_logged, "value": estimate.value,
         "low": estimate.low, "high": estimate.high, "choices": len(table)}
        for name, estimate in (("ips", ips(log, target)), ("snips", snips(log, target)))
    ]  # fmt: skip
