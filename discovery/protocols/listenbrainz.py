"""ListenBrainz, as players write: tokens, plays, what plays now, and what is liked."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import DeviceScope
from accounts.presentation import node_shown
from discovery.platform.errors import Conflict, InvalidInput, NotFound
from discovery.protocols.asking import Player, by_header
from discovery.protocols.bodies import json_object, number_of, seconds_of, text_of
from discovery.protocols.brainz import address, failure
from discovery.protocols.handing import MBID, now_take, plays_take, refused, track_known
from discovery.protocols.references import TRACK, reference, referred
from graph.ingest.incoming import IncomingPlay
from graph.models import FeedbackKind, ItemKind, Track
from graph.selectors import item_ref
from graph.services.feedback import feedback_clear, feedback_give

MOST_LISTENS = 1_000  # in one request
SOURCE = "listenbrainz"
KINDS = ("single", "playing_now", "import")
SCORES = {1: FeedbackKind.LIKE, -1: FeedbackKind.DISLIKE, 0: None}


@csrf_exempt
def validate_token(request: HttpRequest) -> HttpResponse:
    """``GET /1/validate-token``: whose token this is; one that is none is answered, not refused."""
    header = request.headers.get("Authorization", "")
    if not header:
        return failure(400, "You need to provide an Authorization token.")
    player = by_header(header)
    if player is None:
        return JsonResponse({"code": 200, "message": "Token invalid.", "valid": False})
    named = {"valid": True, "user_name": player.user.username}
    return JsonResponse({"code": 200, "message": "Token valid.", **named})


@address("POST", DeviceScope.PLAYS_WRITE)
def submit_listens(request: HttpRequest, player: Player) -> HttpResponse:
    """``POST /1/submit-listens``. A listen that cannot be taken is named by its place; the others are kept."""
    kind, payload = _payload(json_object(request))
    if kind == "playing_now":
        return _playing_now(request, player, payload[0])
    plays: dict[int, IncomingPlay] = {}
    bad: dict[int, str] = {}
    for place, listen in enumerate(payload):
        try:
            plays[place] = play_of(listen, player.source(SOURCE))
        except InvalidInput as refusal:
            bad[place] = refusal.message
    places = list(plays)
    for verdict in plays_take(player, list(plays.values())):
        if refused(verdict):
            bad[places[verdict.index]] = verdict.message
    if not bad:
        return JsonResponse({"status": "ok"})
    errors = [{"index": place, "error": bad[place]} for place in sorted(bad)]
    first = errors[0]
    message = f"Listen {first['index']} of the payload: {first['error']}"
    return JsonResponse({"code": 400, "error": message, "errors": errors}, status=400)


def _payload(document: dict[str, Any]) -> tuple[str, list[Any]]:
    """What kind of listens, and these. Raises InvalidInput."""
    kind, payload = document.get("listen_type"), document.get("payload")
    if kind not in KINDS:
        raise InvalidInput("JSON document requires a valid listen_type key.")
    if not isinstance(payload, list) or not payload:
        raise InvalidInput("JSON document does not contain any listens.")
    if kind != "import" and len(payload) > 1:
        raise InvalidInput(
            f"JSON document contains more than one listen for a {kind}. It should contain only one."
        )
    if len(payload) > MOST_LISTENS:
        raise InvalidInput(f"JSON document contains too many listens: at most {MOST_LISTENS} are taken.")
    return kind, payload


def play_of(listen: Any, source: str) -> IncomingPlay:
    """One listen of a payload as it is handed on. Raises InvalidInput where it has not the shape of one."""
    named, more = _described(listen)
    moment = number_of(listen.get("listened_at"))
    if moment is None:
        raise InvalidInput("listened_at is missing, or is no time in seconds since 1970.")
    return _play(
        named, more, source, listened_at=int(moment), ms_played=seconds_of(more.get("duration_played"))
    )


def _play(named: dict[str, Any], more: dict[str, Any], source: str, **when: Any) -> IncomingPlay:
    length = number_of(more.get("duration_ms"))
    return IncomingPlay(
        source=source, title=named["track_name"], artist=named["artist_name"],
        artists=more.get("artist_names"), artist_mbids=more.get("artist_mbids"),
        album=text_of(named.get("release_name")), mbid=text_of(more.get("recording_mbid")),
        isrc=text_of(more.get("isrc")), uri=spotify_uri(more.get("spotify_id")),
        duration_ms=seconds_of(more.get("duration")) if length is None else int(length), **when,
    )  # fmt: skip


def _described(listen: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a listen says of its track, and the additional information."""
    named = listen.get("track_metadata") if isinstance(listen, dict) else None
    if not isinstance(named, dict):
        raise InvalidInput("track_metadata is missing.")
    for name in ("track_name", "artist_name"):
        if text_of(named.get(name)) is None:
            raise InvalidInput(f"track_metadata.{name} is missing.")
    more = named.get("additional_info")
    return named, more if isinstance(more, dict) else {}


def spotify_uri(value: Any) -> str | None:
    """``https://open.spotify.com/track/…`` as Spotify itself names it."""
    if not isinstance(value, str) or value.startswith("spotify:"):
        return value if isinstance(value, str) else None
    parts = value.split("?")[0].rstrip("/").split("/")
    if "spotify.com" in value and len(parts) > 1 and parts[-2] == "track":
        return f"spotify:track:{parts[-1]}"
    return None


def _playing_now(request: HttpRequest, player: Player, listen: Any) -> HttpResponse:
    named, more = _described(listen)
    if "listened_at" in listen:
        raise InvalidInput("JSON document should not contain listened_at for a playing_now.")
    track = now_take(player, _play(named, more, player.source(SOURCE), listened_at=None))
    msid = {"recording_msid": reference(TRACK, track.pk)} if track and "return_msid" in request.GET else {}
    return JsonResponse({"status": "ok", **msid})


@address("POST", DeviceScope.PLAYS_WRITE)
def recording_feedback(request: HttpRequest, player: Player) -> HttpResponse:
    """``POST /1/feedback/recording-feedback``: 1 likes, -1 dislikes, 0 takes it back. What is private is not kept."""
    document = json_object(request)
    score = document.get("score")
    if isinstance(score, bool) or not isinstance(score, int) or score not in SCORES:
        raise InvalidInput("Feedback can have a value of 1, 0 or -1.")
    track = _recording(player, document)
    try:
        if (kind := SCORES[score]) is not None:
            feedback_give(user=player.user, item=track, kind=kind)
        else:
            with transaction.atomic():
                for word in (FeedbackKind.LIKE, FeedbackKind.DISLIKE):
                    feedback_clear(user=player.user, item=track, kind=word)
    except Conflict:
        pass  # said in a private session
    return JsonResponse({"status": "ok"})


def _recording(player: Player, document: dict[str, Any]) -> Track:
    mbid, msid = (text_of(document.get(f"recording_{name}")) for name in ("mbid", "msid"))
    if mbid is None and msid is None:
        raise InvalidInput("JSON document must contain a recording_mbid or a recording_msid.")
    if (mbid is not None and not MBID.fullmatch(mbid)) or (msid is not None and not MBID.fullmatch(msid)):
        raise InvalidInput("recording_mbid or recording_msid is no MusicBrainz id.")
    key = None if msid is None else referred(TRACK, msid)
    track: Track | None = None
    if key is not None:
        track = node_shown(player.user, item_ref(ItemKind.TRACK, key))
    if track is None and mbid is not None:
        track = track_known(player, title="", artist="", mbid=mbid)
    if track is None:
        raise NotFound("There is no such recording here.")
    return track
