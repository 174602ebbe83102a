"""Playlists as ListenBrainz tells them (JSPF): one's own, and a mix of the week, so that a player can play it.

The mix is `feed.for_you` as it stands at the moment of asking; it is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import DeviceScope, PersonalizationLevel
from accounts.presentation import rows_shown
from discovery.platform.errors import NotFound
from discovery.protocols.asking import Player
from discovery.protocols.brainz import address, ensure_own, whole
from discovery.protocols.references import MIX, PLAYLIST, reference, referred
from discovery.recommend.feed import for_you
from discovery.recommend.pipeline import Feed
from graph.models import ItemKind, Playlist, Track
from graph.selectors import playlist_list, playlists_visible_to

EXTENSION = "https://musicbrainz.org/doc/jspf#"
PAGE, MIX_LENGTH = 25, 50


@address("GET", DeviceScope.PLAYLISTS)
def created_for(request: HttpRequest, player: Player, *, name: str) -> HttpResponse:
    """``GET /1/user/{name}/playlists/createdfor``: the mix of the week."""
    ensure_own(player, name)
    mixes = [_mix(request, player, feed)] if (feed := _feed(player)).items else []
    return _page(request, [{**mix, "track": []} for mix in mixes])


@address("GET", DeviceScope.PLAYLISTS)
def own(request: HttpRequest, player: Player, *, name: str) -> HttpResponse:
    """``GET /1/user/{name}/playlists``: one's own, latest touched first, without their tracks."""
    ensure_own(player, name)
    rows = rows_shown(player.user, playlist_list().filter(owner=player.user)).answer
    return _page(request, [_playlist(request, player, row, []) for row in rows])


@address("GET", DeviceScope.PLAYLISTS)
def one(request: HttpRequest, player: Player, *, playlist: str) -> HttpResponse:
    """``GET /1/playlist/{id}``: one with its tracks, where the player's owner may see it."""
    if (key := referred(MIX, playlist)) is not None and key == player.user.pk:
        return JsonResponse({"playlist": _mix(request, player, _feed(player))})
    key = referred(PLAYLIST, playlist)
    rows = rows_shown(player.user, playlists_visible_to(player.user)).answer
    there = None if key is None else rows.filter(pk=key).first()
    if there is None:
        raise NotFound("Cannot find playlist: " + playlist)
    entries = rows_shown(player.user, there.entries.select_related("track__artist")).answer
    return JsonResponse({"playlist": _playlist(request, player, there, [entry.track for entry in entries])})


def _page(request: HttpRequest, playlists: Sequence[dict[str, Any]]) -> JsonResponse:
    start = whole(request, "offset", least=0, most=2**31, otherwise=0)
    count = whole(request, "count", least=0, most=1_000, otherwise=PAGE)
    told = [{"playlist": playlist} for playlist in playlists[start : start + count]]
    return JsonResponse(
        {"count": len(told), "offset": start, "playlist_count": len(playlists), "playlists": told}
    )


def _feed(player: Player) -> Feed:
    return for_you(player.user, ItemKind.TRACK, count=MIX_LENGTH).answer


def _mix(request: HttpRequest, player: Player, feed: Feed) -> dict[str, Any]:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    made_of = (
        _("Chosen for you from what you allow.")
        if feed.level > PersonalizationLevel.BASIC
        else _("What is popular here: you allow nothing personal.")
    )
    about = {"created_for": player.user.username, "additional_metadata": {
        "algorithm_metadata": {"source_patch": "weekly-jams"}}}  # fmt: skip
    return _jspf(
        request, reference(MIX, player.user.pk), _("Weekly mix"), "Earshot", made_of,
        today - timedelta(days=today.weekday()), about,
        [row.item for row in feed.items if isinstance(row.item, Track)],
    )  # fmt: skip


def _playlist(request: HttpRequest, player: Player, row: Playlist, tracks: Sequence[Track]) -> dict[str, Any]:
    moment = row.updated_at or row.created_at or datetime(2002, 10, 1, tzinfo=UTC)
    creator = player.user.username if row.owner_id == player.user.pk else ""
    return _jspf(
        request, reference(PLAYLIST, row.pk), row.title, creator, row.description, moment, {}, tracks
    )


def _jspf(
    request: HttpRequest,
    word: str,
    title: str,
    creator: str,
    annotation: str,
    moment: datetime,
    about: dict[str, Any],
    tracks: Sequence[Track],
) -> dict[str, Any]:
    return {
        "identifier": request.build_absolute_uri(f"/playlist/{word}"), "title": title, "creator": creator,
        "annotation": annotation, "date": moment.isoformat(),
        "extension": {EXTENSION + "playlist": {
            "public": False, "creator": creator, "collaborators": [],
            "last_modified_at": moment.isoformat(), **about,
        }},
        "track": [_track(track) for track in tracks],
    }  # fmt: skip


def _track(track: Track) -> dict[str, Any]:
    told: dict[str, Any] = {
        "identifier": [f"https://musicbrainz.org/recording/{track.mbid}"] if track.mbid else [],
        "title": track.title, "creator": track.artist.name,
        "extension": {EXTENSION + "track": {"artist_identifiers": _artists(track), "additional_metadata": {}}},
    }  # fmt: skip
    if track.album:
        told["album"] = track.album
    if track.duration_ms:
        told["duration"] = track.duration_ms
    return told


def _artists(track: Track) -> list[str]:
    return [f"https://musicbrainz.org/artist/{track.artist.mbid}"] if track.artist.mbid else []
