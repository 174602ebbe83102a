"""A list of withdrawals beside the database, so that putting back an older copy of it brings no permission back.

Each line of ``WITHDRAWALS`` says that somebody, as a digest with this installation's key, refused a purpose (towards somebody) at a
moment. It is written before the answer is given, and the clock adds what a process that died left out. The hourly
`withdrawals_compact` leaves one line for each no that still stands: none of whoever is gone, or said yes since.
`withdrawals_replay` is for the moment between a restore and the first request. What it cannot know it takes for withdrawn.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Max, QuerySet

from accounts.models import Consent, ConsentActor, ConsentEvent, ConsentState, LedgerHead, Purpose, User
from accounts.services.ledger import Change, ledger_record
from accounts.signals import consent_changed, person_purging
from discovery.platform import clock

logger = logging.getLogger(__name__)

KEPT = timedelta(days=365)  # no backup that is older is put back by this list
JUST_NOW, LATELY = (
    timedelta(minutes=1),
    timedelta(days=1),
)  # as far as a commit looks back, and the clock each minute
_AT_ONCE = 500


class Line(NamedTuple):
    """``who`` said no to ``purpose``, towards one friend where ``towards`` is not empty."""

    who: str
    purpose: str
    towards: str
    at: str
    key: str  # names the key of the digests


@dataclass(frozen=True)
class Replayed:
    """How many answers a replay took back: those that the list names, and those of which nobody can tell."""

    withdrawn: int
    unknown: int


def connect() -> None:
    """Called once, when the app is ready."""
    consent_changed.connect(_changed, dispatch_uid="privacy.withdrawals_kept")
    person_purging.connect(_purging, dispatch_uid="privacy.withdrawals_kept")


def _changed(*, user_ids: frozenset[int], **_: Any) -> None:
    """Appended unread: a line that stands there twice says nothing more."""
    lines = _standing(Consent.objects.filter(user__in=user_ids, changed_at__gte=clock.now() - JUST_NOW))
    if lines:
        with _held() as path:
            _append(path, lines)


def _purging(*, user: User, **_: Any) -> None:
    theirs = digest(user.pseudonym)
    with _held() as path:
        before, _unread = withdrawals_read(path)
        left = [line for line in before if theirs not in {line.who, line.towards}]
        if left != before:
            _write(path, left)


def withdrawals_note() -> int:
    """Add what was refused lately and is not in the list; return how many lines. A list that is not there is made."""
    if not Path(settings.WITHDRAWALS).exists():
        withdrawals_compact()
    with _held() as path:
        known = set(withdrawals_read(path)[0])
        lately = Consent.objects.filter(changed_at__gte=clock.now() - LATELY)
        lines = [line for line in _standing(lately) if line not in known]
        _append(path, lines)
    return len(lines)


def withdrawals_compact() -> int:
    """Make the list hold each no that stands and is not too old, once; return how many lines went.

    A line that the database does not bear out stays: the database may be an older copy. One that was made with another key
    goes once the same answer is there under this one.
    """
    oldest = clock.now() - KEPT
    with _held() as path:
        before, unread = withdrawals_read(path)
        here = {digest(key) for key in User.objects.values_list("pseudonym", flat=True)}
        standing = _standing(Consent.objects.filter(changed_at__gte=oldest))
        yes = _yes()
        told = {(line.purpose, line.at) for line in standing}
        lines = {(line.who, line.purpose, line.towards): line for line in standing}
        for line in before:
            place = line.who, line.purpose, line.towards
            if datetime.fromisoformat(line.at) < oldest:
                continue
            if line.key != _fingerprint():
                if (line.purpose, line.at) not in told:
                    lines[place] = line
            elif line.who in here and (not line.towards or line.towards in here):
                later = lines.get(place)
                if line.at > yes.get(place, "") and (later is None or later.at < line.at):
                    lines[place] = line
        if unread:
            logger.error("%d lines of %s could not be read; what the database knows is there", unread, path)
        kept = sorted(lines.values(), key=lambda line: line.at)
        if kept != before or unread or not path.exists():
            _write(path, kept)
    return max(len(before) - len(kept), 0)


def withdrawals_read(path: Path) -> tuple[list[Line], int]:
    """The lines of such a file, and how many could not be read; none where there is none."""
    lines, unread = [], 0
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            line = Line(**json.loads(text))
            Purpose(line.purpose), datetime.fromisoformat(line.at)
        except (TypeError, ValueError):
            unread += 1
        else:
            lines.append(line)
    return lines, unread


def withdrawals_replay(files: Iterable[Path] = (), *, keys: Collection[str] = ()) -> Replayed:
    """Take back again what an older copy of the database brought back.

    ``files`` are lists of the machine from before the restore, or of other machines; ``keys`` earlier values of
    ``SIGNING_KEY``. Of a line that no key reads nobody can tell whose it is: then its purpose expires for everybody who
    answered earlier, and they are asked again. Raises ValueError where something in a file is no line.
    """
    lines: list[Line] = []
    for path in (Path(settings.WITHDRAWALS), *files):
        read, unread = withdrawals_read(path)
        if unread:
            raise ValueError(f"{path} has {unread} lines that cannot be read")
        lines += read
    people = {
        (_fingerprint(key), digest(user.pseudonym, key)): user
        for key in (settings.SIGNING_KEY, *keys)
        for user in User.objects.all()
    }
    known = {_fingerprint(key) for key in (settings.SIGNING_KEY, *keys)}
    named, unknown = 0, 0
    for line in sorted(set(lines), key=lambda line: line.at):
        if line.key in known:
            named += _again(line, people)
        elif not any(
            (other.purpose, other.at) == (line.purpose, line.at) and other.key in known for other in lines
        ):
            unknown += _expire(purpose=line.purpose, changed_at__lt=datetime.fromisoformat(line.at))
    with _held() as path:
        before, _unread = withdrawals_read(path)
        _append(path, [line for line in dict.fromkeys(lines) if line not in set(before)])
    return Replayed(named, unknown)


def withdrawals_lost() -> Replayed:
    """No list is left: what anybody allowed expires, and they are asked again."""
    return Replayed(0, _expire())


def copy_made_at() -> datetime | None:
    """About when the database was as it is: heads of the ledger are signed daily. None where nobody has answered anything."""
    moments = (
        LedgerHead.objects.aggregate(last=Max("published_at"))["last"],
        ConsentEvent.objects.aggregate(last=Max("occurred_at"))["last"],
    )
    return max((moment for moment in moments if moment is not None), default=None)


def digest(pseudonym: UUID, key: str | None = None) -> str:
    """Names somebody to whoever has the key and the database."""
    return hmac.new(_secret(key), pseudonym.bytes, hashlib.sha256).hexdigest()[:32]


def _secret(key: str | None) -> bytes:
    return f"earshot withdrawals:{settings.SIGNING_KEY if key is None else key}".encode()


def _fingerprint(key: str | None = None) -> str:
    return hashlib.sha256(_secret(key)).hexdigest()[:8]


def _standing(rows: QuerySet[Consent]) -> list[Line]:
    """A line for each no among these answers."""
    refused = rows.exclude(state=ConsentState.GRANTED).order_by("pk")
    return [
        Line(who, purpose, towards, at, _fingerprint()) for (who, purpose, towards), at in _places(refused)
    ]


def _yes() -> dict[tuple[str, str, str], str]:
    return dict(_places(Consent.objects.filter(state=ConsentState.GRANTED)))


def _places(rows: QuerySet[Consent]) -> Iterator[tuple[tuple[str, str, str], str]]:
    columns = rows.values_list("user__pseudonym", "purpose", "friend__pseudonym", "changed_at")
    for who, purpose, friend, at in columns.iterator():
        yield (digest(who), purpose, digest(friend) if friend else ""), at.isoformat(timespec="microseconds")


def _again(line: Line, people: dict[tuple[str, str], User]) -> int:
    """Refuse it for them, unless what they answered since stands."""
    user = people.get((line.key, line.who))
    friend = people.get((line.key, line.towards)) if line.towards else None
    if user is None or (line.towards and friend is None):
        return 0  # nobody that this copy brought back
    at, purpose = datetime.fromisoformat(line.at), Purpose(line.purpose)
    if Consent.objects.filter(user=user, purpose=purpose, friend=friend, changed_at__gte=at).exists():
        return 0
    change = Change(user, purpose, ConsentState.WITHDRAWN, friend)
    return len(ledger_record(changes=[change], actor=ConsentActor.SYSTEM, channel="restore"))


def _expire(**which: object) -> int:
    """A transaction for each few hundred, as elsewhere."""
    expired = 0
    while True:
        rows = Consent.objects.filter(state=ConsentState.GRANTED, **which).select_related("user", "friend")
        changes = [
            Change(row.user, Purpose(row.purpose), ConsentState.EXPIRED, row.friend)
            for row in rows.order_by("pk")[:_AT_ONCE]
        ]
        if not changes:
            return expired
        expired += len(ledger_record(changes=changes, actor=ConsentActor.SYSTEM, channel="restore"))


@contextmanager
def _held() -> Iterator[Path]:
    """The list, while nobody else writes it."""
    path = Path(settings.WITHDRAWALS)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path


def _text(lines: Iterable[Line]) -> str:
    return "".join(f"{json.dumps(line._asdict())}\n" for line in lines)


def _append(path: Path, lines: Collection[Line]) -> None:
    if not lines:
        return
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "r+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":
                file.write(b"\n")  # somebody died while writing: what they wrote stays a line of its own
        file.write(_text(lines).encode())
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, lines: Iterable[Line]) -> None:
    """Whole or not at all."""
    draft = path.with_suffix(".draft")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(_text(lines))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
