"""A report: what is known of an experiment at a fixed time, and what follows from it.

It is a function of what is kept of people who are in experiments when it is made. Whoever left before is out as if they had
never been in; who leaves later is out of the next one. Of fewer people than the installation's smallest aggregate (in
an A/B test: in either arm) it says that there are too few, and no number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import policies
from discovery.experiments import choices, figures, listening, sessions
from discovery.experiments.figures import Figure
from discovery.experiments.sequential import ALPHA
from discovery.models import Experiment, ExperimentKind, StopReason, Team

PRIMARY = "plays a day"  # of an A/B test


def figures_made(experiment: Experiment, *, at: datetime) -> dict[str, Any]:
    """What a report ``at`` this moment says."""
    told = _assigned(experiment, at) if experiment.kind == ExperimentKind.AB else _interleaved(experiment, at)
    return told | {"radio": choices.sum_throughout(at=at)}


def stop_reason(told: dict[str, Any]) -> StopReason | None:
    """Why an experiment of which this is told has to end by itself; None where it may go on."""
    if told.get("sample_ratio", 1.0) < figures.UNLIKELY:
        return StopReason.SAMPLE_RATIO
    if told.get("verdict") == Team.A:
        return StopReason.HARM
    return StopReason.GUARDRAIL if told.get("breached") else None


def _too_few() -> dict[str, Any]:
    return {"too_few": True}


def _interleaved(experiment: Experiment, at: datetime) -> dict[str, Any]:
    told = sessions.sessions_told(experiment, at=at)
    people = len({session.user for session in told})
    if people < policies.SMALLEST_AGGREGATE:
        return _too_few()
    effort = sessions.effort(experiment, at=at)
    compared, evidence = figures.interleaved(told, alpha=ALPHA)
    compared += figures.efforts(effort)
    return {
        "too_few": False, "people": people, "sessions": len(told), "evidence": evidence,
        "verdict": _verdict(compared[0]), "figures": [figure.record() for figure in compared],
        "breached": figures.breached(compared, effort, skips="skips a session"),
    }  # fmt: skip


def _assigned(experiment: Experiment, at: datetime) -> dict[str, Any]:
    people = listening.first_exposures(experiment, at=at)
    arms = listening.arms_of(people)
    if min(arms[Team.A], arms[Team.B]) < policies.SMALLEST_AGGREGATE:
        # Told also where an arm is nearly empty because the assignment is broken: it says nothing of what anybody did.
        return _too_few() | _ratio(arms[Team.A], arms[Team.B])
    listened = listening.listened(experiment, at=at)
    effort = sessions.effort(experiment, at=at)
    compared: list[Figure] = []
    for name in listening.NAMES:
        told = listening.by_team(listened, name)
        if min(len(told[Team.A]), len(told[Team.B])) >= policies.SMALLEST_AGGREGATE:
            compared.append(figures.between(name, told[Team.A], told[Team.B], alpha=ALPHA))
    if not compared:  # nobody, or too few, for a week yet
        return _too_few() | _ratio(arms[Team.A], arms[Team.B])
    compared += figures.efforts(effort)
    return {
        "too_few": False, "people": len(people), "sessions": sum(effort.answers), "evidence": None,
        **_ratio(arms[Team.A], arms[Team.B]),
        "verdict": _verdict(next(figure for figure in compared if figure.name == PRIMARY)),
        "figures": [figure.record() for figure in compared],
        "breached": figures.breached(compared, effort, skips="skips a day"),
    }  # fmt: skip


def _ratio(a: int, b: int) -> dict[str, float]:
    """Only of as many people as may be counted."""
    return {"sample_ratio": figures.sample_ratio(a, b)} if a + b >= policies.SMALLEST_AGGREGATE else {}


def _verdict(figure: Figure) -> str | None:
    """The arm that does better beyond doubt."""
    if figure.low is not None and figure.low > 0:
        return Team.B.value
    return Team.A.value if figure.high is not None and figure.high < 0 else None
