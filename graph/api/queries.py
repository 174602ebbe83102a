"""What people can read of music and of their own listening."""

import strawberry
from django.db.models import QuerySet

from accounts.api.context import Info, ViewerPart, connection, opened
from accounts.presentation import Presented, rows_shown
from discovery.platform.graphql.cursors import position_opened, position_sealed, viewer_of
from discovery.platform.graphql.pagination import page_info, page_size
from graph import models, selectors
from graph.api.types import (
    FeedbackConnection,
    ItemConnection,
    ItemEdge,
    ListenConnection,
    ModelVersion,
    PlaylistConnection,
)
from graph.models import ItemKind


@strawberry.type
class Viewer(ViewerPart):
    """The part of ``Viewer`` that is about listening."""

    @connection(ListenConnection, description="The viewer's plays, latest first.")
    def listens(self) -> Presented[QuerySet[models.Listen]]:
        return rows_shown(self.user, selectors.listen_list(owner=self.user))

    @connection(
        FeedbackConnection, description="What the viewer said of music, latest first; see `clearFeedback`."
    )
    def feedback(self) -> Presented[QuerySet[models.Feedback]]:
        return rows_shown(self.user, selectors.feedback_list(owner=self.user))

    @connection(
        PlaylistConnection,
        moving=True,
        description="The viewer's playlists and those friends share with them, latest touched first.",
    )
    def playlists(self) -> Presented[QuerySet[models.Playlist]]:
        return rows_shown(self.user, selectors.playlist_list())


@strawberry.type
class Query:
    @strawberry.field(
        description="Items by name, whatever its case and accents; the best hits first; and tags by their word."
    )
    def search(
        self,
        info: Info,
        text: str,
        kind: ItemKind | None = None,
        first: int | None = 20,
        after: str | None = None,
    ) -> ItemConnection:
        size, viewer = page_size(first), viewer_of(info)
        of = f"search {kind} {selectors.search_key(text)}"
        behind = None
        if after is not None:
            behind = selectors.Hit.read(position_opened(after, viewer=viewer, of=of))
        found = opened(
            selectors.search(viewer=info.context.viewer, text=text, kind=kind, behind=behind, count=size),
            info,
        )
        edges = [
            ItemEdge(node=item, cursor=position_sealed(hit, viewer=viewer, of=of))  # type: ignore[arg-type]  # strawberry-django types are their models
            for hit, item in found.items
        ]
        end = position_sealed(found.last, viewer=viewer, of=of) if found.last else None
        return ItemConnection(
            text=text,
            edges=edges,
            page_info=page_info(edges, has_previous=after is not None, has_next=found.has_next, end=end),
        )

    @strawberry.field(description="The recommender that answers now; null before the first was trained.")
    def active_model(self) -> ModelVersion | None:
        return selectors.model_version_active()  # type: ignore[return-value]
