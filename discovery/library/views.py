"""``/library/…``: sound and pictures of a person's own library, passed on to them alone; ``/covers/…``: pictures drawn here.

The server's answer is passed on as it comes, a piece at a time, whatever its length. Only what is sound, or a picture that
cannot run anything, gets through; no header of the server does but those named here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.models import User
from discovery.library.accounts import server_of
from discovery.library.covers import cover_svg
from discovery.library.subsonic import (
    MISSING,
    NO_SERVER,
    UNREACHABLE,
    Refused,
    Subsonic,
    refusal,
    refusal_of,
    told_in,
)
from discovery.platform.errors import NotFound, Refusal
from graph.libraries import song_named
from graph.models import LibrarySong

PASSED_ON = ("Content-Type", "Content-Length", "Content-Range", "Accept-Ranges")
PIECE = 64 << 10  # bytes
LARGEST_PICTURE = 8 << 20
LONGEST_ERROR = 64 << 10
COVER_SIZE = "300"
# Pictures that hold nothing but a picture.
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/bmp"})
SOUNDS_ELSEWHERE = frozenset({"application/ogg", "application/x-flac"})  # sound under other names
CONFINED = "default-src 'none'; style-src 'none'; sandbox"

# Reading waits for servers elsewhere, and must not take the threads that everything else needs.
_readers = ThreadPoolExecutor(max_workers=64, thread_name_prefix="library")


@require_safe
def stream(request: HttpRequest, word: str) -> HttpResponseBase:
    """The sound of a song, or the part of it that is asked for."""
    part = request.headers.get("Range", "")
    wanted = {"Range": part} if part and part.isascii() else {}
    try:
        song = song_named(_viewer(request), word)
        return _passed_on(request, song, "stream", wanted, id=song.song)
    except Refusal as refused:
        return _refused(refused)


@require_safe
def cover(request: HttpRequest, word: str) -> HttpResponseBase:
    """The picture of a song."""
    try:
        song = song_named(_viewer(request), word)
        if not song.cover:
            raise refusal(MISSING)
        return _passed_on(request, song, "getCoverArt", {}, id=song.cover, size=COVER_SIZE)
    except Refusal as refused:
        return _refused(refused)


@require_safe
def drawn(request: HttpRequest, word: str) -> HttpResponseBase:
    """A picture that is drawn here; what it is for, its address does not say."""
    try:
        picture = cover_svg(word)
    except (ValueError, TypeError):
        return missing("There is no such picture.")
    return safe(HttpResponse(picture, content_type="image/svg+xml"), seconds=30 * 86_400)


def _viewer(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _passed_on(
    request: HttpRequest, song: LibrarySong, method: str, headers: dict[str, str], **values: str
) -> HttpResponseBase:
    """Raises Refusal."""
    with ExitStack() as opening:
        client = opening.enter_context(Subsonic(server_of(song.account)))
        answer = opening.enter_context(
            client.opened(method, headers={**headers, "Accept-Encoding": "identity"}, **values)
        )
        if not connection.in_atomic_block:
            close_old_connections()  # a song takes minutes, and nothing of it needs the database
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if answer.status_code not in {200, 206, 416} or not (
            _is_sound(kind) if method == "stream" else kind in PICTURES
        ):
            _say_why(answer, kind)
        ending = opening.pop_all()  # open until the last piece is passed on, or nobody wants it
    pieces = _pieces(answer, ending, most=LARGEST_PICTURE if method == "getCoverArt" else None)
    body: Iterator[bytes] | AsyncIterator[bytes] = pieces
    if request.method == "HEAD":
        ending.close()
        body = iter(())
    elif isinstance(request, ASGIRequest):
        body = _as_wanted(pieces)
    response = StreamingHttpResponse(body, status=answer.status_code)
    for name in PASSED_ON:
        if name in answer.headers:
            response[name] = answer.headers[name]
    return safe(response, seconds=86_400 if method == "getCoverArt" else None)


def _is_sound(kind: str) -> bool:
    return kind.startswith("audio/") or kind in SOUNDS_ELSEWHERE


def _say_why(answer: httpx.Response, kind: str) -> None:
    """Raises Refusal: what the server says instead of sound or a picture."""
    if not kind.endswith("json"):
        raise refusal(MISSING if answer.status_code == 404 else NO_SERVER)
    body = b""
    for piece in answer.iter_raw(PIECE):
        body += piece
        if len(body) > LONGEST_ERROR:
            break
    try:
        told_in(body)
    except Refused as told:
        raise refusal_of(told) from None
    raise refusal(NO_SERVER)


def _pieces(answer: httpx.Response, ending: ExitStack, *, most: int | None) -> Iterator[bytes]:
    """What the server sends, a piece at a time; where it breaks off, so does this."""
    sent = 0
    with ending:
        try:
            for piece in answer.iter_raw(PIECE):
                sent += len(piece)
                if most is not None and sent > most:
                    return
                yield piece
        except httpx.HTTPError:
            raise ConnectionError(UNREACHABLE) from None


async def _as_wanted(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same for an event loop: each piece is read when the one before is gone."""
    loop = asyncio.get_running_loop()
    try:
        while (piece := await loop.run_in_executor(_readers, next, pieces, None)) is not None:
            yield piece
    finally:
        _readers.submit(pieces.close)  # type: ignore[attr-defined]  # a generator


def safe(response: HttpResponseBase, *, seconds: int | None) -> HttpResponseBase:
    """For one person's browser alone, as the kind of thing it is, and able to do nothing.

    ``seconds``: how long the browser may keep it; sound not at all, for whoever signed out is to hear nothing more.
    """
    response["Cache-Control"] = "private, no-store" if seconds is None else f"private, max-age={seconds}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = CONFINED
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def missing(words: str) -> HttpResponse:
    return _refused(NotFound(words))


def _refused(refused: Refusal) -> HttpResponse:
    status = 404 if isinstance(refused, NotFound) else 502
    answer = {"errors": [{"message": refused.message, "extensions": {"code": refused.specific_code}}]}
    response = JsonResponse(answer, status=status)
    response["Cache-Control"] = "no-store"
    return response


addresses = [
    path("library/stream/<str:word>", stream, name="library-stream"),
    path("library/cover/<str:word>", cover, name="library-cover"),
    path("covers/<str:word>.svg", drawn, name="cover"),
]
