"""The discovery fields of the root and of the viewer."""

from __future__ import annotations

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, ViewerPart
from accounts.models import PersonalizationLevel
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.pagination import DEFAULT_PAGE, page
from discovery.recommend import feed, suggestions
from discovery.recommend.api.types import FriendSuggestionConnection, RecommendationConnection
from graph.models import ItemKind


@strawberry.type
class Query:
    @strawberry.field(description="What most listeners here play; the same for everyone.")
    def popular(
        self,
        info: Info,
        kind: ItemKind = ItemKind.TRACK,
        first: int | None = DEFAULT_PAGE,
        after: str | None = None,
    ) -> RecommendationConnection:
        wanted = page(first, after)
        viewer = info.context.viewer
        return RecommendationConnection.of(feed.popular(viewer, kind, start=wanted.start, count=wanted.size))


@strawberry.type
class Viewer(ViewerPart):
    @strawberry.field(description="What the viewer does not know yet, ranked by what they permit.")
    def discover(
        self,
        kind: ItemKind = ItemKind.TRACK,
        first: int | None = DEFAULT_PAGE,
        after: str | None = None,
        level: PersonalizationLevel | None = None,
        variety: float | None = None,
    ) -> RecommendationConnection:
        wanted = page(first, after)
        chosen = variety or 0.0
        if not 0 <= chosen <= 1:
            raise InvalidInput(_("variety is a number from 0 to 1"), field="variety")
        answer = feed.for_you(
            self.user, kind,
            start=wanted.start, count=wanted.size, level=level, variety=chosen,
        )  # fmt: skip
        return RecommendationConnection.of(answer, variety=chosen)

    @strawberry.field(description="What consenting friends play and the viewer does not know yet.")
    def from_friends(
        self, kind: ItemKind = ItemKind.TRACK, first: int | None = DEFAULT_PAGE, after: str | None = None
    ) -> RecommendationConnection:
        wanted = page(first, after)
        return RecommendationConnection.of(
            feed.from_friends(self.user, kind, start=wanted.start, count=wanted.size)
        )

    @strawberry.field(description="People the viewer may know, among those who can be found.")
    def friend_suggestions(
        self, first: int | None = DEFAULT_PAGE, after: str | None = None
    ) -> FriendSuggestionConnection:
        wanted = page(first, after)
        return FriendSuggestionConnection.of(
            suggestions.suggest(self.user, start=wanted.start, count=wanted.size)
        )
