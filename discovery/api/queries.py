"""The discovery fields of the root and of the viewer."""

from __future__ import annotations

import strawberry

from accounts.api.types import PersonalizationLevel
from discovery import feed, suggestions
from discovery.api.types import FriendSuggestionConnection, RecommendationConnection
from discovery.errors import InvalidInput
from discovery.gql.context import Info, viewer_of
from discovery.gql.pagination import offset_page
from graph.api.types import ItemKind


@strawberry.type
class DiscoveryQuery:
    @strawberry.field(description="What most listeners here play; the same for everyone.")
    def popular(
        self, info: Info, kind: ItemKind = ItemKind.TRACK, first: int = 20, after: str | None = None
    ) -> RecommendationConnection:
        page = offset_page(first, after)
        viewer = viewer_of(info)
        return RecommendationConnection.of(feed.popular(viewer, kind, start=page.start, count=page.count))


@strawberry.type
class DiscoveryViewer:
    @strawberry.field(description="What the viewer does not know yet, ranked by what they permit.")
    def discover(
        self,
        info: Info,
        kind: ItemKind = ItemKind.TRACK,
        first: int = 20,
        after: str | None = None,
        level: PersonalizationLevel | None = None,
        variety: float | None = None,
    ) -> RecommendationConnection:
        page = offset_page(first, after)
        chosen = variety or 0.0
        if not 0 <= chosen <= 1:
            raise InvalidInput("variety is a number from 0 to 1", field="variety")
        answer = feed.for_you(
            viewer_of(info, required=True), kind,
            start=page.start, count=page.count, level=level, variety=chosen,
        )  # fmt: skip
        return RecommendationConnection.of(answer, variety=chosen)

    @strawberry.field(description="What consenting friends play and the viewer does not know yet.")
    def from_friends(
        self, info: Info, kind: ItemKind = ItemKind.TRACK, first: int = 20, after: str | None = None
    ) -> RecommendationConnection:
        page = offset_page(first, after)
        viewer = viewer_of(info, required=True)
        return RecommendationConnection.of(feed.from_friends(viewer, kind, start=page.start, count=page.count))

    @strawberry.field(description="People the viewer may know, among those who can be found.")
    def friend_suggestions(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> FriendSuggestionConnection:
        page = offset_page(first, after)
        viewer = viewer_of(info, required=True)
        return FriendSuggestionConnection.of(suggestions.suggest(viewer, start=page.start, count=page.count))
