"""A plan carried out for its viewer: a pool by the sum → what the plan rules out → choice → order → the sum's reasons.

Enters: a viewer, a plan and what its names mean. Leaves: `Made`, presented: friends whose plays entered were told, and
what the viewer may not see any more has dropped out. Nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from accounts.models import PersonalizationLevel, User
from accounts.presentation import Draft, Presented, present, present_nothing
from discovery.plans import facts as known_of
from discovery.plans.choose import APART, DEFAULT_TRACKS, TOLERANCE, UNKNOWN_SECONDS, Chosen, choose
from discovery.plans.evidence import Asked, entry_keys, evidence_of
from discovery.plans.flow import in_order
from discovery.plans.lists import mood_of
from discovery.plans.names import Meant
from discovery.plans.plan import MOST_TRACKS, PlaylistPlan
from discovery.plans.pool import Pool, pool_among, pool_of
from discovery.plans.shortfalls import Shortfall, ShortfallCode
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.pipeline import Feed, Recommendation, feed_draft
from discovery.recommend.ranking import VARIED, Ranking, spread
from discovery.recommend.serving import Serving, index_for
from graph.arrays import Doubles, Mask, Rows
from graph.models import ItemKind
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex

POOL, DEEPER = 500, 1_000  # tracks that are looked at; the second only where the first do not do
USUAL = 0.2  # variety where none is asked for
FITTING = 0.3  # of what the words add to the track that they speak for most
FEW = 0.5  # a share: of fewer tracks the energy is known than it takes to order them by it


@dataclass(frozen=True)
class SaidShare:
    """What one word of the plan adds to one track; ``share`` as a reason has it."""

    word: str
    contribution: float
    share: float


@dataclass(frozen=True)
class Planned:
    """One track with its score and reasons, and what each word had to do with it."""

    recommendation: Recommendation
    words: tuple[SaidShare, ...]
    seconds: float | None  # None where nobody knows it


@dataclass(frozen=True)
class Made:
    """What a plan comes to at this moment."""

    feed: Feed
    items: Sequence[Planned] = ()
    count: int = 0  # of all that was chosen
    seconds: float = 0.0
    estimated: bool = False  # lengths that nobody knows are in it
    shortfalls: tuple[Shortfall, ...] = ()


def plan_made(viewer: User, plan: PlaylistPlan, meant: Meant, *, first: int = MOST_TRACKS) -> Presented[Made]:
    """What ``plan`` would choose for ``viewer`` now, in order; only the ``first`` tracks are told and explained."""
    asked, serving = evidence_of(viewer, plan, meant), index_for(ItemKind.TRACK)
    made, index = _nothing_yet(asked, serving), index_in_full(serving)
    if asked.level == PersonalizationLevel.OFF:
        return present_nothing(viewer, _short(made, Shortfall(ShortfallCode.LEVEL_OFF)))
    pool = pool_of(index, _open_to(asked.evidence, plan), POOL)
    if pool is None:
        return present_nothing(viewer, _short(made, Shortfall(ShortfallCode.NO_MODEL)))
    choice = _Choice(viewer, plan, meant, asked, pool)
    if choice.falls_short and pool.full:
        deeper = pool_of(index, _open_to(asked.evidence, plan), DEEPER)
        choice = choice if deeper is None else _Choice(viewer, plan, meant, asked, deeper)
    ordered, seconds, shortfalls = choice.carried_out()
    made = replace(
        made, count=len(ordered), seconds=choice.chosen.seconds, shortfalls=shortfalls,
        estimated=bool(np.isnan(seconds).any()),
    )  # fmt: skip
    ranking = choice.pool.ranking(ordered[:first])
    return present(viewer, _draft(made, ranking, asked, seconds[:first].tolist()))


def plan_explained(viewer: User, plan: PlaylistPlan, meant: Meant, tracks: Sequence[int]) -> Presented[Made]:
    """Why ``tracks`` would be chosen by ``plan`` now, in their order: by what is permitted now, whoever was heard then."""
    asked, serving = evidence_of(viewer, plan, meant), index_for(ItemKind.TRACK)
    made, index = _nothing_yet(asked, serving), index_in_full(serving)
    if asked.level == PersonalizationLevel.OFF or index is None:
        return present_nothing(viewer, made)
    pool = pool_among(index, asked.evidence, tracks)
    ranking = pool.ranking(np.arange(len(pool.ids)))
    return present(viewer, _draft(made, ranking, asked, [None] * len(pool.ids)))


def index_in_full(serving: Serving) -> ItemIndex | None:
    """What a plan is scored with: a word struck out takes away what it added, and moves nothing else."""
    return None if serving.index is None else serving.index.in_full(Channel.PICK, Channel.PROMPT_TAG)


def _nothing_yet(asked: Asked, serving: Serving) -> Made:
    use = asked.evidence.use
    return Made(
        Feed(
            items=(), ranked=(), has_next=False, level=use.level, model_version=serving.version,
            degraded=serving.degraded, not_used=use.not_used,
        )
    )  # fmt: skip


def _short(made: Made, shortfall: Shortfall) -> Made:
    return replace(made, shortfalls=(*made.shortfalls, shortfall))


def _open_to(evidence: PermittedEvidence, plan: PlaylistPlan) -> PermittedEvidence:
    """What may be chosen: all that was not turned away, or of that what was never heard."""
    known = evidence.known if plan.unheard else evidence.turned_away
    return replace(evidence, known=known | evidence.excluded.items)


class _Choice:
    """What a pool gives for a plan."""

    def __init__(self, viewer: User, plan: PlaylistPlan, meant: Meant, asked: Asked, pool: Pool) -> None:
        self.plan, self.meant, self.asked, self.pool = plan, meant, asked, pool
        self.facts = known_of.facts_of(
            viewer, pool.ids,
            library=len(asked.evidence.held) > 0, words=bool(plan.era or meant.without_tags),
        )  # fmt: skip
        words = [asked.said.get(key, "") for key in entry_keys(pool.evidence)]
        self.spoken = [word for word in words if word]
        self.said = pool.added(np.array([bool(word) for word in words], dtype=bool))  # [spoken, p]
        self.undated = 0
        open_ = np.flatnonzero(self._open())
        fits = self._fits()[open_]
        open_ = np.concatenate([self._varied(open_[fits]), self._varied(open_[~fits])])
        self.places = open_  # of the pool, what the words ask for first, and of that the best
        lengths = self.facts.seconds[self.places]
        self.chosen: Chosen = choose(
            np.where(np.isnan(lengths), UNKNOWN_SECONDS, lengths), self.facts.artists[self.places],
            length=plan.length, count=plan.count, most=MOST_TRACKS, fitting=int(fits.sum()),
        )  # fmt: skip

    @property
    def falls_short(self) -> bool:
        return any(self._lacking())

    def carried_out(self) -> tuple[Rows, Doubles, tuple[Shortfall, ...]]:
        """Places in the pool in the order in which they play, how long each track is, and what is lacking."""
        places = self.places[self.chosen.places]
        energy = self.pool.energy[places]
        flow = in_order(self.facts.artists[places], energy, self.facts.tempo[places], self.plan.energy)
        ordered = places[flow.order]
        seconds = self.facts.seconds[ordered]
        shortfalls = [*self._lacking(), *self._aside(seconds, energy, flow.apart)]
        return ordered, seconds, tuple(shortfalls)

    def _open(self) -> Mask:
        """Which of the pool the plan lets in."""
        facts, plan = self.facts, self.plan
        open_ = facts.artists != 0
        away = self.meant.without_artists | self.asked.evidence.excluded.artists
        open_ &= ~known_of.by_any(facts, away)
        if self.meant.without_tags:
            open_ &= ~known_of.called_any(facts, self.meant.without_tags)
        if plan.era is not None:
            self.undated = int((open_ & ~known_of.dated(facts)).sum())
            open_ &= known_of.in_era(facts, plan.era)
        return np.asarray(open_, dtype=bool)

    def _varied(self, open_: Rows) -> Rows:
        """These places, the best first, the first of them apart from one another as the plan wants it."""
        variety = USUAL if self.plan.variety is None else self.plan.variety
        first = open_[:VARIED]
        if variety == 0 or len(first) < 2:
            return open_
        order = spread(self.pool.similarity(first), self.pool.scores[first], variety)
        return np.concatenate([first[order], open_[VARIED:]])

    def _fits(self) -> Mask:
        """To which of the pool [p] the words add enough beside the one to which they add most; all without words."""
        added = self.said.sum(axis=0)
        best = float(added.max(initial=0.0))
        return np.asarray(added >= FITTING * best) if best > 0 else np.ones(len(added), dtype=bool)

    def _lacking(self) -> list[Shortfall]:
        plan, number = self.plan, len(self.chosen.places)
        lacking = []
        if plan.count is not None and number < plan.count:
            lacking.append(Shortfall(ShortfallCode.TOO_FEW, plan.count, number))
        elif not number:
            lacking.append(Shortfall(ShortfallCode.TOO_FEW, DEFAULT_TRACKS, 0))
        if plan.length is not None and abs(self.chosen.seconds - plan.length) > TOLERANCE:
            lacking.append(
                Shortfall(ShortfallCode.LENGTH_NOT_REACHED, plan.length, round(self.chosen.seconds))
            )
        return lacking

    def _aside(self, seconds: Doubles, energy: Doubles, apart: int | None) -> list[Shortfall]:
        plan, told = self.plan, []
        if (unknown := int(np.isnan(seconds).sum())) and plan.length is not None:
            told.append(Shortfall(ShortfallCode.LENGTH_ESTIMATED, None, unknown))
        if apart is not None and apart < APART:
            told.append(Shortfall(ShortfallCode.ARTISTS_CLOSE, APART, apart))
        if self.undated:
            told.append(Shortfall(ShortfallCode.YEARS_UNKNOWN, None, self.undated))
        if plan.unheard and not self.asked.evidence.use.own:
            told.append(Shortfall(ShortfallCode.HEARD_NOT_KNOWN))
        for name, key in zip(plan.friends, self.meant.friends, strict=True):
            if key not in self.asked.heard:
                told.append(Shortfall(ShortfallCode.FRIEND_NOT_HEARD, part=name))
        if plan.energy is not None and len(energy) and float((~np.isnan(energy)).mean()) < FEW:
            told.append(Shortfall(ShortfallCode.ENERGY_UNKNOWN))
        return told + [Shortfall(ShortfallCode.WORD_SILENT, part=word) for word in self._silent()]

    def _silent(self) -> Collection[str]:
        """What of the plan moves no track of the pool."""
        moved = {word for word, terms in zip(self.spoken, self.said, strict=True) if terms.any()}
        felt = self.plan.mood is not None  # a word of mood that says nothing else has moved that
        words = (part for part in self.plan.words if not (felt and mood_of(part.text) is not None))
        parts = (*words, *self.plan.tags, *self.plan.artists)
        return [part.text for part in parts if part.text not in moved]


def _draft(made: Made, ranking: Ranking, asked: Asked, seconds: Sequence[float | None]) -> Draft[Made]:
    """``made`` with what was ranked: the pipeline's draft, and beside each track what the words add to it."""
    feed = replace(made.feed, ranked=ranking.ids.tolist())
    draft = feed_draft(feed, ranking)
    words = dict(zip(ranking.ids.tolist(), _said_shares(ranking, asked), strict=True))
    lengths = dict(zip(ranking.ids.tolist(), seconds, strict=True))

    def shown(nodes: Mapping[Any, Any]) -> Made:
        told = draft.shown(nodes)
        items = [Planned(item, words[item.item.pk], _known(lengths[item.item.pk])) for item in told.items]
        return replace(made, feed=told, items=items)

    return Draft(draft.refs, shown, draft.disclosures)


def _known(seconds: float | None) -> float | None:
    return None if seconds is None or np.isnan(seconds) else seconds


def _said_shares(ranking: Ranking, asked: Asked) -> list[tuple[SaidShare, ...]]:
    """Of each track: what each word adds to it, in the order in which they were said."""
    keys = entry_keys(ranking.evidence)
    entries = [(row, asked.said[key]) for row, key in enumerate(keys) if key in asked.said]
    whole = np.abs(ranking.contributions).sum(axis=0) + np.abs(ranking.prior)
    whole = np.where(whole > 0, whole, 1.0)
    return [
        tuple(
            SaidShare(word, float(ranking.contributions[row, column]), float(abs(ranking.contributions[row, column]) / whole[column]))
            for row, word in entries
        )
        for column in range(len(ranking.ids))
    ]  # fmt: skip
