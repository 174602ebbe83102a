"""Consent receipts: each line of the ledger as a signed document in the shape of ISO/IEC TS 27560."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation

from accounts.models import ConsentEvent, LedgerHead, Purpose, User
from accounts.operator import operator_current
from accounts.policy_text import smallest_aggregate_of
from accounts.services.ledger_head import ledger_head_newest
from accounts.services.training_key import training_commitment
from accounts.signatures import signed

SCHEMA = "ISO/IEC TS 27560:2023"
CONTEXT = "https://w3id.org/dpv"
PENDING = "pending"  # until the next head of the ledger is published, within a day


def receipt_list(*, user: User) -> Iterator[dict[str, Any]]:
    """A receipt for each of the user's lines, oldest first."""
    head, named = ledger_head_newest(), training_commitment(user.pk)
    for event in ConsentEvent.objects.filter(subject=user.pseudonym).order_by("pk").iterator():
        yield receipt_of(event, head, named)


def receipt_of(event: ConsentEvent, head: LedgerHead | None, training_key: str) -> dict[str, Any]:
    """The signed receipt of one change of consent; it names the newest head of the ledger, where that covers it.

    ``training_key``: the commitment to the key of what models learn from the person.
    """
    document = {
        "@context": CONTEXT,
        "schemaVersion": SCHEMA,
        "receiptId": str(event.event_id),
        "recordId": str(event.event_id),
        "piiPrincipalId": str(event.subject),
        "trainingKey": training_key,
        "piiController": operator_current().as_document(),
        "privacyNotice": {
            "version": event.policy_version, "sha256": event.policy_hash,
            "smallestAggregate": smallest_aggregate_of(event.policy_version),
        },
        "processing": [
            {
                "purpose": event.purpose,
                "purposeLabel": _label(event.purpose),
                "purposeType": event.dpv_iri,
                "lawfulBasis": "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
                "scope": str(event.scope) if event.scope else None,
                "withdrawalMethod": "The mutation setConsent or withdrawAllConsent; it counts from the next request.",
            }
        ],
        "event": {
            "state": event.new_state,
            "priorState": event.prior_state,
            "time": _utc(event.occurred_at),
            "validUntil": _utc(event.valid_until) if event.valid_until else None,
            "entityType": event.actor,
            "method": event.channel,
            "idempotencyKey": event.idempotency_key,
        },
        "ledger": {
            "position": event.pk, "previousHash": event.previous_hash, "hash": event.hash,
            "head": _head(head) if head is not None and head.position >= event.pk else PENDING,
        },
    }  # fmt: skip
    return signed(document, settings.SIGNING_KEY)


def _head(head: LedgerHead) -> dict[str, Any]:
    return {"number": head.number, "position": head.position, "hash": head.hash}


def _label(purpose: str) -> str:
    """In English, whoever asks: the same change has the same receipt."""
    with translation.override("en"):
        return str(Purpose(purpose).label)


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
