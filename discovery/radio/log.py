"""The log of choices, and what all radios together have learned from it."""

from __future__ import annotations

import threading
import time

import numpy as np

from accounts import policies
from accounts.models import Purpose, User
from discovery.models import RadioChoice
from discovery.radio.bandit import Posterior
from discovery.radio.choose import ARMS, AVERAGE, FEATURES, LATEST, taught
from discovery.radio.session import LONGEST, Choice, Heard, Outcome, Radio

FRESH = 60.0  # seconds for which a process keeps what it learned
OWN_WEIGHT = 2.0  # a session's own rewards count as so many of other people's

_learned: tuple[float, Posterior] | None = None
_learning = threading.Lock()


def permitted(user: User) -> bool:
    """Whether choices may be logged now."""
    return policies.permits(user, Purpose.EXPERIMENT) and not policies.in_private_session(user)


def choice_log(*, user: User, radio: Radio, choice: Choice) -> None:
    """Note what was chosen and how likely that was, before anything came of it."""
    RadioChoice.objects.update_or_create(
        radio=radio.id, step=radio.version,
        defaults={
            "user": user, "item_kind": radio.kind, "item_id": choice.item_id, "source": choice.source,
            "propensity": choice.propensity, "arm_propensity": choice.arm_propensity,
            "features": list(choice.features),
        },
    )  # fmt: skip


def outcome_log(*, radio: Radio, step: int, outcome: Outcome, reward: float) -> None:
    """Note what came of a choice that is in the log."""
    RadioChoice.objects.filter(radio=radio.id, step=step).update(outcome=outcome, reward=reward)


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
        now = Choice(last.item_id, last.source, last.propensity, last.arm_propensity, tuple(last.features))
    version = last.step if now else last.step + 1
    return Radio(**{**vars(radio), "version": version, "heard": heard, "now": now})


def posterior(radio: Radio) -> Posterior:
    """What is believed of each source for this session: what all radios taught, and this one most."""
    told = [each for each in radio.heard if len(each.features) == FEATURES]  # an older radio saw others
    return _everybody().learned(
        np.array([each.source for each in told], dtype=np.int64),
        np.array([each.features for each in told], dtype=np.float64).reshape(-1, FEATURES),
        np.array([each.reward for each in told], dtype=np.float64) - AVERAGE,
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
