"""Histories that people hand in, as the GraphQL schema shows them."""

from __future__ import annotations

from typing import Annotated

import strawberry
import strawberry_django
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from strawberry import auto, relay

from accounts.api.context import Info, ShownRows, ViewerPart, connection, mutation, shown
from accounts.api.repeats import row_again
from accounts.presentation import Presented, rows_shown
from discovery.platform.error_codes import ErrorCode, code_of
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import node_id
from discovery.platform.graphql.pagination import Rows, page_info, page_size, row_cursors, rows_behind
from graph import models, selectors
from graph.formats.recognize import FileFormat
from graph.ingest.incoming import Outcome
from graph.services.history import history_request, history_undo
from graph.services.uploads import upload_get

ImportState = strawberry.enum(
    models.History.State,
    name="ImportState",
    description="How far an import is. UNDONE: what it brought is gone.",
)
strawberry.enum(Outcome, name="ImportOutcome", description="What became of a row.")
strawberry.enum(FileFormat, name="ImportFormat", description="What is read, told apart by what is in a file.")

# By code: what is said of a row, or of a whole import.
WORDS: dict[str, Promise] = {
    "NOT_A_ROW": gettext_lazy("This is not what stands in such a file."),
    "BROKEN": gettext_lazy("This cannot be read."),
    "TRUNCATED": gettext_lazy("The file ends in the middle."),
    "TOO_LARGE": gettext_lazy("This is longer than anything that is read."),
    "TOO_BROKEN": gettext_lazy("So much of this cannot be read that the rest was left alone."),
    "DAMAGED": gettext_lazy("The rest of this file cannot be unpacked."),
    "NO_NAME": gettext_lazy("A play of nothing that has a name."),
    "PODCAST": gettext_lazy("A podcast is no music."),
    "AUDIOBOOK": gettext_lazy("An audiobook is no music."),
    "INCOGNITO": gettext_lazy("This was played in private, there."),
    "PRIVATE_SESSION": gettext_lazy("This was played in a private session."),
    "NOW_PLAYING": gettext_lazy("This was still playing, and has no time yet."),
    "NOT_RECOGNIZED": gettext_lazy("This is none of the formats that are read."),
    "DAMAGED_ARCHIVE": gettext_lazy("This archive is damaged."),
    "ARCHIVE_TOO_LARGE": gettext_lazy("This archive holds more than is unpacked."),
    "NOTHING_SAID": gettext_lazy("A like that was taken back."),
    "UNKNOWN_RECORDING": gettext_lazy("Nothing in this file says what was liked."),
    "SAID_ALREADY": gettext_lazy("You have said what you think of this."),
    "PLAYLIST_THERE": gettext_lazy("You have this playlist already."),
    "INVALID_TIME": gettext_lazy("This cannot be when it was played."),
    "INVALID_EMPTY": gettext_lazy("Title or artist is missing."),
    "INVALID_CHARACTERS": gettext_lazy("There are control characters in it."),
    "INVALID_TOO_LONG": gettext_lazy("A name in it is too long."),
    "INVALID_DURATION": gettext_lazy("Nothing lasts that long."),
    "CONSENT_MISSING": gettext_lazy("Recording of plays is not granted."),
    "DELETED_BEFORE": gettext_lazy("You deleted this play."),
    "GIVEN_UP": gettext_lazy("Reading it failed several times."),
    "NOT_FOUND": gettext_lazy("The file is gone."),
}


@strawberry.type(description="Rows of an import, one behind the other, that were not stored for one reason.")
class ImportRow:
    part: int = strawberry.field(description="Which file of an archive, from 1.")
    first_row: int = strawberry.field(description="From 1; 0 is the whole file.")
    last_row: int
    outcome: Outcome
    code: ErrorCode | None = strawberry.field(description="Why, for programs.")
    message: str | None = strawberry.field(description="Why, for people.")
    field: str | None


@strawberry.type
class ImportRowEdge:
    node: ImportRow
    cursor: str


@strawberry.type
class ImportRowConnection:
    edges: list[ImportRowEdge]
    page_info: relay.PageInfo


