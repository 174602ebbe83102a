"""``/tunes/…``: the sound of the sample community's tracks, made here (`graph.sample.sounds`); whole or in part."""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe

from discovery.library.views import missing, safe
from graph.sample.sounds import tune_wav

MADE = 16  # tunes that are kept, about 2 MB each
KEEP = 86_400  # seconds in the browser; the same address is always the same sound
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")  # of thousands of digits no number is read

_tune = lru_cache(maxsize=MADE)(tune_wav)


@require_safe
def tune(request: HttpRequest, word: str) -> HttpResponseBase:
    """A tune as WAV. One range of bytes is answered with 206 (RFC 9110, 14.2); whatever else is asked for, with all of it."""
    try:
        sound = _tune(word)
    except (ValueError, TypeError):
        return missing("There is no such tune.")
    part = _part(request.headers.get("Range", ""), len(sound))
    if part is None:
        response = HttpResponse(sound, content_type="audio/wav")
    elif not part:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{len(sound)}"
    else:
        response = HttpResponse(sound[part.start : part.stop], content_type="audio/wav", status=206)
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(sound)}"
    response["Accept-Ranges"] = "bytes"
    return safe(response, seconds=KEEP)


def _part(asked: str, size: int) -> range | None:
    """The bytes that are asked for, empty where there are none of them; None where all are, or it cannot be read."""
    told = _RANGE.fullmatch(asked.strip())
    if told is None or told.groups() == ("", ""):
        return None
    first, last = told.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


addresses = [path("tunes/<str:word>.wav", tune, name="sample-tune")]
