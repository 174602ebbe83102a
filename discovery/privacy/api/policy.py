"""What this installation promises, for everybody to read: the text, its purposes, and how long what is kept."""

from __future__ import annotations

import strawberry

from accounts import operator
from accounts.conditions import PER_FRIEND
from accounts.models import Purpose
from accounts.policy_text import ASKED, DPV_IRI, EXPIRES_AFTER, policy_text_current, smallest_aggregate_of
from discovery.privacy.retention import retention_table


@strawberry.type(description="What the policy says about one purpose in machine-readable form.")
class PolicyPurpose:
    purpose: Purpose
    label: str
    dpv_iri: str
    expires_after_days: int | None
    per_friend: bool


@strawberry.type(description="How long one kind of data is kept.")
class Retention:
    name: str
    what: str
    purpose: Purpose | None = strawberry.field(
        description="The permission it rests on; null: what the person asked for needs it."
    )
    days: int | None = strawberry.field(
        description="How many days; 0: less than one; null: until the person deletes it, or their account."
    )
    since: str | None = strawberry.field(description="From when on the days count.")


@strawberry.type(description="Where people can complain about what is done with their data.")
class ComplaintAuthority:
    name: str
    url: str | None


@strawberry.type(description="Who runs this installation and answers for it.")
class Operator:
    name: str | None
    contact: str | None
    data_protection_officer: str | None
    recipients: list[str] = strawberry.field(
        description="Who else gets to process data here, such as a host."
    )
    complaint_authority: ComplaintAuthority | None

    @classmethod
    def of(cls, operator: operator.Operator) -> Operator:
        authority = operator.complaint_authority
        return cls(
            name=operator.name, contact=operator.contact,
            data_protection_officer=operator.data_protection_officer, recipients=list(operator.recipients),
            complaint_authority=ComplaintAuthority(name=authority.name, url=authority.url) if authority else None,
        )  # fmt: skip


@strawberry.type(description="The text people answer to. A version never changes.")
class PrivacyPolicy:
    version: str
    smallest_aggregate: int = strawberry.field(
        description="Of how many people the smallest count is that is shown."
    )
    operator: Operator
    hash: str = strawberry.field(description="SHA-256 of the text.")
    text: str
    purposes: list[PolicyPurpose]

    @strawberry.field(description="Everything that can be kept about a person, and how long.")
    def retention(self) -> list[Retention]:
        return [
            Retention(name=kept.name, what=kept.what, purpose=kept.purpose, days=kept.days, since=kept.since)
            for kept in retention_table()
        ]


@strawberry.type
class Query:
    @strawberry.field(description="What this installation does with what people tell it.")
    def policy(self) -> PrivacyPolicy:
        policy = policy_text_current()
        return PrivacyPolicy(
            version=policy.version,
            smallest_aggregate=smallest_aggregate_of(policy.version),
            operator=Operator.of(operator.operator_current()),
            hash=policy.hash,
            text=policy.text,
            purposes=[
                PolicyPurpose(
                    purpose=purpose,
                    label=str(purpose.label),
                    dpv_iri=DPV_IRI[purpose],
                    expires_after_days=EXPIRES_AFTER[purpose].days if purpose in EXPIRES_AFTER else None,
                    per_friend=purpose in PER_FRIEND,
                )
                for purpose in ASKED
            ],
        )
