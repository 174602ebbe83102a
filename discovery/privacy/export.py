"""People's own data as a file: asked for, written in the background, fetched through a link that expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.signals import records_deleted
from discovery.models import DataExport
from discovery.privacy.archive import Archive, sha256_of
from discovery.privacy.export_end import LIVES
from discovery.privacy.export_files import export_write
from discovery.privacy.signals import export_requested

TOLD = 10  # exports that their owner is told of
FRESH = timedelta(days=1)  # for so long the same one is answered with
_SALT = "earshot.export"


def connect() -> None:
    """Have files end with what their person deletes; called once, when the project is ready."""
    records_deleted.connect(_deleted, dispatch_uid="discovery.export")


def _deleted(*, user: User, **_: Any) -> None:
    exports_end(user=user)


@transaction.atomic
def data_export_request(*, user: User) -> DataExport:
    """Ask for an export; the one that waits already or was written within a day, where there is one.

    A new one takes the place of older files as soon as it is there.
    """
    User.objects.select_for_update().get(pk=user.pk)
    waiting = Q(state=DataExport.State.REQUESTED)
    now = timezone.now()
    fresh_one = Q(state=DataExport.State.READY, requested_at__gt=now - FRESH, expires_at__gt=now)
    asked = DataExport.objects.filter(waiting | fresh_one, user=user).order_by("-requested_at").first()
    if asked is not None:
        return asked
    fresh = DataExport.objects.create(user=user)
    transaction.on_commit(lambda: export_requested.send_robust(sender=DataExport, key=str(fresh.pk)))
    return fresh


def data_export_build(*, export_id: str) -> DataExport | None:
    """Write the file; None where there is nothing to do. Run twice, or after a kill, it ends the same.

    The file is written beside its place and moved there whole, by one run alone: a second at once does no harm.
    """
    export = DataExport.objects.select_related("user").filter(pk=export_id).first()
    if export is None or export.state != DataExport.State.REQUESTED or not export.user.is_active:
        return None
    export.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    begun_without = export.user.records_deleted_at
    draft = export.path.with_suffix(f".{token_hex(8)}.draft")  # two containers' workers have one number
    try:
        with Archive(draft) as archive:
            export_write(archive, export.user)
        if not draft.exists():  # another run was first, or the account is erased
            return None
        export.size, export.sha256 = draft.stat().st_size, sha256_of(draft)
        if not _put(export, draft, begun_without):
            return None
    finally:
        draft.unlink(missing_ok=True)
    exports_end(user=export.user, but=export)
    for left in export.drafts:  # by a worker that was killed, or by one that comes too late
        left.unlink(missing_ok=True)
    return export


@transaction.atomic
def _put(export: DataExport, draft: Path, begun_without: datetime | None) -> bool:
    """Move the file to its place, unless another run was first, the account is erased, or something in it was deleted
    meanwhile: then the next run writes it anew.

    Their person is locked, as by whoever deletes: either they end this file, or it is seen here that they were there.
    """
    locked = User.objects.select_for_update().filter(pk=export.user_id)
    ours = DataExport.objects.filter(pk=export.pk, state=DataExport.State.REQUESTED)
    if list(locked.values_list("records_deleted_at", flat=True)) != [begun_without] or not ours.exists():
        return False
    draft.replace(export.path)
    export.state, export.expires_at = DataExport.State.READY, timezone.now() + LIVES
    ours.update(state=export.state, expires_at=export.expires_at, size=export.size, sha256=export.sha256)
    return True


def data_export_list(*, user: User) -> list[DataExport]:
    """The latest that ``user`` asked for, newest first."""
    return list(user.data_exports.order_by("-requested_at")[:TOLD])


def data_export_link(export: DataExport) -> str | None:
    """The address of the file for its owner, signed in; None until it is there, and after it expired."""
    if not is_there(export):
        return None
    return reverse("data-export", args=[signing.dumps(str(export.pk), salt=_SALT)])


def data_export_find(*, user: User, token: str) -> DataExport | None:
    """The export behind a link, where it is this user's and has not expired."""
    try:
        key = signing.loads(token, salt=_SALT, max_age=LIVES)
    except signing.BadSignature:
        return None
    export = DataExport.objects.filter(pk=key, user=user).first()
    return export if export is not None and is_there(export) else None


def is_there(export: DataExport) -> bool:
    return (
        export.state == DataExport.State.READY
        and export.expires_at is not None
        and export.expires_at > timezone.now()
    )


def exports_end(*, user: User, but: DataExport | None = None) -> int:
    """Delete the files of ``user`` (but one): a newer is there, or something in them is gone. Return how many."""
    written = DataExport.objects.filter(user=user, state=DataExport.State.READY)
    over = list(written if but is None else written.exclude(pk=but.pk))
    DataExport.objects.filter(pk__in=[export.pk for export in over]).update(state=DataExport.State.EXPIRED)
    for export in over:
        transaction.on_commit(partial(export.path.unlink, missing_ok=True))
    return len(over)


def exports_waiting() -> list[str]:
    """Keys of those still to be written, oldest first: for the clock, when a message was lost."""
    waiting = DataExport.objects.filter(state=DataExport.State.REQUESTED, user__is_active=True)
    return [str(key) for key in waiting.order_by("requested_at").values_list("pk", flat=True)]
