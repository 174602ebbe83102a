"""Audioscrobbler 1.2: a handshake, what plays now, and plays in batches. Answers are lines of text.

The handshake proves that the player knows the device's second secret without sending it. What it is given then is a
signed session, so that nothing is remembered between two requests.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import DeviceScope
from accounts.services.player import player_session
from discovery.platform import clock
from discovery.platform.errors import InvalidInput, LimitExceeded, Refusal
from discovery.protocols.asking import Player, by_secret, by_session
from discovery.protocols.bodies import address_read, form_read, number_of, seconds_of
from discovery.protocols.handing import now_take, plays_take, track_said
from discovery.protocols.lastfm import indexed, md5
from graph.ingest.incoming import IncomingPlay, Outcome
from graph.models import FeedbackKind

SOURCE = "audioscrobbler"
MOST_PLAYS = 50  # in one submission
SKEW = 600  # seconds a player's clock may be off; for longer nobody can use what was sent before
RATINGS = {"L": FeedbackKind.LIKE, "B": FeedbackKind.DISLIKE}
SKIPPED, BANNED = "S", "B"  # ratings of what was not heard out

_NAMES = {
    "a": "artist",
    "t": "track",
    "i": "timestamp",
    "r": "rating",
    "l": "length",
    "b": "album",
    "m": "mbid",
}


class HandshakeAtTheRoot:
    """Many players are given a host alone: a handshake is told from the page before an address is looked up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/" and request.method == "GET" and request.GET.get("hs") == "true":
            request.path_info = reverse("audioscrobbler")
        return self.get_response(request)


def lines(*told: str) -> HttpResponse:
    response = HttpResponse("".join(f"{line}\n" for line in told), content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt
def handshake(request: HttpRequest) -> HttpResponse:
    """``GET /submissions/?hs=true&p=1.2…``: ``a`` is the MD5 of the secret's MD5 and the time ``t``."""
    try:
        said = address_read(request)
    except InvalidInput as refusal:
        return lines(f"FAILED {refusal.message}")
    if said.get("hs") != "true" or not said.get("p", "").startswith("1.2"):
        return lines("FAILED This is Audioscrobbler 1.2.")
    moment = number_of(said.get("t"))
    if moment is None or abs(clock.now().timestamp() - moment) > SKEW:
        return lines("BADTIME")

    def knows(secret: str) -> bool:
        return hmac.compare_digest(md5(md5(secret) + said["t"]).encode(), said.get("a", "").lower().encode())

    player = by_secret(said.get("u", ""), knows)
    if player is None or DeviceScope.PLAYS_WRITE not in player.scopes:
        return lines("BADAUTH")
    places = (
        request.build_absolute_uri(reverse(name)) for name in ("audioscrobbler-now", "audioscrobbler-plays")
    )
    return lines("OK", player_session(player.device), *places)


def _in_session(view: Callable[[Player, dict[str, str]], str]) -> Callable[[HttpRequest], HttpResponse]:
    """An address for whoever has a session; the view says what the first line is."""

    @csrf_exempt  # the session is a field of the form
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":  # what stands in an address stands in logs
            return lines("FAILED Send it as a POST.")
        try:
            said = form_read(request)
            player = by_session(said.get("s", ""))
            if player is None or DeviceScope.PLAYS_WRITE not in player.scopes:
                return lines("BADSESSION")
            return lines(view(player, said))
        except Refusal as refusal:
            return lines(f"FAILED {refusal.message}")

    return answered


@_in_session
def now_playing(player: Player, said: dict[str, str]) -> str:
    """``a`` artist, ``t`` title, ``b`` album, ``l`` length in seconds, ``m`` MusicBrainz id."""
    row = {_NAMES[name]: value for name, value in said.items() if name in _NAMES}
    now_take(player, play_of(row, player.source(SOURCE), None))
    return "OK"


@_in_session
def plays(player: Player, said: dict[str, str]) -> str:
    """The same with an index, ``i`` the time and ``r`` the rating. What cannot be read is left out: a player that
    heard a no would send the whole batch for ever.
    """
    rows = [{_NAMES[name]: value for name, value in row.items() if name in _NAMES} for row in indexed(said)]
    if not rows or len(rows) > MOST_PLAYS:
        return f"FAILED From one to {MOST_PLAYS} plays are taken at once."
    timed = [(row, number_of(row.get("timestamp"))) for row in rows]
    good = [
        (row, play_of(row, player.source(SOURCE), int(moment))) for row, moment in timed if moment is not None
    ]
    for verdict in plays_take(player, [play for _row, play in good]):
        row, _play = good[verdict.index]
        # Told again, a rating is none: it may have been taken back since.
        new = verdict.outcome in {Outcome.STORED, Outcome.CORRECTED}
        if new and row.get("rating") in RATINGS:
            with contextlib.suppress(InvalidInput, LimitExceeded):  # the play itself was taken
                track_said(
                    player, title=row.get("track", ""), artist=row.get("artist", ""),
                    kind=RATINGS[row["rating"]], mbid=row.get("mbid", ""),
                )  # fmt: skip
    return "OK"


def play_of(row: dict[str, str], source: str, moment: int | None) -> IncomingPlay:
    """A row as it is handed on; a skip is a play of no length."""
    return IncomingPlay(
        source=source, listened_at=moment, title=row.get("track"), artist=row.get("artist"),
        album=row.get("album") or None, mbid=row.get("mbid") or None, duration_ms=seconds_of(row.get("length")) or None,
        ms_played=0 if row.get("rating") in (SKIPPED, BANNED) else None,
    )  # fmt: skip
