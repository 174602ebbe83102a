"""A list of erasures beside the database, so that putting back an older copy of it brings nobody back.

Each line of ``ERASURES`` holds a random number that, once the erasure is done, leads to nobody, and a day; both go when the ledger's
lines of that person do. `erasures_replay` is for the moment between a restore and the first request.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.signals import person_purging
from discovery.models import Erasure
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.privacy.signals import erasure_requested

KEPT = timedelta(days=3 * 365)


def connect() -> None:
    """Called once, when the app is ready. The second finds what a process that died between left out of the list."""
    erasure_requested.connect(_requested, dispatch_uid="privacy.erasures_kept")
    person_purging.connect(_purging, dispatch_uid="privacy.erasures_kept")


def _requested(*, key: str, **_: Any) -> None:
    row = Erasure.objects.get(pk=key)
    erasures_keep({row.subject: row.requested_at.date()})


def _purging(*, user: User, **_: Any) -> None:
    """Whoever is purged has asked for it in a transaction that is through."""
    erasures_keep({user.pseudonym: timezone.now().date()})


Kept = dict[UUID, date]  # whose account, and when it was erased


def erasures_read(path: Path) -> Kept:
    """What such a file says; nothing where there is none. Raises ValueError where it is another one."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    try:
        return {UUID(row["subject"]): date.fromisoformat(row["on"]) for row in rows}
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no list of erasures") from error


def erasures_keep(erased: Kept) -> None:
    """Add these to the list, unless it has them, and leave out what is kept no longer; whole or not at all."""
    path = Path(settings.ERASURES)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = erasures_read(path)
        oldest = timezone.now().date() - KEPT
        rows = {key: day for key, day in {**erased, **before}.items() if day >= oldest}
        if rows == before:
            return
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.writelines(
                f"{json.dumps({'subject': str(key), 'on': day.isoformat()})}\n" for key, day in rows.items()
            )
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)


def erasures_note() -> None:
    """Have the list hold every erasure that the database knows of and that was asked for lately enough."""
    since = timezone.now() - KEPT
    rows = Erasure.objects.filter(requested_at__gte=since).values_list("subject", "requested_at")
    erasures_keep({subject: asked.date() for subject, asked in rows})


def erasures_replay(files: Iterable[Path] = ()) -> list[UUID]:
    """Erase again whoever an older copy of the database brought back; returns whom, by the ledger's number.

    ``files`` are lists of the machine from before the restore, or of other machines; what they say is kept from now on.
    """
    for path in files:
        erasures_keep(erasures_read(path))
    erased = erasures_read(Path(settings.ERASURES))
    back = []
    for user in User.objects.filter(pseudonym__in=erased).order_by("pk"):
        erasure = erasure_request(user=user, confirm=user.username)
        erasure_advance(erasure_id=str(erasure.pk))
        back.append(user.pseudonym)
    return back
