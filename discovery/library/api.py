"""Music servers that the viewer connects, as the GraphQL schema shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import strawberry
import strawberry_django
from django.db.models import Count
from strawberry import auto, relay

from accounts.api.context import Info, ShownRows, ViewerPart, mutation, opened, shown
from accounts.api.repeats import Again, row_again
from accounts.presentation import rows_shown
from discovery.library.accounts import library_connect, library_disconnect, library_refresh
from discovery.library.playlists import playlist_send
from discovery.library.subsonic import WORDS
from discovery.library.tries import library_tried
from discovery.platform.error_codes import ErrorCode, code_of
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import node_id
from graph import models

LibraryState = strawberry.enum(
    models.LibraryAccount.State,
    name="LibraryState",
    description="How far the reading of a library is. FAILED: `error` says why; what was read before is there still.",
)


@strawberry_django.type(
    models.LibraryAccount,
    name="Library",
    description="A music server that the viewer connected. The password is shown to nobody.",
)
class Library(ShownRows, relay.Node):
    name: auto
    url: auto
    username: auto
    state: LibraryState  # type: ignore[valid-type]
    read_at: auto = strawberry_django.field(
        description="When it was read last; null where it was not yet, or in a private session."
    )

    @strawberry_django.field(annotate={"song_count": Count("songs")}, description="How many songs it holds.")
    def songs(self, root: strawberry.Parent[models.LibraryAccount]) -> int:
        count: int | None = getattr(root, "song_count", None)
        return root.songs.count() if count is None else count

    @strawberry_django.field(only=["error"], description="Why reading it failed, for programs.")
    def error(self, root: strawberry.Parent[models.LibraryAccount]) -> ErrorCode | None:
        return code_of(root.error) if root.error else None

    @strawberry_django.field(only=["error"], description="Why reading it failed, for people.")
    def message(self, root: strawberry.Parent[models.LibraryAccount]) -> str | None:
        return str(WORDS.get(root.error, root.error)) if root.error else None


@strawberry.type(description="A library that is connected no more.")
class DisconnectedLibrary:
    library_id: strawberry.ID


@strawberry.type(description="What a music server has now of a playlist.")
class SentPlaylist:
    sent: int = strawberry.field(description="Entries that it has.")
    missing: int = strawberry.field(
        description="Entries that the library does not hold, and that are left out."
    )


LibraryPayload = Annotated[Library | OperationInfo, strawberry.union("LibraryPayload")]
DisconnectLibraryPayload = Annotated[
    DisconnectedLibrary | OperationInfo, strawberry.union("DisconnectLibraryPayload")
]
SendPlaylistPayload = Annotated[SentPlaylist | OperationInfo, strawberry.union("SendPlaylistPayload")]


def _figures(answer: SentPlaylist) -> dict[str, int]:
    return {"sent": answer.sent, "missing": answer.missing}


@strawberry.type
class Viewer(ViewerPart):
    @strawberry_django.field(description="Music servers that the viewer connected.")
    def libraries(self, info: Info) -> list[Library]:
        rows = models.LibraryAccount.objects.filter(user=self.user).order_by("pk")
        return list(opened(rows_shown(self.user, rows), info))  # type: ignore[arg-type]  # strawberry-django types are their models


@strawberry.type
class Mutation:
    @mutation(
        again=replace(row_again("Library"), secret=("password",)),
        description="Connect a music server that speaks (Open)Subsonic, such as Navidrome, gonic or supysonic. The password is kept "
        "encrypted and leaves this installation for that server alone. What it holds is read in the background, and nobody but you learns of it. LIMIT_EXCEEDED after ten tries in a quarter of an hour.",
    )
    def connect_library(self, info: Info, url: str, username: str, password: str) -> LibraryPayload:
        user, request = info.context.signed_in, info.context.request
        with library_tried(request=request, user=user, url=url, username=username):
            account = library_connect(user=user, url=url, username=username, password=password)
        return shown(account, info)  # type: ignore[return-value]  # strawberry-django types are their models

    @mutation(description="Forget a music server: the password, and what it holds.")
    def disconnect_library(self, info: Info, id: strawberry.ID) -> DisconnectLibraryPayload:  # noqa: A002
        library_disconnect(user=info.context.signed_in, library_id=node_id(id, "Library", field="id"))
        return DisconnectedLibrary(library_id=id)

    @mutation(description="Have a library read again now; the clock does so daily.")
    def refresh_library(self, info: Info, id: strawberry.ID) -> LibraryPayload:  # noqa: A002
        account = library_refresh(user=info.context.signed_in, library_id=node_id(id, "Library", field="id"))
        return shown(account, info)  # type: ignore[return-value]

    @mutation(
        again=Again(lambda _info, kept, **_arguments: SentPlaylist(**kept), kept=_figures),
        description="Hand a playlist to a music server: those of its entries that the library holds. One of the same name there is made anew.",
    )
    def send_playlist(
        self, info: Info, playlist_id: strawberry.ID, library_id: strawberry.ID
    ) -> SendPlaylistPayload:
        told = playlist_send(
            user=info.context.signed_in,
            playlist_id=node_id(playlist_id, "Playlist", field="playlistId"),
            library_id=node_id(library_id, "Library", field="libraryId"),
        )
        return SentPlaylist(sent=told.sent, missing=told.missing)
