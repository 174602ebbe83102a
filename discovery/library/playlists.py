"""A playlist handed to a music server: what the server has of it, in its order."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.presentation import Ref, node_shown
from discovery.library.accounts import library_get, server_of
from discovery.library.subsonic import Subsonic
from discovery.platform.errors import Conflict, NotFound
from graph.models import LibrarySong, PlaylistEntry


@dataclass(frozen=True)
class Sent:
    """How many entries the server has now, and how many it lacks."""

    sent: int
    missing: int


def playlist_send(*, user: User, playlist_id: int, library_id: int) -> Sent:
    """Make the playlist on the server, or make the one of this name there anew.

    Raises NotFound, Conflict (LIBRARY_HAS_NONE) where the library has nothing of it, and whatever the server refuses.
    """
    playlist = node_shown(user, Ref("Playlist", playlist_id))
    if playlist is None:
        raise NotFound(_("There is no such playlist."), field="playlistId")
    account = library_get(user=user, library_id=library_id)
    tracks = list(
        PlaylistEntry.objects.filter(playlist=playlist_id)
        .order_by("position", "pk")
        .values_list("track_id", flat=True)
    )
    rows = LibrarySong.objects.filter(account=account, track__in=set(tracks)).order_by("-pk")
    has = dict(rows.values_list("track_id", "song"))
    songs = [has[track] for track in tracks if track in has]
    if not songs:
        raise Conflict(_("This library has nothing of this playlist."), code="LIBRARY_HAS_NONE")
    with Subsonic(server_of(account)) as client:
        same = [key for key, name in client.playlists().items() if name == playlist.title]
        client.playlist_put(name=playlist.title, songs=songs, key=same[0] if same else None)
    return Sent(len(songs), len(tracks) - len(songs))