@strawberry_django.type(
    models.History,
    name="Import",
    description="A file of the viewer's listening that was handed in, and what became of it.",
)
class Import(ShownRows, relay.Node):
    state: ImportState  # type: ignore[valid-type]
    asked_at: auto
    finished_at: auto
    rows_read: auto
    stored: auto = strawberry_django.field(description="Plays that are new.")
    duplicates: auto
    corrected: auto = strawberry_django.field(description="Plays that were known and are told better.")
    skipped: auto = strawberry_django.field(description="Rows that were understood and rightly not kept.")
    refused: auto = strawberry_django.field(description="Rows that could not be understood.")
    playlists_made: auto
    words_said: auto = strawberry_django.field(description="Likes and dislikes.")

    @strawberry_django.field(only=["format"], description="Null until the file was looked at.")
    def format(self, root: strawberry.Parent[models.History]) -> FileFormat | None:
        return FileFormat(root.format) if root.format else None

    @strawberry_django.field(
        only=["bytes_done", "bytes_total", "state"], description="How far it is, from 0 to 1."
    )
    def progress(self, root: strawberry.Parent[models.History]) -> float:
        if root.state == models.History.State.DONE:
            return 1.0
        return min(1.0, root.bytes_done / root.bytes_total) if root.bytes_total else 0.0

    @strawberry_django.field(only=["error"], description="Why it failed, for programs.")
    def error(self, root: strawberry.Parent[models.History]) -> ErrorCode | None:
        return code_of(root.error) if root.error else None

    @strawberry_django.field(only=["error"], description="Why it failed, for people.")
    def message(self, root: strawberry.Parent[models.History]) -> str | None:
        return _said(root.error)

    @strawberry_django.field(
        only=["pk"], description="What was not stored, kept for 90 days, in the file's order."
    )
    def rows(
        self,
        root: strawberry.Parent[models.History],
        info: Info,
        outcome: Outcome | None = None,
        first: int | None = 20,
        after: str | None = None,
    ) -> ImportRowConnection:
        rows = selectors.history_rows(root, outcome=None if outcome is None else outcome.value)
        size, of = page_size(first), f"rows of {root.pk}"
        found = list(rows_behind(rows, after, info, of=of)[: size + 1])
        cursor = row_cursors(rows, info, of=of)
        edges = [ImportRowEdge(node=_row(row), cursor=cursor(row)) for row in found[:size]]
        more = len(found) > size
        return ImportRowConnection(
            edges=edges, page_info=page_info(edges, has_previous=after is not None, has_next=more)
        )


def _row(row: models.HistoryRow) -> ImportRow:
    return ImportRow(
        part=row.part, first_row=row.first, last_row=row.last, outcome=Outcome(row.outcome),
        code=code_of(row.code) if row.code else None, message=_said(row.code), field=row.field or None,
    )  # fmt: skip


def _said(code: str) -> str | None:
    if not code:
        return None
    return str(WORDS[code]) if code in WORDS else _("This was not taken (%(code)s).") % {"code": code}


ImportConnection = Rows[Import]
ImportPayload = Annotated[Import | OperationInfo, strawberry.union("ImportPayload")]


@strawberry.type
class Viewer(ViewerPart):
    @connection(
        ImportConnection, description="Files of the viewer's listening that were handed in, latest first."
    )
    def imports(self) -> Presented[QuerySet[models.History]]:
        return rows_shown(self.user, selectors.history_list(owner=self.user))


@strawberry.type
class Mutation:
    @mutation(
        again=row_again("Import"),
        description="Have a file read that was handed in at `/imports/`: Spotify, ListenBrainz, Last.fm, Maloja, Rockbox, or a "
        "playlist. What is known already is not stored again.",
    )
    def import_history(self, info: Info, upload: strawberry.ID) -> ImportPayload:
        user = info.context.signed_in
        history = history_request(user=user, upload=upload_get(user=user, upload=upload))
        return shown(history, info)  # type: ignore[return-value]  # strawberry-django types are their models

    @mutation(
        description="Remove what an import brought, and nothing else: a playlist that was changed since stays, and so does "
        "what was liked anew. One that waits is called off."
    )
    def undo_import(self, info: Info, id: strawberry.ID) -> ImportPayload:  # noqa: A002
        history = history_undo(user=info.context.signed_in, history_id=node_id(id, "Import", field="id"))
        return shown(history, info)  # type: ignore[return-value]
