"""A listener's own playlists. Positions run from 0 without gaps; writers lock the playlist's row."""

from django.db import transaction
from django.db.models import F

from accounts.models import User
from discovery.errors import InvalidInput, LimitExceeded, NotFound
from graph.models import Playlist, PlaylistEntry, Track
from graph.names import name_clean

TITLE_LENGTH, DESCRIPTION_LENGTH = 200, 2000
MAX_PLAYLISTS, MAX_ENTRIES = 1000, 10_000  # of one owner; in one playlist


@transaction.atomic
def playlist_create(*, owner: User, title: str, description: str = "") -> Playlist:
    """Raises InvalidInput, and LimitExceeded beyond ``MAX_PLAYLISTS``."""
    User.objects.select_for_update().get(pk=owner.pk)
    if Playlist.objects.filter(owner=owner).count() >= MAX_PLAYLISTS:
        raise LimitExceeded(f"One listener has at most {MAX_PLAYLISTS} playlists.")
    return Playlist.objects.create(owner=owner, title=_title(title), description=_description(description))


@transaction.atomic
def playlist_rename(*, owner: User, playlist_id: int, title: str, description: str | None = None) -> Playlist:
    """Raises NotFound and InvalidInput. The description stays where none is given."""
    playlist = _locked(owner, playlist_id)
    playlist.title = _title(title)
    if description is not None:
        playlist.description = _description(description)
    playlist.save()
    return playlist


@transaction.atomic
def playlist_delete(*, owner: User, playlist_id: int) -> None:
    """Raises NotFound."""
    _locked(owner, playlist_id).delete()


@transaction.atomic
def playlist_entry_add(
    *, owner: User, playlist_id: int, track_id: int, position: int | None = None
) -> PlaylistEntry:
    """Put a track at ``position`` (at the end, where none is given); what stands there moves down.

    Raises NotFound, InvalidInput for a position outside the list, LimitExceeded beyond ``MAX_ENTRIES``.
    """
    playlist = _locked(owner, playlist_id)
    if not Track.objects.filter(pk=track_id).exists():
        raise NotFound("There is no such track.", field="trackId")
    size = playlist.entries.count()
    if size >= MAX_ENTRIES:
        raise LimitExceeded(f"A playlist has at most {MAX_ENTRIES} entries.")
    place = size if position is None else _position(position, size)
    playlist.entries.filter(position__gte=place).update(position=F("position") + 1)
    playlist.save()
    return PlaylistEntry.objects.create(playlist=playlist, track_id=track_id, position=place, added_by=owner)


@transaction.atomic
def playlist_entry_remove(*, owner: User, entry_id: int) -> Playlist:
    """Raises NotFound."""
    playlist, entry = _locked_with_entry(owner, entry_id)
    entry.delete()
    playlist.entries.filter(position__gt=entry.position).update(position=F("position") - 1)
    playlist.save()
    return playlist


@transaction.atomic
def playlist_entry_move(*, owner: User, entry_id: int, position: int) -> PlaylistEntry:
    """Put an entry where it then stands at ``position``. Raises NotFound and InvalidInput."""
    playlist, entry = _locked_with_entry(owner, entry_id)
    place = _position(position, playlist.entries.count() - 1)
    between = (place, entry.position - 1) if place < entry.position else (entry.position + 1, place)
    step = 1 if place < entry.position else -1
    playlist.entries.filter(position__range=between).update(position=F("position") + step)
    entry.position = place
    entry.save(update_fields=["position"])
    playlist.save()
    return entry


def _locked(owner: User, playlist_id: int) -> Playlist:
    playlist = Playlist.objects.select_for_update().filter(owner=owner, pk=playlist_id).first()
    if playlist is None:
        raise NotFound("There is no such playlist.", field="playlistId")
    return playlist


def _locked_with_entry(owner: User, entry_id: int) -> tuple[Playlist, PlaylistEntry]:
    missing = NotFound("There is no such entry.", field="entryId")
    entry = PlaylistEntry.objects.filter(pk=entry_id, playlist__owner=owner).first()
    if entry is None:
        raise missing
    playlist = _locked(owner, entry.playlist_id)
    now_there = playlist.entries.filter(pk=entry_id).first()  # and where it stands, now that nobody moves it
    if now_there is None:
        raise missing
    return playlist, now_there


def _position(position: int, last: int) -> int:
    if not 0 <= position <= last:
        raise InvalidInput(
            f"This position is not in the playlist (0 to {last}).", field="position", code="INVALID_POSITION"
        )
    return position


def _title(title: str) -> str:
    return name_clean(title, field="title", length=TITLE_LENGTH)


def _description(description: str) -> str:
    return name_clean(description, field="description", length=DESCRIPTION_LENGTH, required=False)
