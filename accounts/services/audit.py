"""Checks of the ledger against itself and against its projection, and rebuilding the latter from the former."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter
from uuid import UUID

from django.db import transaction

from accounts.models import Consent, ConsentEvent, LedgerTombstone, User
from accounts.services.head_audit import Head, heads_known
from accounts.services.ledger import Answer, epoch_raise, event_hash, ledger_fold
from accounts.services.ledger_head import Chains, chain_of

Answers = dict[tuple[int, str, int | None], Answer]


def ledger_verify(*, heads: Iterable[Head] = (), keys: Collection[str] = ()) -> Iterator[str]:
    """What is wrong, a line each: events that were altered, chains with a link missing, projections that differ.

    Everything is compared with each head that is known: those of the database, of the file beside the data, and
    ``heads`` from elsewhere, signed with this installation's key or one of ``keys`` (base64).
    """
    known, chains = heads_known(heads, keys), Chains()
    yield from known.problems
    tails: dict[UUID, str] = defaultdict(str)
    for position, gone, event in _lines():
        yield from known.passed(chains, before=position)
        if gone is not None:
            chains.add(position, gone.chain, gone.hash)
        if event is None:
            continue
        chains.add(position, chain_of(event.subject), event.hash)
        if event.hash != event_hash(event):
            yield f"event {event.event_id} was altered: its content does not match its hash"
        if event.previous_hash != tails[event.subject]:
            yield f"event {event.event_id} does not follow the one before it: a link of the chain is missing"
        tails[event.subject] = event.hash
    yield from known.passed(chains, before=None)
    folded, projected = _folded(), _projected()
    for key in sorted(folded.keys() | projected.keys(), key=str):
        if folded.get(key) != projected.get(key):
            yield f"the projection of user {key[0]}, {key[1]} (friend: {key[2]}) differs from the ledger"


@transaction.atomic
def consents_rebuild() -> int:
    """Make the projection anew by folding the ledger; return how many rows were wrong."""
    list(User.objects.select_for_update().order_by("pk").values_list("pk"))
    folded, projected = _folded(), _projected()
    wrong = {key for key in folded.keys() | projected.keys() if folded.get(key) != projected.get(key)}
    Consent.objects.all().delete()
    Consent.objects.bulk_create(
        [
            Consent(user_id=user_id, purpose=purpose, friend_id=friend_id, **answer._asdict())
            for (user_id, purpose, friend_id), answer in folded.items()
        ],
        batch_size=1_000,
    )
    epoch_raise({user_id for user_id, _, _ in wrong})
    return len(wrong)


def _lines() -> Iterator[tuple[int, LedgerTombstone | None, ConsentEvent | None]]:
    """Every line in order, and in the place of each that was removed what is left of it."""
    gone = ((row.position, row, None) for row in LedgerTombstone.objects.order_by("position").iterator())
    there = ((event.pk, None, event) for event in ConsentEvent.objects.order_by("pk").iterator())
    return heapq.merge(gone, there, key=itemgetter(0))


def _folded() -> Answers:
    """The ledger's fold by primary keys; subjects and friends who are gone have no projection."""
    ids = dict(User.objects.values_list("pseudonym", "pk"))
    return {
        (ids[subject], purpose, ids[scope] if scope else None): answer
        for (subject, purpose, scope), answer in ledger_fold(
            ConsentEvent.objects.order_by("pk").iterator()
        ).items()
        if subject in ids and (scope is None or scope in ids)
    }


def _projected() -> Answers:
    return {
        (row.user_id, row.purpose, row.friend_id): Answer(
            row.state, row.valid_until, row.policy_version, row.changed_at
        )
        for row in Consent.objects.iterator()
    }
