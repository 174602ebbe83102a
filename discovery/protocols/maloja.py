"""Maloja's one address that players write to, as JSON or as a form."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.models import DeviceScope
from discovery.platform.errors import InvalidInput, LimitExceeded, NotAllowed, Refusal
from discovery.protocols.asking import by_token
from discovery.protocols.bodies import form_read, json_object, number_of, seconds_of, text_of
from discovery.protocols.handing import plays_take, refused
from graph.ingest.incoming import IncomingPlay

SOURCE = "maloja"
LARGEST = 128 * 1024  # bytes of one scrobble, in which it stands who asks


@csrf_exempt
def new_scrobble(request: HttpRequest) -> HttpResponse:
    """``POST /apis/mlj_1/newscrobble``: ``key``, ``artist`` or ``artists``, ``title``, and what is known besides."""
    if request.method != "POST":  # what stands in an address stands in logs
        return _failure(405, "bad_request", "Send it as a POST.")
    try:
        return _answer(request)
    except NotAllowed as refusal:
        return _failure(403, "authentication_fail", refusal.message)
    except LimitExceeded as refusal:
        return _failure(413, "bad_request", refusal.message)
    except Refusal as refusal:
        return _failure(400, "missing_scrobble_data", refusal.message)


def _answer(request: HttpRequest) -> HttpResponse:
    said = (
        form_read(request) if "form" in (request.content_type or "") else json_object(request, most=LARGEST)
    )
    player = by_token(text_of(said.get("key")) or "")
    if player is None:
        raise NotAllowed("You need to provide a valid key.")
    player.ensure(DeviceScope.PLAYS_WRITE)
    play = play_of(said, player.source(SOURCE))
    (verdict,) = plays_take(player, [play])
    if refused(verdict):
        raise InvalidInput(verdict.message)
    artists = play.artists if isinstance(play.artists, list) else [play.artist]
    return JsonResponse({"status": "success", "track": {"artists": artists, "title": play.title}})


def play_of(said: dict[str, Any], source: str) -> IncomingPlay:
    """A scrobble as it is handed on. Raises InvalidInput where it names no track."""
    artists = said.get("artists")
    if isinstance(artists, str):
        artists = [artists]
    artists = (
        [name for name in artists if isinstance(name, str)] or None if isinstance(artists, list) else None
    )
    artist, title = text_of(said.get("artist")), text_of(said.get("title"))
    if artist is None and artists:
        artist = ", ".join(artists)
    if artist is None or title is None:
        raise InvalidInput("The scrobble is missing artist or title.")
    moment = number_of(said.get("time"))
    if moment is None and said.get("time") not in (None, ""):
        raise InvalidInput("time is no time in seconds since 1970.")
    return IncomingPlay(
        source=source, listened_at=timezone.now() if moment is None else int(moment), title=title, artist=artist,
        artists=artists, album=text_of(said.get("album")), ms_played=seconds_of(said.get("duration")),
        duration_ms=seconds_of(said.get("length")),
    )  # fmt: skip


def _failure(status: int, kind: str, words: str) -> JsonResponse:
    return JsonResponse({"status": "failure", "error": {"type": kind, "desc": words}}, status=status)
