"""How a staged rollout goes on by the clock: from waiting to shadow, to canary, to serving, each after enough comparisons without fault.

Where too few people agreed to experiments for that, a trial does not hold up what is new: after a while its gate's word counts.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import redis
from django.conf import settings
from django.db import transaction

from discovery.platform import clock
from discovery.platform.errors import Conflict
from graph.models import ModelEvent, ModelVersion
from graph.serving import drift, watch
from graph.serving.active_model import active_version, recommenders
from graph.serving.drift import Counted
from graph.serving.lifecycle import CLOCK, TRIED, pointer_hold, version_move
from graph.training.publish import STAGED
from graph.training.reinstate import ensure_may_serve

logger = logging.getLogger(__name__)

State = ModelVersion.State
LONGEST = timedelta(days=3)  # in the shadow or as canary, without enough to compare
ROWS_KEPT = timedelta(days=730)  # of models that neither serve nor are tried, and of what became of each


@transaction.atomic
def models_advance() -> ModelVersion | None:
    """Take what waits, or is tried, one state further where it is time; the version that was moved.

    Nothing is done where the rollout is not staged: what an operator tries by hand is theirs to take further.
    """
    if settings.EARSHOT_ROLLOUT != STAGED:
        return None
    pointer_hold()
    active = active_version()
    tried = recommenders().filter(state__in=TRIED).first()
    if tried is None or active is None:
        return _next()
    try:
        counted = watch.sums_read(watch.trial_key(tried.pk, tried.state, active.pk))
    except redis.RedisError as error:
        logger.warning("model %s stays as it is: %s", tried.pk, error)
        return None
    return _further(tried, counted)


def _next() -> ModelVersion | None:
    """Of those who wait the latest is tried; earlier ones have been overtaken."""
    latest, *earlier = [*recommenders().filter(state=State.CANDIDATE).order_by("-created_at"), None]
    if latest is None:
        return None
    for version in earlier:
        if version is not None:
            version_move(version, State.RETIRED, who=CLOCK, why=f"{latest.pk}, made later, is tried")
    return _moved(latest, State.SHADOW, "its turn has come")


def _further(tried: ModelVersion, counted: Counted) -> ModelVersion | None:
    if why := drift.breach(counted):
        version_move(tried, State.STOPPED, who=CLOCK, why=why)
        return tried
    if drift.is_clean(counted):
        becomes = State.CANARY if tried.state == State.SHADOW else State.ACTIVE
        return _moved(tried, becomes, f"nothing is over a bound after {counted.pairs} comparisons")
    if tried.staged_at is not None and clock.now() - tried.staged_at > LONGEST:
        return _moved(
            tried, State.ACTIVE, f"{counted.pairs} comparisons in {LONGEST.days} days are too few to tell"
        )
    return None


def _moved(version: ModelVersion, becomes: ModelVersion.State, why: str) -> ModelVersion:
    """``version`` in its next state; or taken out, where it may not serve any more."""
    try:
        ensure_may_serve(version)
    except Conflict as refusal:
        if refusal.specific_code != "MODEL_UNAVAILABLE":  # else the next minute tries again
            version_move(version, State.STOPPED, who=CLOCK, why=f"{refusal.specific_code}: {refusal.message}")
        return version
    version_move(version, becomes, who=CLOCK, why=why, share=settings.EARSHOT_CANARY_SHARE)
    return version


def drift_due() -> str | None:
    """The key of a training that the active model's drift asks for, of which there is one a day; None where it does not drift."""
    active = active_version()
    if active is None or not watch.is_drifting(active.pk):
        return None
    return f"drift:{clock.now():%Y-%m-%d}"


def models_forget() -> int:
    """Delete rows of models that ended long ago, and what became of them; return how many rows of models that were."""
    before = clock.now() - ROWS_KEPT
    ended = ModelEvent.objects.filter(at__lt=before)
    lately = ModelEvent.objects.filter(at__gte=before).values("model")
    kept = (State.ACTIVE, State.CANDIDATE, *TRIED)
    gone = ModelVersion.objects.exclude(state__in=kept).filter(created_at__lt=before).exclude(pk__in=lately)
    keys = list(gone.values_list("pk", flat=True))
    there = ModelVersion.objects.exclude(pk__in=keys).values("pk")
    ended.exclude(model__in=there).delete()
    return gone.delete()[1].get("graph.ModelVersion", 0) if keys else 0
