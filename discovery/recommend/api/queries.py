"""The discovery fields of the root and of the viewer."""

from __future__ import annotations

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, ViewerPart
from accounts.models import PersonalizationLevel
from accounts.presentation import Ref
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.cursors import EVERYBODY
from discovery.platform.graphql.node import node_ref
from discovery.platform.graphql.pagination import DEFAULT_PAGE, Before, page_size
from discovery.platform.names import digest, prose_clean
from discovery.recommend import feed, suggestions
from discovery.recommend.api.types import FriendSuggestionConnection, RecommendationConnection
from discovery.recommend.prompt import MOST_LETTERS, MOST_SEEDS
from discovery.segments.kinds import Defaults
from discovery.segments.services import defaults_for
from graph.models import ItemKind

SEEDS = ("Track", "Artist", "Tag")


def _seeds(ids: list[strawberry.ID]) -> list[Ref]:
    if len(ids) > MOST_SEEDS:
        raise InvalidInput(_("There may be at most %(most)d seeds.") % {"most": MOST_SEEDS}, field="seeds")
    return [Ref(*node_ref(value, *SEEDS, field="seeds")) for value in ids]


def _words(text: str) -> str:
    return prose_clean(text, field="words", length=MOST_LETTERS)


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
        size, before = page_size(first), Before.read(after, viewer=EVERYBODY, of=f"popular {kind}")
        answer = feed.popular(info.context.viewer, kind, shown=before.ids, count=size)
        return RecommendationConnection.of(answer, before)


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
        seeds: list[strawberry.ID] | None = None,
        words: str | None = None,
    ) -> RecommendationConnection:
        size = page_size(first)
        begun, said = _seeds(seeds or []), _words(words or "")
        asked = digest(said, *map(str, begun)) if said or begun else ""
        before = Before.read(after, viewer=self.user.pk, of=f"discover {kind} {asked}".rstrip())
        if variety is not None and not 0 <= variety <= 1:
            raise InvalidInput(_("variety is a number from 0 to 1"), field="variety")
        usual = Defaults(variety=variety) if variety is not None else defaults_for(self.user, level)
        answer = feed.for_you(
            self.user, kind,
            shown=before.ids, count=size, level=level, variety=variety, usual=usual.variety,
            seeds=begun, words=said,
        )  # fmt: skip
        return RecommendationConnection.of(answer, before, usual=usual)

    @strawberry.field(description="What consenting friends play and the viewer does not know yet.")
    def from_friends(
        self, kind: ItemKind = ItemKind.TRACK, first: int | None = DEFAULT_PAGE, after: str | None = None
    ) -> RecommendationConnection:
        size, before = page_size(first), Before.read(after, viewer=self.user.pk, of=f"fromFriends {kind}")
        answer = feed.from_friends(self.user, kind, shown=before.ids, count=size)
        return RecommendationConnection.of(answer, before)

    @strawberry.field(description="People the viewer may know, among those who can be found.")
    def friend_suggestions(
        self, first: int | None = DEFAULT_PAGE, after: str | None = None
    ) -> FriendSuggestionConnection:
        size, before = page_size(first), Before.read(after, viewer=self.user.pk, of="friendSuggestions")
        return FriendSuggestionConnection.of(
            suggestions.suggest(self.user, shown=before.ids, count=size), before
        )
