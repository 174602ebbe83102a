"""What people do with music through the API: record plays, say what they think, keep playlists."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, mutation, shown
from accounts.api.mutations import listener_get
from accounts.api.repeats import Again, row_again
from accounts.presentation import Ref, node_shown
from discovery.platform.error_codes import ErrorCode, code_of
from discovery.platform.errors import InvalidInput, NotFound
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import node_id, node_ref
from graph import models
from graph.api.inputs import ListenInput, PlaylistInput, moment_read, play_read, plays_read
from graph.api.types import Item, Listen, Playlist, PlaylistRole
from graph.ingest.incoming import Outcome
from graph.models import FeedbackKind
from graph.services.deletion import listens_delete
from graph.services.feedback import feedback_clear, feedback_give
from graph.services.listening import listen_correct, listens_record
from graph.services.playlists import (
    playlist_create,
    playlist_delete,
    playlist_entry_add,
    playlist_entry_move,
    playlist_entry_remove,
    playlist_rename,
    playlist_share,
    playlist_unshare,
)


@strawberry.type(description="Why one play of the call was not taken.")
class ListenRefusal:
    index: int = strawberry.field(description="Its place in the input, from 0.")
    code: ErrorCode
    message: str
    field: str | None


@strawberry.type(description="A part of a play that was left out, or mended; the play itself was taken.")
class ListenRemark:
    index: int = strawberry.field(description="The play's place in the input, from 0.")
    code: ErrorCode
    field: str


@strawberry.type(description="What became of the plays: stored, known already, corrected, or refused.")
class RecordedListens:
    stored: int
    duplicates: int = strawberry.field(description="Told before in the same words.")
    corrected: int = strawberry.field(description="Told before by the same source and id, in other words.")
    refusals: list[ListenRefusal]
    dropped: list[ListenRemark]


@strawberry.type(description="What the viewer said of an item.")
class GivenFeedback:
    item: Item
    kind: FeedbackKind
    given_at: datetime
    replaced: FeedbackKind | None = strawberry.field(
        default=None,
        description="The verdict (LIKE, DISLIKE, HIDE) of before that this one took the place of.",
    )


@strawberry.type(description="What the viewer no longer says of an item.")
class ClearedFeedback:
    item: Item
    cleared: list[FeedbackKind]


@strawberry.type(description="How much was deleted.")
class DeletedListens:
    deleted: int = strawberry.field(description="Plays.")
    play_counts: int = strawberry.field(description="Artists whose imported play count went too.")


@strawberry.type(description="A playlist that is no more.")
class DeletedPlaylist:
    playlist_id: strawberry.ID


@strawberry.type(description="Somebody a playlist is not shared with any more.")
class UnsharedPlaylist:
    playlist_id: strawberry.ID
    listener_id: strawberry.ID


RecordListensPayload = Annotated[RecordedListens | OperationInfo, strawberry.union("RecordListensPayload")]
FeedbackPayload = Annotated[
    GivenFeedback | ClearedFeedback | OperationInfo, strawberry.union("FeedbackPayload")
]
ListenPayload = Annotated[Listen | OperationInfo, strawberry.union("ListenPayload")]
DeletedListensPayload = Annotated[DeletedListens | OperationInfo, strawberry.union("DeletedListensPayload")]
PlaylistPayload = Annotated[Playlist | OperationInfo, strawberry.union("PlaylistPayload")]
UnsharePlaylistPayload = Annotated[
    UnsharedPlaylist | OperationInfo, strawberry.union("UnsharePlaylistPayload")
]
DeletePlaylistPayload = Annotated[DeletedPlaylist | OperationInfo, strawberry.union("DeletePlaylistPayload")]


def _figures(recorded: RecordedListens) -> dict[str, Any]:
    """What is kept of an answer to be told again: figures and codes, nothing of the plays."""
    return asdict(recorded)


def _recorded(figures: dict[str, Any]) -> RecordedListens:
    refusals = [ListenRefusal(**each | {"code": code_of(each["code"])}) for each in figures.pop("refusals")]
    dropped = [ListenRemark(**each | {"code": code_of(each["code"])}) for each in figures.pop("dropped")]
    return RecordedListens(refusals=refusals, dropped=dropped, **figures)


def _given(info: Info, item_id: strawberry.ID, kind: FeedbackKind) -> GivenFeedback:
    """What was said before. Raises NotFound where it was taken back since."""
    item = item_get(item_id, info)
    of_item = {"track": item} if isinstance(item, models.Track) else {"artist": item}
    said = models.Feedback.objects.filter(user=info.context.signed_in, kind=kind, **of_item).first()
    if said is None:
        raise NotFound(_("There is no such thing."))
    return GivenFeedback(item=item, kind=kind, given_at=said.given_at)  # type: ignore[arg-type]


@strawberry.type
class Mutation:
    @mutation(
        again=Again(lambda _info, kept, **_arguments: _recorded(kept), kept=_figures),
        description="Store plays; each counts once by source and source id. At most 100 at once.",
    )
    def record_listens(self, info: Info, input: list[ListenInput]) -> RecordListensPayload:  # noqa: A002
        answer = listens_record(user=info.context.signed_in, plays=plays_read(input))
        return RecordedListens(
            stored=answer.stored,
            duplicates=answer.duplicates,
            corrected=answer.count(Outcome.CORRECTED),
            refusals=[
                ListenRefusal(index=why.index, code=code_of(why.code), message=why.message, field=why.field)
                for why in answer.refusals
            ],
            dropped=[
                ListenRemark(index=verdict.index, code=code_of(part.code), field=part.field)
                for verdict in answer.verdicts
                for part in verdict.dropped
            ],
        )

    @mutation(
        again=Again(lambda info, _kept, item_id, kind: _given(info, item_id, kind)),
        description="Say what you think of a track or artist.",
    )
    def give_feedback(self, info: Info, item_id: strawberry.ID, kind: FeedbackKind) -> FeedbackPayload:
        item = item_get(item_id, info)
        given = feedback_give(user=info.context.signed_in, item=item, kind=kind)
        return GivenFeedback(
            item=item,  # type: ignore[arg-type]
            kind=kind,
            given_at=given.feedback.given_at,
            replaced=given.replaced,
        )

    @mutation(
        description="Take back what you said of a track or artist: of this kind, or all of it. "
        "What was hidden may come again."
    )
    def clear_feedback(
        self, info: Info, item_id: strawberry.ID, kind: FeedbackKind | None = None
    ) -> FeedbackPayload:
        item = item_get(item_id, info)
        cleared = feedback_clear(user=info.context.signed_in, item=item, kind=kind)
        return ClearedFeedback(item=item, cleared=cleared)  # type: ignore[arg-type]

    @mutation(
        description="Say what a play was after all. It keeps its id, source and source id, whatever the input says "
        "of the last two. Exports made before end, for they hold it as it was."
    )
    def correct_listen(self, info: Info, id: strawberry.ID, input: ListenInput) -> ListenPayload:  # noqa: A002
        key = node_id(id, "Listen", field="id")
        play = play_read(input)
        return shown(listen_correct(user=info.context.signed_in, listen_id=key, play=play), info)  # type: ignore[return-value]

    @mutation(
        description="Delete plays for good: those named, of an artist, of a period (`until` is the first moment "
        "outside it), or all; what is given together narrows down. Imported play counts go with an artist and with all."
    )
    def delete_listens(
        self,
        info: Info,
        ids: list[strawberry.ID] | None = None,
        artist_id: strawberry.ID | None = None,
        from_: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: datetime | None = None,
        all: bool | None = None,  # noqa: A002
    ) -> DeletedListensPayload:
        deleted = listens_delete(
            user=info.context.signed_in,
            ids=None if ids is None else [node_id(each, "Listen", field="ids") for each in ids],
            artist_id=None if artist_id is None else _artist_key(artist_id, info),
            since=None if from_ is None else moment_read(from_),
            until=None if until is None else moment_read(until),
            everything=bool(all),
        )
        return DeletedListens(deleted=deleted.listens, play_counts=deleted.play_counts)

    @mutation(again=row_again("Playlist"), description="Start an empty playlist.")
    def create_playlist(self, info: Info, input: PlaylistInput) -> PlaylistPayload:  # noqa: A002
        playlist = playlist_create(
            owner=info.context.signed_in, title=input.title, description=input.description or ""
        )
        return shown(playlist, info)  # type: ignore[return-value]  # strawberry-django types are their models

    @mutation(description="Give a playlist another title; the description stays where none is given.")
    def rename_playlist(
        self, info: Info, playlist_id: strawberry.ID, title: str, description: str | None = None
    ) -> PlaylistPayload:
        playlist = playlist_rename(
            owner=info.context.signed_in,
            playlist_id=_playlist_key(playlist_id),
            title=title,
            description=description,
        )
        return shown(playlist, info)  # type: ignore[return-value]

    @mutation(description="Delete a playlist with its entries.")
    def delete_playlist(self, info: Info, playlist_id: strawberry.ID) -> DeletePlaylistPayload:
        playlist_delete(owner=info.context.signed_in, playlist_id=_playlist_key(playlist_id))
        return DeletedPlaylist(playlist_id=playlist_id)

    @mutation(again=row_again("Playlist"), description="Put a track at a position (from 0), or at the end.")
    def add_to_playlist(
        self, info: Info, playlist_id: strawberry.ID, track_id: strawberry.ID, position: int | None = None
    ) -> PlaylistPayload:
        entry = playlist_entry_add(
            user=info.context.signed_in,
            playlist_id=_playlist_key(playlist_id),
            track_id=node_id(track_id, "Track", field="trackId"),
            position=position,
        )
        return shown(entry.playlist, info)  # type: ignore[return-value]

    @mutation(description="Take an entry out; those below it move up.")
    def remove_from_playlist(self, info: Info, entry_id: strawberry.ID) -> PlaylistPayload:
        playlist = playlist_entry_remove(user=info.context.signed_in, entry_id=_entry_key(entry_id))
        return shown(playlist, info)  # type: ignore[return-value]

    @mutation(description="Put an entry at another position (from 0).")
    def move_playlist_entry(self, info: Info, entry_id: strawberry.ID, position: int) -> PlaylistPayload:
        entry = playlist_entry_move(
            user=info.context.signed_in, entry_id=_entry_key(entry_id), position=position
        )
        return shown(entry.playlist, info)  # type: ignore[return-value]

    @mutation(
        again=row_again("Playlist"),
        description="Share a playlist with a friend, as EDITOR or VIEWER; again, to change the role.",
    )
    def share_playlist(
        self, info: Info, playlist_id: strawberry.ID, listener_id: strawberry.ID, role: PlaylistRole
    ) -> PlaylistPayload:
        if role is PlaylistRole.OWNER:
            raise InvalidInput(_("A playlist has one owner."), field="role")
        playlist = playlist_share(
            owner=info.context.signed_in,
            playlist_id=_playlist_key(playlist_id),
            friend=listener_get(listener_id, info),
            role=models.PlaylistCollaborator.Role(role.value),
        )
        return shown(playlist, info)  # type: ignore[return-value]

    @mutation(description="Stop sharing a playlist with somebody, or leave one yourself.")
    def unshare_playlist(
        self, info: Info, playlist_id: strawberry.ID, listener_id: strawberry.ID
    ) -> UnsharePlaylistPayload:
        playlist_unshare(
            user=info.context.signed_in,
            playlist_id=_playlist_key(playlist_id),
            listener_id=node_id(listener_id, "Listener", field="listenerId"),
        )
        return UnsharedPlaylist(playlist_id=playlist_id, listener_id=listener_id)


def _playlist_key(value: strawberry.ID) -> int:
    return node_id(value, "Playlist", field="playlistId")


def _entry_key(value: strawberry.ID) -> int:
    return node_id(value, "PlaylistEntry", field="entryId")


def _artist_key(value: strawberry.ID, info: Info) -> int:
    """The key of an artist whom the viewer may see. Raises InvalidInput and NotFound."""
    key = node_id(value, "Artist", field="artistId")
    if node_shown(info.context.viewer, Ref("Artist", key)) is None:
        raise NotFound(_("There is no such artist."), field="artistId")
    return key


def item_get(value: strawberry.ID, info: Info) -> models.Track | models.Artist:
    """The item behind an id, where the viewer may see it. Raises InvalidInput and NotFound."""
    item: models.Track | models.Artist | None = node_shown(
        info.context.viewer, Ref(*node_ref(value, "Track", "Artist", field="itemId"))
    )
    if item is None:
        raise NotFound(_("There is no such item"), field="itemId")
    return item
