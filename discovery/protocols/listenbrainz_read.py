"""ListenBrainz, as players read: one's own plays, what plays now, how many there are, and what one likes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.models import DeviceScope
from accounts.presentation import rows_shown
from discovery.protocols.asking import Player
from discovery.protocols.brainz import address, ensure_own, said_or_none, whole
from discovery.protocols.references import TRACK, reference
from discovery.together.playing import playing_own
from graph.models import FeedbackKind, Listen, Track
from graph.selectors import feedback_list, listen_list

USUAL, MOST = 25, 1_000  # of a page
LATEST = 4_102_444_800  # the year 2100: no clock of a player is right beyond


@address("GET", DeviceScope.PLAYS_READ)
def listens(request: HttpRequest, player: Player, *, name: str) -> HttpResponse:
    """``GET /1/user/{name}/listens``: latest first, before ``max_ts`` or after ``min_ts``."""
    ensure_own(player, name)
    until, since = said_or_none(request, "max_ts"), said_or_none(request, "min_ts")
    count = whole(request, "count", least=0, most=MOST, otherwise=USUAL)
    rows = listen_list(owner=player.user).select_related("track__artist")
    if until is not None:
        rows = rows.filter(listened_at__lt=_moment(until))
    if since is not None:
        rows = rows.filter(listened_at__gte=_moment(since + 1))
    if since is not None and until is None:  # the next ones after it
        found = list(rows_shown(player.user, rows.order_by("listened_at", "pk")).answer[:count])[::-1]
    else:
        found = list(rows_shown(player.user, rows).answer[:count])
    ends = rows_shown(player.user, listen_list(owner=player.user)).answer
    latest, oldest = ends.first(), ends.last()
    return JsonResponse({
        "payload": {
            "count": len(found), "user_id": player.user.username,
            "latest_listen_ts": 0 if latest is None else _seconds(latest.listened_at),
            "oldest_listen_ts": 0 if oldest is None else _seconds(oldest.listened_at),
            "listens": [_listen(row, player) for row in found],
        }
    })  # fmt: skip


@address("GET", DeviceScope.PLAYS_READ)
def playing_now(request: HttpRequest, player: Player, *, name: str) -> HttpResponse:
    """``GET /1/user/{name}/playing-now``."""
    ensure_own(player, name)
    now = playing_own(player.user)
    told = []
    if now is not None:
        named: dict[str, Any] = {"artist_name": now.artist, "track_name": now.title}
        if now.album:
            named["release_name"] = now.album
        named["additional_info"] = {"duration_ms": now.duration_ms} if now.duration_ms else {}
        told = [{"playing_now": True, "track_metadata": named}]
    return JsonResponse(
        {
            "payload": {
                "count": len(told),
                "user_id": player.user.username,
                "playing_now": True,
                "listens": told,
            }
        }
    )


@address("GET", DeviceScope.PLAYS_READ)
def listen_count(request: HttpRequest, player: Player, *, name: str) -> HttpResponse:
    """``GET /1/user/{name}/listen-count``."""
    ensure_own(player, name)
    return JsonResponse({"payload": {"count": listen_list(owner=player.user).count()}})


@address("GET", DeviceScope.PLAYS_READ)
def feedback(request: HttpRequest, player: Player, *, name: str) -> HttpResponse:
    """``GET /1/feedback/user/{name}/get-feedback``: likes and dislikes of tracks, latest first."""
    ensure_own(player, name)
    kinds = {1: [FeedbackKind.LIKE], -1: [FeedbackKind.DISLIKE]}
    score = said_or_none(request, "score")
    rows = feedback_list(owner=player.user).filter(
        track__isnull=False, kind__in=kinds.get(score or 0, [FeedbackKind.LIKE, FeedbackKind.DISLIKE])
    )
    start = whole(request, "offset", least=0, most=2**31, otherwise=0)
    count = whole(request, "count", least=0, most=MOST, otherwise=USUAL)
    shown = rows_shown(player.user, rows.select_related("track__artist")).answer
    told = [
        {
            "created": _seconds(row.given_at), "recording_mbid": row.track.mbid or None,
            "recording_msid": reference(TRACK, row.track.pk), "user_id": player.user.username,
            "score": 1 if row.kind == FeedbackKind.LIKE else -1, "track_metadata": _metadata(row.track),
        }
        for row in shown[start : start + count] if row.track is not None
    ]  # fmt: skip
    return JsonResponse({"count": len(told), "total_count": shown.count(), "offset": start, "feedback": told})


def _listen(row: Listen, player: Player) -> dict[str, Any]:
    return {
        "inserted_at": _seconds(row.recorded_at), "listened_at": _seconds(row.listened_at),
        "recording_msid": reference(TRACK, row.track_id), "user_name": player.user.username,
        "track_metadata": _metadata(row.track_as_told),
    }  # fmt: skip


def _metadata(track: Track) -> dict[str, Any]:
    """What ListenBrainz calls ``track_metadata``."""
    more: dict[str, Any] = {"recording_msid": reference(TRACK, track.pk)}
    if track.duration_ms:
        more["duration_ms"] = track.duration_ms
    if track.isrc:
        more["isrc"] = track.isrc
    named: dict[str, Any] = {
        "artist_name": track.artist.name,
        "track_name": track.title,
        "additional_info": more,
    }
    if track.album:
        named["release_name"] = track.album
    if track.mbid:
        more["recording_mbid"] = track.mbid
        named["mbid_mapping"] = {"recording_mbid": track.mbid, "artist_mbids": [], "release_mbid": None}
    return named


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(max(0, min(seconds, LATEST)), UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
