"""The record of processing activities (GDPR Art. 30), from what the code itself knows: purposes, stores, periods, operator.

An operator adds what no code can know (their own staff, their host's contract); what is here cannot fall behind the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone, translation

from accounts.models import Purpose
from accounts.operator import operator_current
from accounts.policy_text import ASKED, DPV_IRI, policy_text_current, smallest_aggregate_of
from discovery.privacy.retention import Kept, retention_table
from discovery.privacy.stores import STORES

CONSENT, REQUESTED, DUTY = (
    "Art. 6(1)(a): consent",
    "Art. 6(1)(b): what the person asked for",
    "Art. 6(1)(c): a legal duty",
)
DUTIES = (
    "ledger",
    "erasures",
    "erased_identities",
    "breach_notices",
)  # kept to show, or to keep, what was promised
MEASURES = (
    "What is not permitted at that moment enters no answer, in any process, from the next request on.",
    "No answer about anybody is cached.",
    "Consents are lines of an append-only, hash-chained ledger; signed heads of it are published daily.",
    "Rows about people are written through one gate, which asks for permission and for private sessions.",
    "Passwords are kept as salted hashes.",
    "What is kept ends by the clock; an erasure retrains the recommender without the person.",
)


def processing_record() -> dict[str, Any]:
    """In English, whoever asks: it is a document of the operator's."""
    with translation.override("en"):
        policy, kept = policy_text_current(), retention_table()
        return {
            "title": "Record of processing activities (GDPR Art. 30)",
            "madeAt": timezone.now().isoformat(timespec="seconds"),
            "controller": operator_current().as_document(),
            "policy": {
                "version": policy.version, "sha256": policy.hash, "smallestAggregate": smallest_aggregate_of(policy.version),
            },
            "dataSubjects": "listeners with an account here",
            "activities": [*_by_consent(), *_without_consent(kept)],
            "retention": [{"what": row.what, "name": row.name, "days": row.days, "since": row.since} for row in kept],
            "transfersToThirdCountries": "none by this software; recipients may be elsewhere, as their contracts say",
            "measures": list(MEASURES),
        }  # fmt: skip


def as_markdown(record: dict[str, Any]) -> str:
    return "\n".join(_lines(record)) + "\n"


def _by_consent() -> Iterator[dict[str, Any]]:
    for purpose in ASKED:
        yield {
            "activity": str(Purpose(purpose).label),
            "purpose": purpose.value,
            "dpv": DPV_IRI[purpose],
            "lawfulBasis": CONSENT,
            "data": [store.name for store in STORES if store.purpose == purpose or purpose in store.used_for],
        }


def _without_consent(kept: Iterable[Kept]) -> Iterator[dict[str, Any]]:
    names = [row.name for row in kept if row.purpose is None]
    yield {
        "activity": "Accounts, and what people put down themselves", "purpose": None, "dpv": None,
        "lawfulBasis": REQUESTED, "data": [name for name in names if name not in DUTIES],
    }  # fmt: skip
    yield {
        "activity": "Showing that permissions were there, that erasures happened, and what went wrong",
        "purpose": None, "dpv": None, "lawfulBasis": DUTY, "data": [name for name in names if name in DUTIES],
    }  # fmt: skip


def _lines(record: dict[str, Any]) -> Iterator[str]:
    controller, policy = record["controller"], record["policy"]
    authority = controller["complaintAuthority"]
    yield f"# {record['title']}"
    yield f"\nMade {record['madeAt']} from policy {policy['version']} (SHA-256 {policy['sha256']}).\n"
    yield f"- Controller: {controller['name']}"
    yield f"- Contact: {controller['contact'] or 'not set'}"
    yield f"- Data protection officer: {controller['dataProtectionOfficer'] or 'not set'}"
    yield f"- Recipients: {'; '.join(controller['recipients']) or 'none named'}"
    yield f"- Supervisory authority: {authority['name'] if authority else 'not set'}"
    yield f"- Data subjects: {record['dataSubjects']}"
    yield f"- Transfers to third countries: {record['transfersToThirdCountries']}"
    yield f"- Smallest aggregate: {policy['smallestAggregate']} people"
    yield "\n## Activities\n\n| activity | purpose | lawful basis | data |\n|---|---|---|---|"
    for row in record["activities"]:
        yield f"| {row['activity']} | {row['purpose'] or '–'} | {row['lawfulBasis']} | {', '.join(row['data']) or '–'} |"
    yield "\n## Erasure periods\n\n| data | what | days | since |\n|---|---|--:|---|"
    for row in record["retention"]:
        days = "until deleted" if row["days"] is None else row["days"] or "< 1"
        yield f"| {row['name']} | {row['what']} | {days} | {row['since'] or '–'} |"
    yield "\n## Technical and organizational measures\n"
    for measure in record["measures"]:
        yield f"- {measure}"
