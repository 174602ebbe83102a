"""A report: what is known of an experiment at a fixed time, and what follows from it.

It is a function of what is kept of people who are in experiments when it is made. Whoever left before is out as if they had
never been in; who leaves later is out of the next one. Of fewer people than the installation's smallest aggregate (in
an A/B test: in either arm) it says that there are too few, and no number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts import policies
from discovery.experiments import choices, figures, listening, sessions
from discovery.experiments.figures import Figure
from discovery.experiments.sequential import ALPHA
from discovery.models import Experiment, ExperimentKind, StopReason, Team

PRIMARY = "plays a day"  # of an A/B test


def figures_made(experiment: Experiment, *, at: datetime, published: bool = False) -> dict[str, Any]:
    """What a report ``at`` this moment says; where it is ``published``, nothing that earlier ones beside it would tell."""
    if experiment.kind == ExperimentKind.AB:
        told = _assigned(experiment, at)
    else:
        told = _interleaved(experiment, at, _told_until(experiment, at) if published else {})
    since = choices.last_told(at) if published else None
    return told | {"radio": choices.sum_throughout(at=at, since=since)}


def _told_until(experiment: Experiment, at: datetime) -> dict[str, str]:
    """The first day that is in no report before ``at`` yet, by the name of a figure."""
    until: dict[str, str] = {}
    for earlier in experiment.reports.filter(at__lt=at).order_by("at"):
        day = sessions.last_day(earlier.at).date().isoformat()
        until |= {figure["name"]: day for figure in earlier.figures.get("figures", ())}
    return until


def stop_reason(told: dict[str, Any]) -> StopReason | None:
    """Why an experiment of which this is told has to end by itself; None where it may go on."""
    if told.get("sample_ratio", 1.0) < figures.UNLIKELY:
        return StopReason.SAMPLE_RATIO
    if told.get("verdict") == Team.A:
        return StopReason.HARM
    return StopReason.GUARDRAIL if told.get("breached") else None


def _too_few() -> dict[str, Any]:
    return {"too_few": True}


def _interleaved(experiment: Experiment, at: datetime, since: Mapping[str, str]) -> dict[str, Any]:
    told = sessions.sessions_told(experiment, at=at)
    people = len({session.user for session in told})
    if people < policies.SMALLEST_AGGREGATE:
        return _too_few()
    effort = sessions.effort(experiment, at=at)
    compared, evidence = figures.interleaved(
        told, alpha=ALPHA, least=policies.SMALLEST_AGGREGATE, since=since
    )
    compared += figures.efforts(effort)
    return {
        "too_few": False, "people": people, "sessions": len(told), "evidence": evidence,
        "verdict": _verdict(compared, figures.CREDITS), "figures": [figure.record() for figure in compared],
        "breached": figures.breached(compared, effort, skips=figures.SKIPS),
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
        "verdict": _verdict(compared, PRIMARY),
        "figures": [figure.record() for figure in compared],
        "breached": figures.breached(compared, effort, skips="skips a day"),
    }  # fmt: skip


def _ratio(a: int, b: int) -> dict[str, float]:
    """Only of as many people as may be counted."""
    return {"sample_ratio": figures.sample_ratio(a, b)} if a + b >= policies.SMALLEST_AGGREGATE else {}


def _verdict(compared: Sequence[Figure], name: str) -> str | None:
    """The arm that does better beyond doubt, by the figure of this name."""
    figure = next((figure for figure in compared if figure.name == name), None)
    if figure is None:
        return None
    if figure.low is not None and figure.low > 0:
        return Team.B.value
    return Team.A.value if figure.high is not None and figure.high < 0 else None
