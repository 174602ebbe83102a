"""``/voice/``: what somebody says is recognized and forgotten. It does nothing itself: the page asks the API for what was said.

The sound is in memory alone, here and in the process that hears (`discovery.voice.ear`); the server lets no more in than
is listened to, so that Django writes none of it to the disk.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from discovery.platform.errors import LimitExceeded, Refusal, VoiceUnavailable
from discovery.platform.graphql.view import CodedCsrfMiddleware
from discovery.platform.meters import VOICE
from discovery.platform.rates import rate_of, rate_wait
from discovery.voice.answers import answer
from discovery.voice.heard import EarTaken, Heard, the_ear
from discovery.voice.phrases import plain
from discovery.voice.sound import LARGEST, sound_samples
from discovery.web.rates import come_back, too_often

WORDS = "text/plain"  # of a browser that recognized them itself, on the device
LONGEST_WORDS = 1_000  # bytes
FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}


@csrf_exempt
def voice(request: HttpRequest) -> HttpResponseBase:
    """A sound, or words, as the whole body. Answers with what is to be done, asked or said."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if request.content_type in FORMS:  # before anything reads one: files of a form go to the disk
        return _coded("BAD_REQUEST", _("Send the sound as the whole body."), 415)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return _with_csrf_token(request)
    return _taken(request)


@sensitive_variables()
def _taken(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return _coded("SIGN_IN_REQUIRED", _("Sign in to do this."), 401)
    rate = rate_of(settings.RATE_VOICE)
    if rate is not None and (seconds := rate_wait(rate, f"voice:{request.user.pk}")):
        return too_often(request, seconds)
    try:
        told = answer(_heard(request))
    except Refusal as refusal:
        status = 413 if isinstance(refusal, LimitExceeded) else 400
        return _coded(refusal.specific_code, refusal.message, status)
    except VoiceUnavailable as error:
        VOICE.labels("unavailable").inc()
        return _coded(error.code, _("Spoken commands are not understood here."), 503)
    except EarTaken:
        VOICE.labels("busy").inc()
        message = _("Others are being listened to; please say it again.")
        return come_back(request, 2, status=503, code="BUSY", message=message)
    VOICE.labels("asked" if told.confirm else "understood" if told.intent else "not_understood").inc()
    response = JsonResponse(told.as_json())
    response["Cache-Control"] = "no-store"
    return response


_with_csrf_token = decorator_from_middleware(CodedCsrfMiddleware)(_taken)


@sensitive_variables()
def _heard(request: HttpRequest) -> Heard:
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise LimitExceeded(_("A request body holds at most %(most)d bytes.") % {"most": LARGEST})
    if request.content_type != WORDS:
        return the_ear().hear(sound_samples(body))
    return Heard(plain(body[:LONGEST_WORDS].decode("utf-8", "replace")), 1.0)


def _coded(code: str, message: str, status: int) -> HttpResponse:
    response = JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)
    response["Cache-Control"] = "no-store"
    return response
