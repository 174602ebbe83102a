"""Last.fm's API 2.0, as players write: sessions, plays, what plays now, and what is loved.

A device's second secret is both the password and the API's shared secret: there is no register of programs here.
Programs with a key built in sign with what is built in too; such a signature shows that nothing was changed on the
way, and the session who asks.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import DeviceScope
from accounts.services.player import player_secret, player_session, player_token_make
from discovery.platform.errors import LimitExceeded, Refusal, ScopeMissing
from discovery.protocols.asking import Player, by_secret, by_secret_alone, by_session, by_token_once
from discovery.protocols.bodies import form_read, number_of, seconds_of
from discovery.protocols.handing import now_take, plays_take, refused, track_said
from discovery.protocols.lastfm_answers import (
    AUTHENTICATION_FAILED,
    INVALID_KEY,
    INVALID_PARAMETERS,
    INVALID_SESSION,
    INVALID_SIGNATURE,
    NO_SUCH_METHOD,
    NOT_AUTHORIZED,
    LastFmError,
    Node,
    bad,
    good,
)
from discovery.protocols.lastfm_read import recent_tracks, user_info
from graph.ingest.incoming import IncomingPlay, Verdict
from graph.models import FeedbackKind

Said = Mapping[str, str]

MOST_SCROBBLES = 50  # in one request
SOURCE = "lastfm"
# Secrets that programs carry openly, by the key they send. Who has none of ours uses the key itself.
BUILT_IN = {"4b4f73bda181868353f9b438604adf52": "716cc0a784bb62835de5bd674e65eb57"}  # Audacious
UNSIGNED = frozenset({"api_sig", "format", "callback"})
_INDEXED = re.compile(r"([A-Za-z]+)\[(\d{1,4})\]")


@csrf_exempt  # a session key says who asks, and no browser adds that by itself
def api(request: HttpRequest) -> HttpResponse:
    """``/2.0/``: the method stands among the fields."""
    as_json = request.GET.get("format") == "json"
    try:
        said = form_read(request, with_address=True)
        as_json = said.get("format") == "json"
        return good(_answer(request, said), as_json=as_json)
    except LastFmError as error:
        return bad(error, as_json=as_json)
    except LimitExceeded as refusal:
        return bad(LastFmError(INVALID_PARAMETERS, refusal.message), as_json=as_json, status=413)
    except ScopeMissing as refusal:
        return bad(LastFmError(AUTHENTICATION_FAILED, refusal.message), as_json=as_json)
    except Refusal as refusal:
        return bad(LastFmError(INVALID_PARAMETERS, refusal.message), as_json=as_json)


def _answer(request: HttpRequest, said: Said) -> Node | None:
    method = said.get("method", "").lower()
    if not said.get("api_key"):
        raise LastFmError(INVALID_KEY, "Invalid API key - You must send an API key.")
    if (enter := ENTER.get(method)) is not None:
        _ensure_post(request)
        return enter(said)
    if (read := READ.get(method)) is not None:
        player = _session(said)
        player.ensure(DeviceScope.PLAYS_READ)
        if "api_sig" in said:
            _ensure_signed(said, player)
        return read(player, said)
    if (write := WRITE.get(method)) is None:
        raise LastFmError(NO_SUCH_METHOD, "Invalid Method - No method with that name in this package.")
    _ensure_post(request)
    player = _session(said)
    _ensure_signed(said, player)
    player.ensure(DeviceScope.PLAYS_WRITE)
    return write(player, said)


# --- who asks -------------------------------------------------------------------------------


def mobile_session(said: Said) -> Node:
    """``auth.getMobileSession``: by the password, or by ``authToken``, the MD5 of the name and the password's MD5."""
    name, password, token = said.get("username", ""), said.get("password"), said.get("authToken")
    if not name or (password is None and token is None):
        raise LastFmError(
            INVALID_PARAMETERS, "Invalid parameters - username and password or authToken are needed."
        )

    def knows(secret: str) -> bool:
        if password is not None:
            return _same(secret, password) or _same(md5(secret), password)
        return any(_same(md5(spelled + md5(secret)), token or "") for spelled in (name, name.lower()))

    player = by_secret(name, knows)
    if player is None:
        raise LastFmError(AUTHENTICATION_FAILED, "Authentication Failed - the name or the password is wrong.")
    return _entered(said, player)


def token(_said: Said) -> Node:
    """``auth.getToken``: a word for ``/api/auth/``. Whoever asks is nobody yet, and their signature shows nothing."""
    return Node("token", player_token_make())


@transaction.atomic  # whoever signed wrongly may try again
def session(said: Said) -> Node:
    """``auth.getSession``: by the token of ``/api/auth/``, or by the second secret in its place."""
    word = said.get("token", "")
    player = by_token_once(word) or by_secret_alone(word)
    if player is None:
        raise LastFmError(NOT_AUTHORIZED, "Unauthorized Token - This token has not been authorized.")
    return _entered(said, player)


def _entered(said: Said, player: Player) -> Node:
    _ensure_signed(said, player)
    key = Node("key", player_session(player.device))
    return Node("session", children=(Node("name", player.user.username), key, Node("subscriber", "0")))


def _session(said: Said) -> Player:
    player = by_session(said.get("sk", ""))
    if player is None:
        raise LastFmError(INVALID_SESSION, "Invalid session key - Please re-authenticate.")
    return player


