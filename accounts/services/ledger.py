"""The consent ledger: the one way in which a consent changes.

A change is an event (append-only, chained by hash per subject), the projection row and the subject's
consent epoch, written together while the subjects' rows are locked.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from accounts.models import Consent, ConsentActor, ConsentEvent, ConsentState, Purpose, User
from accounts.policy_text import DPV_IRI, PolicyText, policy_text_current
from accounts.signals import consent_changed, grants_ended
from discovery.platform import clock
from discovery.platform.meters import CONSENT_SECONDS

_BATCH = 1_000  # rows an INSERT
_NO = frozenset({ConsentState.DENIED, ConsentState.WITHDRAWN})

# What the hash covers: every column but the position and the hash itself.
_HASHED = (
    "event_id", "subject", "purpose", "dpv_iri", "prior_state", "new_state", "scope", "policy_version",
    "policy_hash", "actor", "channel", "occurred_at", "valid_until", "idempotency_key", "previous_hash",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """``user``'s answer to ``purpose`` becomes ``state`` (towards ``friend`` alone, where one is given)."""

    user: User
    purpose: Purpose
    state: ConsentState
    friend: User | None = None
    valid_until: datetime | None = None
    idempotency_key: str | None = None

    @property
    def key(self) -> tuple[int, str, int | None]:
        return self.user.pk, self.purpose, self.friend.pk if self.friend else None


class Answer(NamedTuple):
    """What the ledger says about one purpose (and scope) of one subject."""

    state: str
    valid_until: datetime | None
    policy_version: str
    changed_at: datetime


@transaction.atomic
def ledger_record(*, changes: Sequence[Change], actor: ConsentActor, channel: str) -> list[ConsentEvent]:
    """Write each change that changes something; return their events.

    A change is none where the answer already stands: same state, same date, same policy. The first
    no to a question never answered is DENIED; WITHDRAWN is only what was granted. A general no ends what
    was granted to single friends. An import answers only what nobody has answered.
    """
    users = {change.user.pk: change.user for change in changes}
    list(User.objects.select_for_update().filter(pk__in=users).order_by("pk").values_list("pk"))
    rows = {
        (row.user_id, row.purpose, row.friend_id): row
        for row in Consent.objects.filter(user__in=users).select_related("friend")
    }
    policy, now = policy_text_current(), clock.now()  # compared with what other machines wrote
    pending = [
        (change, row)
        for change in _with_single_friends(changes, rows.values())
        if _differs(change, row := rows.get(change.key), policy)
        and (row is None or actor != ConsentActor.IMPORT)
    ]
    if not pending:
        return []
    ended = _ended(pending, now)
    tails = _tails(user.pseudonym for user in users.values())
    events, projections = [], []
    for change, row in pending:
        event = _event(change, row, policy, now, actor=actor, channel=channel)
        event.previous_hash = tails.get(event.subject, "")
        tails[event.subject] = event.hash = event_hash(event)
        events.append(event)
        projections.append(_projection(change, row, event))
    ConsentEvent.objects.bulk_create(events, batch_size=_BATCH)
    _store(projections)
    epoch_raise({change.user.pk for change, _ in pending})
    if ended:
        grants_ended.send(sender=User, ended=ended)
    return events


def epoch_raise(user_ids: Collection[int]) -> None:
    """Outdate everything cached about these people, and say so once the transaction is through."""
    User.objects.filter(pk__in=user_ids).update(consent_epoch=F("consent_epoch") + 1)
    changed = frozenset(user_ids)
    begun = monotonic()

    def tell() -> None:
        consent_changed.send_robust(sender=User, user_ids=changed)
        CONSENT_SECONDS.observe(monotonic() - begun)

    transaction.on_commit(tell)


def event_hash(event: ConsentEvent) -> str:
    """SHA-256 over the event's canonical JSON (sorted keys, no white space, UTC times), previous hash included."""
    return hashlib.sha256(event_canonical(event).encode()).hexdigest()


