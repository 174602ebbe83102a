"""What people can read of music and of their own listening."""

import strawberry
from django.db.models import QuerySet

from accounts.api.context import Info, ViewerPart, connection, opened
from accounts.presentation import Presented, rows_shown
from discovery.platform.graphql.pagination import cursor, page, page_info
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
        description="The viewer's playlists and those friends share with them, latest touched first.",
    )
    def playlists(self) -> Presented[QuerySet[models.Playlist]]:
        return rows_shown(self.user, selectors.playlist_list())


@strawberry.type
class Query:
    @strawberry.field(description="Items by name, whatever its case and accents; the best hits first.")
    def search(
        self,
        info: Info,
        text: str,
        kind: ItemKind | None = None,
        first: int | None = 20,
        after: str | None = None,
    ) -> ItemConnection:
        wanted = page(first, after)
        hits = opened(
            selectors.search(
                viewer=info.context.viewer, text=text, kind=kind, start=wanted.start, count=wanted.size + 1
            ),
            info,
        )
        edges = [
            ItemEdge(node=item, cursor=cursor(wanted.start + place))  # type: ignore[arg-type]  # strawberry-django types are their models
            for place, item in enumerate(hits[: wanted.size])
        ]
        return ItemConnection(
            edges=edges,
            page_info=page_info(edges, start=wanted.start, has_next=len(hits) > wanted.size),
        )

    @strawberry.field(description="The recommender that answers now; null before the first was trained.")
    def active_model(self) -> ModelVersion | None:
        return selectors.model_version_active()  # type: ignore[return-value]