def _ensure_signed(said: Said, player: Player) -> None:
    """``api_sig`` is the MD5 of all fields by name, and the shared secret."""
    key = said["api_key"]
    text = "".join(f"{name}{said[name]}" for name in sorted(said) if name not in UNSIGNED)
    known = {player_secret(player.device), BUILT_IN.get(key), key}
    signature = said.get("api_sig", "").lower()
    if not any(_same(md5(text + secret), signature) for secret in known if secret is not None):
        raise LastFmError(INVALID_SIGNATURE, "Invalid method signature supplied.")


def _ensure_post(request: HttpRequest) -> None:
    """What stands in an address stands in logs."""
    if request.method != "POST":
        raise LastFmError(INVALID_PARAMETERS, "This method requires POST.")


def md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


# --- what is written ------------------------------------------------------------------------


def scrobble(player: Player, said: Said) -> Node:
    """``track.scrobble``: one play, or up to fifty by index; of each whether it was taken, and else why not."""
    rows = indexed(said)
    if not rows:
        raise LastFmError(INVALID_PARAMETERS, "Invalid parameters - artist, track and timestamp are needed.")
    if len(rows) > MOST_SCROBBLES:
        raise LastFmError(INVALID_PARAMETERS, f"Invalid parameters - at most {MOST_SCROBBLES} at once.")
    ignored: dict[int, tuple[str, str]] = {}
    plays: dict[int, IncomingPlay] = {}
    for place, row in enumerate(rows):
        moment = number_of(row.get("timestamp"))
        if moment is None:
            ignored[place] = "2", "The timestamp is missing, or is no time."
        else:
            plays[place] = play_of(row, player.source(SOURCE), int(moment))
    places = list(plays)
    for verdict in plays_take(player, list(plays.values())):
        if refused(verdict):
            ignored[places[verdict.index]] = ignored_code(verdict), verdict.message
    told = [
        _told("scrobble", row, ignored.get(place), listed=len(rows) > 1) for place, row in enumerate(rows)
    ]
    counts = {"accepted": str(len(rows) - len(ignored)), "ignored": str(len(ignored))}
    return Node("scrobbles", attributes=counts, children=told)


def now_playing(player: Player, said: Said) -> Node:
    """``track.updateNowPlaying``."""
    if not said.get("artist") or not said.get("track"):
        raise LastFmError(INVALID_PARAMETERS, "Invalid parameters - artist and track are needed.")
    now_take(player, play_of(said, player.source(SOURCE), None))
    return _told("nowplaying", said, None)


def love(player: Player, said: Said) -> None:
    """``track.love``."""
    _say(player, said, FeedbackKind.LIKE)


def unlove(player: Player, said: Said) -> None:
    """``track.unlove``."""
    _say(player, said, None)


def _say(player: Player, said: Said, kind: FeedbackKind | None) -> None:
    if not said.get("artist") or not said.get("track"):
        raise LastFmError(INVALID_PARAMETERS, "Invalid parameters - artist and track are needed.")
    track_said(player, title=said["track"], artist=said["artist"], kind=kind, mbid=said.get("mbid", ""))


def play_of(row: Said, source: str, moment: int | None) -> IncomingPlay:
    """A row as it is handed on. Lengths come in seconds."""
    return IncomingPlay(
        source=source, listened_at=moment, title=row.get("track"), artist=row.get("artist"),
        album=row.get("album") or None, mbid=row.get("mbid") or None, duration_ms=seconds_of(row.get("duration")) or None,
    )  # fmt: skip


def indexed(said: Said) -> list[dict[str, str]]:
    """The rows of a batch, in the order of their numbers; fields without a number are one row."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in said.items():
        if (found := _INDEXED.fullmatch(name)) is not None:
            rows.setdefault(int(found[2]), {})[found[1]] = value
    if not rows and ("track" in said or "artist" in said):
        return [dict(said)]
    return [rows[number] for number in sorted(rows)]


def ignored_code(verdict: Verdict) -> str:
    """Why, in the protocol's numbers: 1 the artist, 2 the track, 3 too old, 4 too new."""
    field = (verdict.field or "").lower()
    if "artist" in field:
        return "1"
    return "4" if "time" in verdict.code.lower() or field == "listenedat" else "2"


def _told(name: str, row: Said, ignored: tuple[str, str] | None, *, listed: bool = False) -> Node:
    code, words = ignored or ("0", "")
    parts = [
        Node(part, row.get(part, ""), {"corrected": "0"})
        for part in ("track", "artist", "album", "albumArtist")
    ]
    if name == "scrobble":
        parts.append(Node("timestamp", row.get("timestamp", "")))
    parts.append(Node("ignoredMessage", words, {"code": code}))
    return Node(name, children=parts, listed=listed)


ENTER: Mapping[str, Callable[[Said], Node]] = {
    "auth.getmobilesession": mobile_session,
    "auth.getsession": session,
    "auth.gettoken": token,
}
READ: Mapping[str, Callable[[Player, Said], Node]] = {
    "user.getrecenttracks": recent_tracks,
    "user.getinfo": user_info,
}
WRITE: Mapping[str, Callable[[Player, Said], Node | None]] = {
    "track.scrobble": scrobble,
    "track.updatenowplaying": now_playing,
    "track.love": love,
    "track.unlove": unlove,
}
