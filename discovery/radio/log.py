"""The log of choices, and what all radios together have learned from it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts import intake, policies
from accounts.models import Purpose, User
from discovery.models import RadioChoice
from discovery.radio.bandit import Posterior
from discovery.radio.choose import ARMS, AVERAGE, FEATURES, LATEST, taught
from discovery.radio.session import LONGEST, Choice, Heard, Outcome, Radio

FRESH = 60.0  # seconds for which a process keeps what it learned
CHOICES_KEPT = timedelta(days=180)  # an experiment's length
OWN_WEIGHT = 2.0  # a session's own rewards count as so many of other people's

_learned: tuple[float, Posterior] | None = None
_learning = threading.Lock()


EXPERIMENTS = (Purpose.EXPERIMENT,)  # what a log of choices rests on, beside RECORD


def permitted(user: User) -> bool:
    """Whether choices may be logged now."""
    return intake.may_observe(user, also=EXPERIMENTS)


@transaction.atomic
def choice_log(*, user: User, radio: Radio, choice: Choice) -> None:
    """Note what was chosen and how likely that was, before anything came of it. Raises as the gate does."""
    intake.observe(user, also=EXPERIMENTS).put(
        RadioChoice, at=timezone.now(), radio=radio.id, step=radio.version,
        defaults={
            "item_kind": radio.kind, "item_id": choice.item_id, "source": choice.source,
            "propensity": choice.propensity, "arm_propensity": choice.arm_propensity,
            "features": list(choice.features), "marks": list(choice.marks),
        },
    )  # fmt: skip


@transaction.atomic
def outcome_log(*, user: User, radio: Radio, outcome: Outcome, reward: float) -> None:
    """Note what came of a choice, where it is in the log. Raises as the gate does."""
    gate = intake.observe(user, also=EXPERIMENTS)
    if RadioChoice.objects.filter(user=user, radio=radio.id, step=radio.version).exists():
        gate.put(
            RadioChoice, at=timezone.now(), radio=radio.id, step=radio.version,
            defaults={"outcome": outcome, "reward": reward},
        )  # fmt: skip


def radio_choices_forget() -> int:
    """Delete choices older than they are kept; return how many."""
    return RadioChoice.objects.filter(chosen_at__lt=timezone.now() - CHOICES_KEPT).delete()[0]


def heard_get(*, user: User, radio: Radio) -> Radio:
    """``radio`` with what the log knows of it: how it comes back when Redis has lost it."""
    rows = list(RadioChoice.objects.filter(user=user, radio=radio.id).order_by("-step")[:LONGEST])[::-1]
    settled = [row for row in rows if row.reward is not None]
    heard = tuple(
        Heard(row.item_id, row.source, Outcome(row.outcome), float(row.reward or 0.0), tuple(row.features))
        for row in settled
    )
    if not rows:
        return radio
    last = rows[-1]
    now = None
    if last.reward is None:
        now = Choice(
            last.item_id,
            last.source,
            last.propensity,
            last.arm_propensity,
            tuple(last.features),
            tuple(last.marks),
        )
    version = last.step if now else last.step + 1
    return Radio(**{**vars(radio), "version": version, "heard": heard, "now": now})


def posterior(radio: Radio) -> Posterior:
    """What is believed of each source for this session: what all radios taught, and this one most."""
    told = [heard for heard in radio.heard if len(heard.features) == FEATURES]  # an older radio saw others
    return _everybody().learned(
        np.array([heard.source for heard in told], dtype=np.int64),
        np.array([heard.features for heard in told], dtype=np.float64).reshape(-1, FEATURES),
        np.array([heard.reward for heard in told], dtype=np.float64) - AVERAGE,
        OWN_WEIGHT,
    )


def _everybody() -> Posterior:
    global _learned  # noqa: PLW0603 one belief a process, replaced whole
    now = time.monotonic()
    with _learning:
        if _learned is None or now - _learned[0] > FRESH:
            _learned = now, learned()
        return _learned[1]


def learned() -> Posterior:
    """The posterior from the latest choices of those who still agree to experiments."""
    rows = RadioChoice.objects.filter(
        reward__isnull=False, user__in=policies.permitting(Purpose.EXPERIMENT), source__lt=ARMS
    ).order_by("-chosen_at", "-pk")
    table = [
        row for row in rows.values_list("source", "features", "reward")[:LATEST] if len(row[1]) == FEATURES
    ][::-1]
    return taught(
        np.array([row[0] for row in table], dtype=np.int64),
        np.array([row[1] for row in table], dtype=np.float64),
        np.array([row[2] for row in table], dtype=np.float64),
    )