def event_canonical(event: ConsentEvent) -> str:
    """The event as the JSON that is hashed and exported."""
    fields = {name: _plain(getattr(event, name)) for name in _HASHED}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def ledger_fold(events: Iterable[ConsentEvent]) -> dict[tuple[UUID, str, UUID | None], Answer]:
    """The current answer by (subject, purpose, scope): the last event, in ledger order, says it."""
    return {
        (event.subject, event.purpose, event.scope): Answer(
            event.new_state, event.valid_until, event.policy_version, event.occurred_at
        )
        for event in events
    }


def _ended(pending: Iterable[tuple[Change, Consent | None]], now: datetime) -> dict[Purpose, frozenset[int]]:
    """Whose general grants end with these changes; also where it had run out before somebody grants it anew."""
    ended = defaultdict(set)
    for change, row in pending:
        ran_out = row is not None and row.valid_until is not None and row.valid_until <= now
        if change.friend is None and (change.state != ConsentState.GRANTED or ran_out):
            ended[change.purpose].add(change.user.pk)
    return {purpose: frozenset(people) for purpose, people in ended.items()}


def _with_single_friends(changes: Iterable[Change], rows: Iterable[Consent]) -> list[Change]:
    """Each change once, and after a general no the same no for every friend to whom the purpose is granted."""
    wanted = {change.key: change for change in changes}
    general_no = {
        (change.user.pk, change.purpose): change
        for change in wanted.values()
        if change.friend is None and change.state in _NO
    }
    for row in rows:
        change = general_no.get((row.user_id, Purpose(row.purpose)))
        if change is not None and row.friend is not None and row.state == ConsentState.GRANTED:
            ended = Change(change.user, change.purpose, ConsentState.WITHDRAWN, row.friend)
            wanted.setdefault(ended.key, ended)
    return list(wanted.values())


def _plain(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return None if value is None else str(value)


def _differs(change: Change, row: Consent | None, policy: PolicyText) -> bool:
    if row is None:
        return True
    if change.state != ConsentState.GRANTED:
        # No stays the no it was; only a yes can be withdrawn or run out. What ran out can be refused.
        return row.state in {ConsentState.GRANTED, ConsentState.UNDEFINED} or (
            row.state == ConsentState.EXPIRED and change.state in _NO
        )
    return (row.state, row.valid_until, row.policy_version) != (
        change.state,
        change.valid_until,
        policy.version,
    )


def _tails(subjects: Iterable[UUID]) -> dict[UUID, str]:
    """The last hash of each subject's chain."""
    last = (
        ConsentEvent.objects.filter(subject__in=list(subjects))
        .values("subject")
        .annotate(last=Max("id"))
        .values("last")
    )
    return dict(ConsentEvent.objects.filter(pk__in=last).values_list("subject", "hash"))


def _event(
    change: Change,
    row: Consent | None,
    policy: PolicyText,
    now: datetime,
    *,
    actor: ConsentActor,
    channel: str,
) -> ConsentEvent:
    prior = ConsentState(row.state) if row else ConsentState.UNDEFINED
    state = change.state
    if state == ConsentState.WITHDRAWN and prior != ConsentState.GRANTED:
        state = ConsentState.DENIED
    event = ConsentEvent(
        subject=change.user.pseudonym,
        purpose=change.purpose,
        dpv_iri=DPV_IRI[change.purpose],
        prior_state=prior,
        new_state=state,
        scope=change.friend.pseudonym if change.friend else None,
        policy_version=policy.version,
        policy_hash=policy.hash,
        actor=actor,
        channel=channel,
        occurred_at=now,
        valid_until=change.valid_until if state == ConsentState.GRANTED else None,
    )
    event.idempotency_key = change.idempotency_key or str(event.event_id)
    return event


def _projection(change: Change, row: Consent | None, event: ConsentEvent) -> Consent:
    row = row or Consent(user=change.user, purpose=change.purpose, friend=change.friend)
    row.state, row.valid_until = event.new_state, event.valid_until
    row.policy_version, row.changed_at = event.policy_version, event.occurred_at
    return row


def _store(rows: Sequence[Consent]) -> None:
    known = [row for row in rows if row.pk is not None]  # asked first: creating gives the others a key too
    Consent.objects.bulk_create([row for row in rows if row.pk is None], batch_size=_BATCH)
    Consent.objects.bulk_update(
        known, ["state", "valid_until", "policy_version", "changed_at"], batch_size=_BATCH
    )
