"""Histories on their way in: one private file each, in a folder of its person's, under a name that only they can use."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.signals import on_device_beginning, person_purging
from discovery.platform.errors import InvalidInput, LimitExceeded, NotFound
from discovery.platform.storage_full import room_needed
from graph.models import History

UNUSED_KEPT = timedelta(hours=24)
MOST_UNUSED = 5  # files of one person that nothing reads


def connect() -> None:
    """Have files go with their person; called once, when the app is ready."""
    for signal in (person_purging, on_device_beginning):
        signal.connect(_purged, dispatch_uid="graph.uploads")


def upload_store(*, user: User, pieces: Iterable[bytes]) -> uuid.UUID:
    """Write a file piece by piece; return the name by which its person, and nobody else, has it read.

    Raises LimitExceeded for a larger one than ``UPLOAD_LARGEST`` and where too many wait already, and InvalidInput for
    one with nothing in it, StorageFull where the disk has no room. Then there is no file.
    """
    folder = _folder(user)
    with room_needed("upload"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(list(folder.iterdir())) >= MOST_UNUSED:
        raise LimitExceeded(_("At most %(most)d files can wait.") % {"most": MOST_UNUSED}, field="upload")
    key = uuid.uuid4()
    draft = folder / f"{key}.draft"
    try:
        with room_needed("upload"):
            if not _write(draft, pieces):
                raise InvalidInput(_("This file is empty."), field="upload", code="INVALID_EMPTY")
            draft.replace(upload_path(user, key))
    finally:
        draft.unlink(missing_ok=True)
    return key


def upload_path(user: User, upload: uuid.UUID) -> Path:
    return _folder(user) / f"{upload}.upload"


def upload_get(*, user: User, upload: str) -> uuid.UUID:
    """Raises NotFound for what is no file of this person's."""
    try:
        key = uuid.UUID(upload)
    except ValueError:
        key = None
    if key is None or not upload_path(user, key).is_file():
        raise NotFound(_("There is no such file."), field="upload")
    return key


def upload_delete(history: History) -> None:
    """The file of an import, where there is one."""
    if history.upload is not None:
        upload_path(history.user, history.upload).unlink(missing_ok=True)


def uploads_expire() -> int:
    """Delete files that nothing reads and whose time is over; return how many."""
    read = {
        str(key)
        for key in History.objects.filter(
            state__in=(History.State.WAITING, History.State.RUNNING), upload__isnull=False
        ).values_list("upload", flat=True)
    }
    over = (timezone.now() - UNUSED_KEPT).timestamp()
    gone = [
        path
        for path in Path(settings.UPLOAD_DIR).glob("*/*")
        if path.stem not in read and path.stat().st_mtime < over
    ]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _write(path: Path, pieces: Iterable[bytes]) -> int:
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in pieces:
            size += len(piece)
            if size > settings.UPLOAD_LARGEST:
                raise LimitExceeded(
                    _("A file holds at most %(most)d bytes.") % {"most": settings.UPLOAD_LARGEST},
                    field="upload",
                    code="FILE_TOO_LARGE",
                )
            file.write(piece)
    return size


def _folder(user: User) -> Path:
    return Path(settings.UPLOAD_DIR) / str(user.pseudonym)


def _purged(*, user: User, **_: Any) -> None:
    shutil.rmtree(_folder(user), ignore_errors=True)
