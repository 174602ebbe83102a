"""What people can read of music and of their own listening."""

from collections.abc import Iterable

import strawberry
from strawberry import relay

from accounts.api.context import ViewerPart
from discovery.platform.graphql.pagination import connection, cursor, page
from graph import models, selectors
from graph.api.types import (
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
    def listens(self) -> Iterable[models.Listen]:
        return selectors.listen_list(owner=self.user)

    @connection(
        PlaylistConnection,
        description="The viewer's playlists and those friends share with them, latest touched first.",
    )
    def playlists(self) -> Iterable[models.Playlist]:
        return selectors.playlist_list(viewer=self.user)


@strawberry.type
class Query:
    @strawberry.field(description="Items by name, whatever its case and accents; the best hits first.")
    def search(
        self, text: str, kind: ItemKind | None = None, first: int | None = 20, after: str | None = None
    ) -> ItemConnection:
        wanted = page(first, after)
        hits = selectors.search(text=text, kind=kind, start=wanted.start, count=wanted.size + 1)
        edges = [
            ItemEdge(node=item, cursor=cursor(wanted.start + place))  # type: ignore[arg-type]  # strawberry-django types are their models
            for place, item in enumerate(hits[: wanted.size])
        ]
        return ItemConnection(
            edges=edges,
            page_info=relay.PageInfo(
                has_next_page=len(hits) > wanted.size,
                has_previous_page=wanted.start > 0,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )

    @strawberry.field(description="The recommender that answers now; null before the first was trained.")
    def active_model(self) -> ModelVersion | None:
        return selectors.model_version_active()  # type: ignore[return-value]
