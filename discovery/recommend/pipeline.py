"""permit → score → select → cite → disclose → present: the way of everything that is recommended.

A surface brings its *selection* alone, which ranks items of the index by evidence that is permitted already. What
comes out is presented: told to whoever shaped it, and cut down to what the viewer may see at that moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import PersonalizationLevel, Purpose, User
from accounts.presentation import Draft, Presented, Ref, name_of, present, present_nothing
from discovery.platform.meters import DEGRADED
from discovery.recommend import explain
from discovery.recommend.comparing import Select, own_note, pair_note
from discovery.recommend.disclosure import ranking_disclosures
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.occasion import MomentWord
from discovery.recommend.ranking import Ranking
from discovery.recommend.serving import DegradedReason, index_for, serving_for
from discovery.recommend.trial import may_be_measured
from discovery.recommend.wording import Wording
from graph.models import Artist, ModelVersion, Track
from graph.selectors import item_ref
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex


@dataclass(frozen=True)
class Reason:
    """`explain.Cited` with its words and the things it cites."""

    cited: explain.Cited
    text: str
    evidence: tuple[Artist | Track | User, ...]
    action_label: str = ""  # empty where there is no action


@dataclass(frozen=True)
class Recommendation:
    item: Artist | Track
    score: float
    reasons: tuple[Reason, ...]
    remainder: float


@dataclass(frozen=True)
class Feed:
    """A page of a ranking. ``ranked``: keys of its items, also of those that went out of sight meanwhile."""

    items: Sequence[Recommendation]
    ranked: Sequence[int]
    has_next: bool
    level: PersonalizationLevel
    model_version: ModelVersion | None
    degraded: DegradedReason | None
    not_used: tuple[Purpose, ...]
    used: tuple[Purpose, ...] = ()
    variety: float = 0.0  # it was made with
    not_understood: tuple[str, ...] = ()  # words that mean nothing here


def recommend(
    viewer: User | None,
    permitted: PermittedEvidence,
    select: Select,
    *,
    personal: bool,
    variety: float = 0.0,
    tried: bool = False,
    without: Callable[[PermittedEvidence], Ranking] | None = None,
    empty: DegradedReason | None = None,
    not_understood: tuple[str, ...] = (),
) -> Presented[Feed]:
    """What ``select`` ranks for ``viewer``, or ``without`` any model.

    ``personal``: whether evidence was to be expected; ``variety``: what ``select`` ranks with, to be told; ``tried``: whether a model that is tried may answer, as in what is
    one person's alone; ``empty``: what it means where nothing is found; ``not_understood``: to be told.
    """
    kind, level, alone = permitted.kind, permitted.use.level, viewer if tried else None
    serving = index_for(kind) if alone is None else serving_for(alone, kind, level)
    feed = Feed(
        items=(), ranked=(), has_next=False, level=level,
        model_version=serving.version, degraded=serving.degraded, not_used=permitted.use.not_used,
        variety=variety, not_understood=not_understood,
    )  # fmt: skip
    if serving.index is not None:
        begun = time.thread_time()
        ranked = select(serving.index, permitted)
        if serving.pair is not None:
            pair_note(serving.pair, permitted, select, ranked, time.thread_time() - begun)
        elif alone is not None and may_be_measured(alone, level):
            own_note(serving.version, serving.index, ranked)
        feed = replace(feed, degraded=_shortfall(serving.index, ranked, personal=personal, empty=empty))
    if feed.degraded is not None:
        DEGRADED.labels(feed.degraded.value).inc()
    if serving.index is None:
        if without is None:
            return present_nothing(viewer, feed)
        ranked = without(permitted)
    feed = replace(feed, ranked=ranked.ids.tolist(), has_next=ranked.has_next)
    return present(viewer, feed_draft(feed, ranked, actions=viewer is not None))


def _shortfall(
    index: ItemIndex, ranked: Ranking, *, personal: bool, empty: DegradedReason | None
) -> DegradedReason | None:
    if personal and not len(ranked.evidence):
        return DegradedReason.NO_EVIDENCE
    if not len(ranked.ids):
        return empty
    return None if index.learned.any() else DegradedReason.CATALOG_ONLY


def feed_draft(feed: Feed, ranked: Ranking, *, actions: bool = True) -> Draft[Feed]:
    """``feed`` with what was ranked, the largest terms of each score as its reasons; ``actions``: what to do about them."""
    explained = explain.explain(ranked)
    items = [item_ref(ranked.evidence.kind, explanation.item_id) for explanation in explained]
    refs = {ref for explanation in explained for cited in explanation.reasons for ref in cited.evidence}
    refs.update(items)

    used = _used(ranked.evidence)

    def shown(nodes: Mapping[Ref, Any]) -> Feed:
        words = Wording({ref: name_of(node) for ref, node in nodes.items()})
        recommended = [
            _worded(explanation, nodes[item], nodes, words, actions=actions)
            for explanation, item in zip(explained, items, strict=True)
            if item in nodes
        ]
        return replace(feed, items=recommended, used=used)

    return Draft(refs, shown, ranking_disclosures(ranked, explained))


def _used(evidence: PermittedEvidence) -> tuple[Purpose, ...]:
    """On whose word the evidence that entered was there: the viewer's own plays and words, friends' plays, and the moment."""
    there = set(evidence.channel.tolist())
    own = (Purpose.SELF,) if evidence.use.own and there & {Channel.OWN, Channel.NEGATIVE} else ()
    friends = (Purpose.SOCIAL_IN,) if Channel.FRIEND in there else ()
    return (
        *own,
        *friends,
        *dict.fromkeys(word.purpose for word in evidence.words if isinstance(word, MomentWord)),
    )


def _worded(
    explanation: explain.Explanation,
    item: Artist | Track,
    nodes: Mapping[Ref, Any],
    words: Wording,
    *,
    actions: bool,
) -> Recommendation:
    # What stopped being visible while we were ranking is no reason any more.
    kept = [cited for cited in explanation.reasons if all(ref in nodes for ref in cited.evidence)]
    reasons = tuple(
        Reason(
            cited, words.reason(cited),
            tuple(nodes[ref] for ref in cited.evidence if ref.kind != "Tag"),  # a word stands in the text
            words.action(cited) if actions and cited.action else "",
        )
        for cited in kept
    )  # fmt: skip
    remainder = explanation.score - sum(cited.contribution for cited in kept)
    return Recommendation(item, explanation.score, reasons, remainder)
