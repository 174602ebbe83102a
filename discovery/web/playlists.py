"""``/playlists/<id>.jspf`` and ``.xspf``: a playlist as a file, for whoever may see it now; and where its page is."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.presentation import Ref, name_of, node_shown
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.node import global_id, node_id
from discovery.protocols.references import MIX, PLAYLIST, referred
from graph.formats import jspf, xspf
from graph.formats.found import ListedPlaylist, ListedTrack
from graph.models import Playlist

TYPES = {"jspf": "application/jspf+json", "xspf": "application/xspf+xml"}


@require_safe
def playlist(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """What somebody may not see is answered as what does not exist."""
    if not isinstance(request.user, User):
        return _coded("SIGN_IN_REQUIRED", _("Sign in to do this."), 401)
    shown = _shown(request.user, key)
    if shown is None:
        return _coded("NOT_FOUND", _("There is no such playlist."), 404)
    owner = node_shown(request.user, Ref("Listener", shown.owner_id))
    creator = None if owner is None else name_of(owner)
    listed = _listed(shown)
    text = (
        json.dumps(jspf.document_of(listed, creator=creator), ensure_ascii=False, indent=2)
        if form == "jspf"
        else "".join(xspf.written(listed, creator=creator))
    )
    response = HttpResponse(text, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="playlist.{form}"'
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@login_required
def identified(request: HttpRequest, word: str) -> HttpResponse:
    """``/playlist/<id>``: to the page of what a player knows by this identifier. The page says whether one may see it."""
    if (key := referred(PLAYLIST, word)) is not None:
        return redirect("playlist", key=global_id("Playlist", key))
    if referred(MIX, word) == request.user.pk:
        return redirect("mix")
    raise Http404


def _shown(user: User, key: str) -> Playlist | None:
    try:
        found: Playlist | None = node_shown(user, Ref("Playlist", node_id(key, "Playlist")))
    except InvalidInput:
        return None
    return found


def _listed(shown: Playlist) -> ListedPlaylist:
    """Whoever may see a playlist may see what is in it."""
    entries = shown.entries.select_related("track__artist").order_by("position", "pk")
    return ListedPlaylist(
        title=shown.title,
        description=shown.description or None,
        tracks=[
            ListedTrack(
                title=track.title, artist=track.artist.name, album=track.album or None, mbid=track.mbid or None,
                isrc=track.isrc or None, duration_ms=track.duration_ms,
            )
            for track in (entry.track for entry in entries.iterator(1_000))
        ],
    )  # fmt: skip


def _coded(code: str, message: str, status: int) -> HttpResponse:
    return JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)
