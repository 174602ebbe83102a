"""What discovery answers, as GraphQL types. Built from `discovery.recommend.feed`; no rule lives here."""

from __future__ import annotations

import strawberry
from strawberry import relay

from accounts.api.types import Listener
from accounts.models import PersonalizationLevel, Purpose
from accounts.presentation import Presented
from discovery.platform.graphql.node import global_id
from discovery.platform.graphql.pagination import Before, Shown
from discovery.recommend import pipeline, suggestions
from discovery.recommend.explain import ActionKind, ReasonKind
from discovery.recommend.serving import DegradedReason
from discovery.segments.api import SegmentKind
from discovery.segments.kinds import Defaults
from graph.api.types import Item, ModelVersion

strawberry.enum(ReasonKind)
strawberry.enum(DegradedReason, description="Why an answer is less than it could be.")


strawberry.enum(
    ActionKind,
    name="ReasonActionKind",
    description="The mutation to send: excludeFromTaste(id: target), setConsent(purpose: SOCIAL_IN, granted: false, "
    "friendId: target), setConsent(purpose: purpose, granted: false), setPersonalizationLevel(level: level), "
    "giveFeedback(itemId: target, kind: HIDE).",
)


@strawberry.type(description="The smallest step by which the viewer makes a reason weigh less.")
class ReasonAction:
    kind: ActionKind
    label: str
    purpose: Purpose | None
    target: strawberry.ID | None
    level: PersonalizationLevel | None

    @classmethod
    def of(cls, reason: pipeline.Reason) -> ReasonAction | None:
        action = reason.cited.action
        if action is None or not reason.action_label:
            return None
        target = action.target and strawberry.ID(global_id(*action.target))
        return cls(
            kind=action.kind, label=reason.action_label, purpose=action.purpose, target=target,
            level=action.level,
        )  # fmt: skip


@strawberry.type(description="One part of a score, with the evidence it is the sum of.")
class Reason:
    kind: ReasonKind
    text: str
    contribution: float
    share: float = strawberry.field(description="|contribution| / Σ |all contributions to this score|")
    evidence: list[relay.Node]
    action: ReasonAction | None

    @classmethod
    def of(cls, reason: pipeline.Reason) -> Reason:
        return cls(
            kind=reason.cited.kind, text=reason.text, contribution=reason.cited.contribution,
            share=reason.cited.share, evidence=list(reason.evidence),  # type: ignore[arg-type]
            action=ReasonAction.of(reason),
        )  # fmt: skip


@strawberry.type(description="Σ reasons.contribution + remainder = score.")
class Recommendation:
    item: Item
    score: float
    reasons: list[Reason]
    remainder: float

    @classmethod
    def of(cls, shown: pipeline.Recommendation) -> Recommendation:
        return cls(
            item=shown.item, score=shown.score, remainder=shown.remainder,  # type: ignore[arg-type]
            reasons=[Reason.of(reason) for reason in shown.reasons],
        )  # fmt: skip


@strawberry.type
class RecommendationEdge(Shown):
    node: Recommendation


@strawberry.type(description="A ranking, and what it was and was not made from.")
class RecommendationConnection:
    edges: list[RecommendationEdge]
    page_info: relay.PageInfo
    level: PersonalizationLevel = strawberry.field(description="The level in effect.")
    model_version: ModelVersion | None
    degraded: DegradedReason | None
    not_used: list[Purpose] = strawberry.field(
        description="Purposes that would have counted at this level, were they granted."
    )
    used: list[Purpose] = strawberry.field(
        description="Purposes on whose word something entered this answer; none where nothing personal did."
    )
    not_understood: list[str] = strawberry.field(
        description="Words of the request that mean nothing to this model, and therefore changed nothing."
    )
    variety: float = strawberry.field(
        description="How far distance from the items above counted; 0 is the plain order of scores."
    )
    variety_by: list[SegmentKind] = strawberry.field(
        description="Kinds of listener (`segments`) by which the variety was chosen; none where it was asked for, or is the usual."
    )

    @classmethod
    def of(
        cls,
        presented: Presented[pipeline.Feed],
        before: Before,
        *,
        usual: Defaults | None = None,
    ) -> RecommendationConnection:
        answer = presented.answer
        passed = before.passed(answer.ranked)
        edges = [
            RecommendationEdge(node=Recommendation.of(shown), passed=passed.behind(shown.item.pk))
            for shown in answer.items
        ]
        return cls(
            edges=edges,
            page_info=passed.info([shown.item.pk for shown in answer.items], has_next=answer.has_next),
            level=answer.level, model_version=answer.model_version,  # type: ignore[arg-type]
            degraded=answer.degraded, not_used=list(answer.not_used), used=list(answer.used), variety=answer.variety,
            not_understood=list(answer.not_understood),
            variety_by=list(usual.by) if usual is not None and usual.variety == answer.variety else [],
        )  # fmt: skip


@strawberry.type(description="Someone the viewer may know, and why.")
class FriendSuggestion:
    listener: Listener
    score: float | None = strawberry.field(
        description="Always null: a figure about somebody one does not know would tell of them.",
        deprecation_reason="The order says who is likelier.",
    )
    mutual_friends: int = strawberry.field(description="Friends in common whom both may know of.")
    reason: str

    @classmethod
    def of(cls, shown: suggestions.Suggestion) -> FriendSuggestion:
        return cls(
            listener=shown.person, score=None,  # type: ignore[arg-type]
            mutual_friends=shown.mutual_friends, reason=shown.text,
        )  # fmt: skip


@strawberry.type
class FriendSuggestionEdge(Shown):
    node: FriendSuggestion


@strawberry.type
class FriendSuggestionConnection:
    edges: list[FriendSuggestionEdge]
    page_info: relay.PageInfo
    degraded: DegradedReason | None

    @classmethod
    def of(cls, presented: Presented[suggestions.Suggestions], before: Before) -> FriendSuggestionConnection:
        answer = presented.answer
        passed = before.passed(answer.ranked)
        edges = [
            FriendSuggestionEdge(node=FriendSuggestion.of(shown), passed=passed.behind(shown.person.pk))
            for shown in answer.people
        ]
        info = passed.info([shown.person.pk for shown in answer.people], has_next=answer.has_next)
        return cls(edges=edges, page_info=info, degraded=answer.degraded)
