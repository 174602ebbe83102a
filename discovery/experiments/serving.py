"""How ``for_you`` is ranked for somebody in an experiment, and what is noted of it.

Nobody is in one who has not granted EXPERIMENT and RECORD, in a private session, or whose answer is at OFF.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from accounts.models import PersonalizationLevel, User
from discovery.experiments.arms import Arm
from discovery.experiments.draft import BOTH, A, B, arm_of, coins, team_draft
from discovery.experiments.exposures import Shown, exposure_note
from discovery.experiments.selectors import experiment_running, is_in_experiments
from discovery.models import Experiment, ExperimentKind
from discovery.platform import clock
from discovery.recommend import held
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.pipeline import Feed
from discovery.recommend.ranking import DEEPEST, Ranking
from discovery.recommend.variants import Variant
from graph.models import ItemKind
from graph.serving.index import ItemIndex


def offer(viewer: User, kind: ItemKind, permitted: PermittedEvidence) -> Variant | None:
    """What ``viewer`` is shown in the experiment that runs; None where none does, or they are not in it."""
    if permitted.use.level == PersonalizationLevel.OFF:
        return None
    experiment = experiment_running()
    if experiment is None or not is_in_experiments(viewer):
        return None
    arms = Arm.of(experiment.arm_a), Arm.of(experiment.arm_b)
    if experiment.kind == ExperimentKind.AB:
        return _Assigned(viewer, kind, experiment, arms)
    return _Interleaved(viewer, kind, experiment, arms)


class _Measured:
    """What both kinds have in common: ranking by an arm, with the time it takes."""

    def __init__(self, viewer: User, kind: ItemKind, experiment: Experiment, arms: tuple[Arm, Arm]) -> None:
        self.viewer, self.kind, self.experiment, self.arms = viewer, kind, experiment, arms
        self.now = clock.now()
        self.seconds, self.degraded = [0.0, 0.0], [0, 0]

    def ranked(
        self,
        team: int,
        index: ItemIndex,
        evidence: PermittedEvidence,
        *,
        shown: Collection[int],
        count: int,
        variety: float | None,
        usual: float,
    ) -> Ranking:
        began, arm = time.perf_counter(), self.arms[team]
        ranking = held.rank_with_held(
            arm.index(index), evidence, shown=shown, count=count,
            variety=arm.variety_of(usual) if variety is None else variety, spoken_of=True,
        )  # fmt: skip
        self.seconds[team] = time.perf_counter() - began
        self.degraded[team] = int(not len(ranking.ids) and not shown)
        return ranking

    def noted(self, answer: Feed, team: int | None, teams: dict[int, int]) -> None:
        items = {item.item.pk: teams[item.item.pk] for item in answer.items if item.item.pk in teams}
        shown = Shown(self.kind, team, items, tuple(self.seconds), tuple(self.degraded))
        exposure_note(user=self.viewer, experiment=self.experiment, shown=shown, at=self.now)


class _Assigned(_Measured):
    """One arm throughout."""

    def __init__(self, viewer: User, kind: ItemKind, experiment: Experiment, arms: tuple[Arm, Arm]) -> None:
        super().__init__(viewer, kind, experiment, arms)
        self.team = arm_of(experiment.salt, viewer.pk)

    def select(
        self,
        index: ItemIndex,
        evidence: PermittedEvidence,
        *,
        shown: Collection[int],
        count: int,
        variety: float | None,
        usual: float,
    ) -> Ranking:
        return self.ranked(self.team, index, evidence, shown=shown, count=count, variety=variety, usual=usual)

    def variety(self, usual: float) -> float:
        return self.arms[self.team].variety_of(usual)

    def note(self, answer: Feed) -> None:
        self.noted(answer, self.team, {})


class _Interleaved(_Measured):
    """Both arms in one list, item by item."""

    teams: dict[int, int]

    def select(
        self,
        index: ItemIndex,
        evidence: PermittedEvidence,
        *,
        shown: Collection[int],
        count: int,
        variety: float | None,
        usual: float,
    ) -> Ranking:
        count = max(0, min(count, DEEPEST - len(shown)))
        limit = min(len(shown) + count + 1, DEEPEST)
        rankings = [
            self.ranked(team, index, evidence, shown=(), count=limit, variety=variety, usual=usual)
            for team in (A, B)
        ]
        first, second = (ranking.ids.tolist() for ranking in rankings)
        day = self.now.date().isoformat()
        coin = coins(self.experiment.salt, self.viewer.pk, day, self.kind.value)
        passed = frozenset(shown)
        drafted = [pick for pick in team_draft(first, second, coin, limit) if pick[0] not in passed]
        self.teams = {item: team for item, team in drafted[:count] if team != BOTH}
        more = len(drafted) > count and len(shown) + count < DEEPEST
        return _joined(rankings, drafted[:count], more=more)

    def variety(self, usual: float) -> float:
        """Of the items of arm A; what the other half is made with stands in `Viewer.experiments`."""
        return self.arms[A].variety_of(usual)

    def note(self, answer: Feed) -> None:
        self.noted(answer, None, getattr(self, "teams", {}))


def _joined(rankings: Sequence[Ranking], drafted: Sequence[tuple[int, int]], *, more: bool) -> Ranking:
    """The items of both rankings that were drafted, each with the terms of the arm that brought it.

    Both rankings are of the same entries of evidence: arms weigh what one model knows.
    """
    places = [{item: place for place, item in enumerate(ranking.ids.tolist())} for ranking in rankings]
    brought = [team if team != BOTH else int(item not in places[A]) for item, team in drafted]
    # Both one behind the other, and of that what was drafted.
    chosen = np.array(
        [
            places[team][item] + team * len(places[A])
            for (item, _), team in zip(drafted, brought, strict=True)
        ],
        np.int64,
    )
    return replace(
        rankings[A],
        has_next=more,
        rows=np.concatenate([ranking.rows for ranking in rankings])[chosen],
        ids=np.concatenate([ranking.ids for ranking in rankings])[chosen],
        prior=np.concatenate([ranking.prior for ranking in rankings])[chosen],
        contributions=np.concatenate([ranking.contributions for ranking in rankings], axis=1)[:, chosen],
    )
