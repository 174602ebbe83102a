"""``/imports/``: the page of one's histories, and the door through which a file comes in, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import decorator_from_middleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from discovery.platform.errors import ConsentMissing, InvalidInput, LimitExceeded, Refusal, StorageFull
from discovery.platform.graphql.view import CodedCsrfMiddleware
from discovery.web.views import confined
from graph.services.history import ensure_recording
from graph.services.uploads import upload_store

PIECE = 1 << 18
FRAME = 1 << 16  # what a form's own words around a file may take
STATUS = {"FILE_TOO_LARGE": 413, LimitExceeded.code: 429, ConsentMissing.code: 403, StorageFull.code: 507}


@csrf_exempt
def imports(request: HttpRequest) -> HttpResponseBase:
    """The page, or with POST a file: as the whole body, or as ``file`` of a form. Answers with the upload's id."""
    if request.method in {"GET", "HEAD"}:
        if not isinstance(request.user, User):
            return redirect_to_login(request.path)
        return confined(
            render(
                request,
                "discovery/imports.html",
                {"largest": settings.UPLOAD_LARGEST, "place": "music", "template": "imports"},
            )
        )
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    told = request.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > settings.UPLOAD_LARGEST + FRAME:
        return _refused(_too_large())
    # Before anything reads the body: a form's file goes to the disk as it comes.
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    # As with GraphQL, the token is asked of whoever sends a session's cookie: nobody else lends any authority.
    return _with_csrf_token(request) if settings.SESSION_COOKIE_NAME in request.COOKIES else _taken(request)


def _taken(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return _coded("SIGN_IN_REQUIRED", _("Sign in to do this."), 401)
    try:
        ensure_recording(request.user)
        return JsonResponse(
            {"upload": str(upload_store(user=request.user, pieces=_pieces(request)))}, status=201
        )
    except Refusal as refusal:
        return _refused(refusal)


_with_csrf_token = decorator_from_middleware(CodedCsrfMiddleware)(_taken)


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    if request.content_type != "multipart/form-data":
        while piece := request.read(PIECE):
            yield piece
        return
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInput(_("Send the file as `file`."), field="file")
    yield from file.chunks(PIECE)


def _too_large() -> LimitExceeded:
    return LimitExceeded(
        _("A file holds at most %(most)d bytes.") % {"most": settings.UPLOAD_LARGEST},
        field="upload",
        code="FILE_TOO_LARGE",
    )


def _refused(refusal: Refusal) -> HttpResponse:
    code = refusal.specific_code
    return _coded(code, refusal.message, STATUS.get(code, 400))


def _coded(code: str, message: str, status: int) -> HttpResponse:
    return JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)
