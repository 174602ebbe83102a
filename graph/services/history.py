"""Imports: asked for, claimed by a worker, undone. What stands in a file is read in `graph.importers.history`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import Deliberation, deliberate, ensure_kept_here
from accounts.models import Purpose, User
from discovery.platform import clock
from discovery.platform.errors import Conflict, ConsentMissing, LeaseLost, NotFound
from graph.ingest.follow import deletion_follow
from graph.ingest.undo import plays_undo
from graph.models import Feedback, FeedbackKind, History, HistoryRow, HistoryWord
from graph.services.uploads import upload_delete, upload_path
from graph.signals import history_requested

VERDICTS_KEPT = timedelta(days=90)
MOST_ATTEMPTS = 5  # of workers that died without having stored anything

OPEN = (History.State.WAITING, History.State.RUNNING)


@transaction.atomic
def history_request(*, user: User, upload: uuid.UUID) -> History:
    """Have a file of ``user`` read; asked again for the same file, the same import.

    Raises ConsentMissing where RECORD is not granted, and NotFound where the file is gone.
    """
    act = deliberate(user)
    asked = History.objects.filter(user=user, upload=upload).first()
    if asked is not None:
        return asked
    ensure_recording(user)
    path = upload_path(user, upload)
    if not path.is_file():
        raise NotFound(_("There is no such file."), field="upload")
    history = history_begin(act, upload=upload, size=path.stat().st_size)
    transaction.on_commit(lambda: history_requested.send_robust(sender=History, key=str(history.pk)))
    return history


def history_begin(act: Deliberation, *, size: int, upload: uuid.UUID | None = None) -> History:
    """A new import of whoever acts, waiting."""
    with act.write():
        return History.objects.create(user=act.user, upload=upload, asked_at=act.about_when, bytes_total=size)


def ensure_recording(user: User) -> None:
    """Raises ConsentMissing where plays of ``user`` are not kept, or not here."""
    ensure_kept_here(user)
    if not policies.permits(user, Purpose.RECORD):
        raise ConsentMissing(_("Recording of plays is not granted."), field=Purpose.RECORD.value)


# --- who reads it ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """The right to read one file, as long as nobody holds a higher fence."""

    history_id: int
    user: User
    fence: int


def history_claim(*, history_id: int) -> Claim | None:
    """Claim an import; None where it ended, somebody is alive and at it, or its person is in a private session.

    One that kills its workers ends as failed.
    """
    user = User.objects.filter(histories=history_id).first()
    if user is None:
        return None
    with transaction.atomic():
        act = deliberate(user)
        history = History.objects.select_for_update().get(pk=history_id)
        if history.state not in OPEN or _is_live(history) or act.private:
            return None
        if history.attempts >= MOST_ATTEMPTS:
            _close(act, history, History.State.FAILED, error="GIVEN_UP")
            return None
        history.state, history.heartbeat_at = History.State.RUNNING, clock.now()
        history.fence, history.attempts = history.fence + 1, history.attempts + 1
        with act.write():
            history.save()
        return Claim(history.pk, act.user, history.fence)


def history_hold(claim: Claim) -> tuple[Deliberation, History]:
    """The person and the import, locked until the transaction ends. Raises LeaseLost where another worker has it."""
    act = deliberate(claim.user)  # before the import's row, as whoever undoes one
    history = History.objects.select_for_update().filter(pk=claim.history_id).first()
    if history is None or history.fence != claim.fence or history.state != History.State.RUNNING:
        raise LeaseLost(f"import {claim.history_id} is no longer ours (fence {claim.fence})")
    return act, history


def history_go_on(act: Deliberation, history: History) -> None:
    """Note how far it is; in the transaction that stored what was read, and in none that stored nothing."""
    history.heartbeat_at, history.attempts = clock.now(), 0
    with act.write():
        history.save()


@transaction.atomic
def history_recognize(claim: Claim, form: str) -> History:
    """Note what the file is: no progress yet, so that one that kills its workers is counted. Raises LeaseLost."""
    act, history = history_hold(claim)
    history.format, history.heartbeat_at = form, clock.now()
    with act.write():
        history.save()
    return history


@transaction.atomic
def history_wait(claim: Claim) -> History:
    """Leave an import as it is, for the clock to take up. Raises LeaseLost."""
    act, history = history_hold(claim)
    history.state, history.heartbeat_at = History.State.WAITING, None
    history.attempts = max(0, history.attempts - 1)  # nobody died of it
    with act.write():
        history.save()
    return history


@transaction.atomic
def history_close(claim: Claim, *, error: str = "") -> History:
    """End an import, whatever came of it. Its file goes with it. Raises LeaseLost."""
    act, history = history_hold(claim)
    if not error:
        history.bytes_done = history.bytes_total
    _close(act, history, History.State.FAILED if error else History.State.DONE, error=error)
    return history


def histories_abandoned() -> list[str]:
    """Keys of imports that nobody is at, oldest first: for the clock, when a message was lost or a worker died."""
    rows = History.objects.filter(state__in=OPEN, upload__isnull=False, user__is_active=True)
    quiet = Q(heartbeat_at=None) | Q(heartbeat_at__lte=_since())
    return [str(key) for key in rows.filter(quiet).order_by("pk").values_list("pk", flat=True)]


def _close(act: Deliberation, history: History, state: History.State, *, error: str = "") -> None:
    history.state, history.error = state, error[:32]
    history.finished_at, history.heartbeat_at = act.moment, None  # in a private session, nothing says when
    with act.write():
        history.save()
    transaction.on_commit(lambda: upload_delete(history))


def _is_live(history: History) -> bool:
    return history.heartbeat_at is not None and history.heartbeat_at > _since()


def _since() -> datetime:
    return clock.now() - timedelta(seconds=settings.TRAINING_LEASE_SECONDS)


# --- undone ---------------------------------------------------------------------------------


@transaction.atomic
def history_undo(*, user: User, history_id: int) -> History:
    """Remove what an import brought, and nothing else; one that waits is called off.

    A playlist that was changed since stays, as does a like that was said anew and a play that was corrected by hand:
    these are the person's own by now. What a player or another import told as well stays as that tells it.

    Raises NotFound, and Conflict (IMPORT_RUNNING) while it is read.
    """
    act = deliberate(user)
    history = History.objects.select_for_update().filter(user=user, pk=history_id).first()
    if history is None:
        raise NotFound(_("There is no such import."), field="id")
    if history.state == History.State.UNDONE:
        return history
    if history.state == History.State.RUNNING and _is_live(history):
        raise Conflict(_("This import is still running."), code="IMPORT_RUNNING")
    history.playlists.filter(owner=user, updated_at=F("created_at")).delete()
    history.playlists.filter(owner=user, updated_at=None, created_at=None).delete()
    _words_take_back(user, history)
    plays_undo(user, history.pk)
    _close(act, history, History.State.UNDONE)
    return history


def word_told_again(history: History, track: int, kind: FeedbackKind) -> None:
    """Note that this import tells a word too that another one brought: it goes with the last of them."""
    said = Feedback.objects.filter(user=history.user_id, track=track, kind=kind).first()
    brought = HistoryWord.objects.filter(feedback=said, said_at=F("feedback__given_at"))
    if said is not None and brought.exists():
        HistoryWord.objects.get_or_create(history=history, feedback=said, defaults={"said_at": said.given_at})


def _words_take_back(user: User, history: History) -> None:
    unchanged = HistoryWord.objects.filter(said_at=F("feedback__given_at"))
    brought, others = unchanged.filter(history=history), unchanged.exclude(history=history)
    words = Feedback.objects.filter(user=user, pk__in=brought.values("feedback")).exclude(
        pk__in=others.values("feedback")
    )
    items = list(words.values_list("track_id", "track__artist_id"))
    words.delete()
    history.words.all().delete()
    deletion_follow(
        user=user, rows=len(items),
        tracks={track for track, _artist in items if track}, artists={artist for _track, artist in items if artist},
    )  # fmt: skip


# --- its end --------------------------------------------------------------------------------


def verdicts_forget() -> int:
    """Delete what was said of single rows when its time is over; return how many."""
    over = clock.now() - VERDICTS_KEPT
    return HistoryRow.objects.filter(history__asked_at__lt=over).delete()[0]
