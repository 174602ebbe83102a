"""Playlists, of one listener or shared among friends. Positions run from 0 without gaps.

Every writer locks the playlist's row before looking at anything of it, so that edits at once from several
processes happen one after the other, and each entry stands once. What may be done is asked under the lock.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from accounts.intake import Deliberation, deliberate
from accounts.models import User
from accounts.policies import friend_keys
from accounts.presentation import Ref, node_shown, nodes_shown
from discovery.platform.errors import InvalidInput, LimitExceeded, NotAllowed, NotFound
from discovery.platform.names import name_clean, prose_clean
from graph.models import History, Playlist, PlaylistCollaborator, PlaylistEntry
from graph.selectors import playlists_editable_by, playlists_visible_to

TITLE_LENGTH, DESCRIPTION_LENGTH = 200, 2000
MAX_PLAYLISTS, MAX_ENTRIES = 1000, 10_000  # of one owner; in one playlist
MAX_COLLABORATORS = 100  # of one playlist


@transaction.atomic
def playlist_create(*, owner: User, title: str, description: str = "") -> Playlist:
    """Raises InvalidInput, and LimitExceeded beyond ``MAX_PLAYLISTS``."""
    act = deliberate(owner)
    if Playlist.objects.filter(owner=owner).count() >= MAX_PLAYLISTS:
        raise LimitExceeded(_("One listener has at most %(most)d playlists.") % {"most": MAX_PLAYLISTS})
    with act.write():
        return Playlist.objects.create(
            owner=owner, title=_title(title), description=_description(description),
            created_at=act.moment, updated_at=act.moment,
        )  # fmt: skip


@transaction.atomic
def playlist_bring(
    *, owner: User, title: str, description: str, track_ids: Sequence[int], history: History
) -> Playlist | None:
    """A playlist that an import brought; None where the owner has one of this title with these tracks already.

    Raises InvalidInput, and LimitExceeded beyond ``MAX_PLAYLISTS`` or ``MAX_ENTRIES``.
    """
    if len(track_ids) > MAX_ENTRIES:
        raise LimitExceeded(_("A playlist has at most %(most)d entries.") % {"most": MAX_ENTRIES})
    act = deliberate(owner)
    for same in Playlist.objects.filter(owner=owner, title=_title(title)):
        if list(same.entries.values_list("track_id", flat=True)) == list(track_ids):
            return None
    playlist = playlist_create(owner=owner, title=title, description=description)
    playlist.history, playlist.updated_at = history, playlist.created_at  # as long as nobody changes it
    with act.write():
        playlist.save(update_fields=["history", "updated_at"])
        PlaylistEntry.objects.bulk_create(
            PlaylistEntry(
                playlist=playlist, track_id=track, position=position, added_by=owner, added_at=act.moment
            )
            for position, track in enumerate(track_ids)
        )
    return playlist


@transaction.atomic
def playlist_fill(*, owner: User, playlist_id: int, track_ids: Sequence[int]) -> Playlist:
    """These tracks, as far as the owner may see them, in the place of all that is in it. Raises NotFound and LimitExceeded."""
    if len(track_ids) > MAX_ENTRIES:
        raise LimitExceeded(_("A playlist has at most %(most)d entries.") % {"most": MAX_ENTRIES})
    act = deliberate(owner)
    playlist = _locked_own(owner, playlist_id)
    refs = [Ref("Track", key) for key in track_ids]
    seen = nodes_shown(owner, refs)
    playlist.entries.all().delete()
    with act.write():
        PlaylistEntry.objects.bulk_create(
            PlaylistEntry(
                playlist=playlist, track_id=ref.id, position=position, added_by=owner, added_at=act.moment
            )
            for position, ref in enumerate(ref for ref in refs if ref in seen)
        )
    return _touched(playlist, act)


@transaction.atomic
def playlist_rename(*, owner: User, playlist_id: int, title: str, description: str | None = None) -> Playlist:
    """Raises NotFound and InvalidInput. The description stays where none is given."""
    act = deliberate(owner)
    playlist = _locked_own(owner, playlist_id)
    playlist.title = _title(title)
    if description is not None:
        playlist.description = _description(description)
    return _touched(playlist, act)


@transaction.atomic
def playlist_delete(*, owner: User, playlist_id: int) -> None:
    """Raises NotFound."""
    _locked_own(owner, playlist_id).delete()


@transaction.atomic
def playlist_share(
    *, owner: User, playlist_id: int, friend: User, role: PlaylistCollaborator.Role
) -> Playlist:
    """Let a friend see the playlist, or edit it too; asked again, the role changes.

    Raises NotFound for a playlist that is not the owner's and for somebody who is no friend, and LimitExceeded.
    """
    act = deliberate(owner)
    playlist = _locked_own(owner, playlist_id)
    if friend.pk not in friend_keys(owner):
        raise NotFound(_("There is no such friend."), field="listenerId")
    others = playlist.collaborators.exclude(user=friend).count()
    if others >= MAX_COLLABORATORS:
        raise LimitExceeded(
            _("A playlist is shared with at most %(most)d people.") % {"most": MAX_COLLABORATORS}
        )
    with act.write():
        PlaylistCollaborator.objects.update_or_create(
            playlist=playlist, user=friend,
            defaults={"role": role}, create_defaults={"role": role, "since": act.moment},
        )  # fmt: skip
    return _touched(playlist, act)


@transaction.atomic
def playlist_unshare(*, user: User, playlist_id: int, listener_id: int) -> None:
    """The owner takes somebody out, or a collaborator leaves. What they added stays.

    Raises NotFound where there is nothing to end, or it is not the user's to end.
    """
    act = deliberate(user)
    playlist = _locked(playlist_id, playlists_visible_to(user))
    if user.pk not in {playlist.owner_id, listener_id}:
        raise NotFound(_("There is no such playlist."), field="playlistId")
    deleted, _rows = playlist.collaborators.filter(user=listener_id).delete()
    if not deleted:
        raise NotFound(_("There is no such listener."), field="listenerId")
    _touched(playlist, act)


@transaction.atomic
def playlist_entry_add(
    *, user: User, playlist_id: int, track_id: int, position: int | None = None
) -> PlaylistEntry:
    """Put a track at ``position`` (at the end, where none is given); what stands there moves down.

    Raises NotFound, InvalidInput for a position outside the list, LimitExceeded beyond ``MAX_ENTRIES``.
    """
    act = deliberate(user)
    playlist = _locked_to_edit(user, playlist_id)
    if node_shown(user, Ref("Track", track_id)) is None:
        raise NotFound(_("There is no such track."), field="trackId")
    size = playlist.entries.count()
    if size >= MAX_ENTRIES:
        raise LimitExceeded(_("A playlist has at most %(most)d entries.") % {"most": MAX_ENTRIES})
    place = size if position is None else _position(position, size)
    with act.write():
        playlist.entries.filter(position__gte=place).update(position=F("position") + 1)
        return PlaylistEntry.objects.create(
            playlist=_touched(playlist, act), track_id=track_id, position=place,
            added_by=user, added_at=act.moment,
        )  # fmt: skip


@transaction.atomic
def playlist_entry_remove(*, user: User, entry_id: int) -> Playlist:
    """Raises NotFound."""
    act = deliberate(user)
    playlist, entry = _locked_with_entry(user, entry_id)
    entry.delete()
    with act.write():
        playlist.entries.filter(position__gt=entry.position).update(position=F("position") - 1)
    return _touched(playlist, act)


@transaction.atomic
def playlist_entry_move(*, user: User, entry_id: int, position: int) -> PlaylistEntry:
    """Put an entry where it then stands at ``position``. Raises NotFound and InvalidInput."""
    act = deliberate(user)
    playlist, entry = _locked_with_entry(user, entry_id)
    place = _position(position, playlist.entries.count() - 1)
    between = (place, entry.position - 1) if place < entry.position else (entry.position + 1, place)
    step = 1 if place < entry.position else -1
    with act.write():
        playlist.entries.filter(position__range=between).update(position=F("position") + step)
        entry.position = place
        entry.save(update_fields=["position"])
    _touched(playlist, act)
    return entry


def _touched(playlist: Playlist, act: Deliberation) -> Playlist:
    """The playlist, stored as changed now; in a private session it is not said when."""
    playlist.updated_at = act.moment or playlist.updated_at
    with act.write():
        playlist.save()
    return playlist


def _locked(playlist_id: int, allowed: QuerySet[Playlist]) -> Playlist:
    """The playlist, once nobody else changes it, where it is among the ``allowed`` then."""
    playlist = Playlist.objects.select_for_update().filter(pk=playlist_id).first()
    if playlist is None or not allowed.filter(pk=playlist_id).exists():
        raise NotFound(_("There is no such playlist."), field="playlistId")
    return playlist


def _locked_own(owner: User, playlist_id: int) -> Playlist:
    return _locked(playlist_id, Playlist.objects.filter(owner=owner))


def _locked_to_edit(user: User, playlist_id: int) -> Playlist:
    playlist = _locked(playlist_id, playlists_visible_to(user))
    if not playlists_editable_by(user).filter(pk=playlist_id).exists():
        raise NotAllowed(_("You may see this playlist, and not change it."), field="playlistId")
    return playlist


def _locked_with_entry(user: User, entry_id: int) -> tuple[Playlist, PlaylistEntry]:
    missing = NotFound(_("There is no such entry."), field="entryId")
    visible = playlists_visible_to(user)
    entry = PlaylistEntry.objects.filter(pk=entry_id, playlist__in=visible).first()
    if entry is None:
        raise missing
    playlist = _locked_to_edit(user, entry.playlist_id)
    now_there = playlist.entries.filter(pk=entry_id).first()  # and where it stands, now that nobody moves it
    if now_there is None:
        raise missing
    return playlist, now_there


def _position(position: int, last: int) -> int:
    if not 0 <= position <= last:
        raise InvalidInput(
            _("This position is not in the playlist (0 to %(last)d).") % {"last": last},
            field="position",
            code="INVALID_POSITION",
        )
    return position


def _title(title: str) -> str:
    return name_clean(title, field="title", length=TITLE_LENGTH)


def _description(description: str) -> str:
    return prose_clean(description, field="description", length=DESCRIPTION_LENGTH)
