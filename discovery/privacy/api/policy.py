"""What this installation promises, for everybody to read: the text, its purposes, and how long what is kept."""

from __future__ import annotations

import strawberry

from accounts.conditions import PER_FRIEND
from accounts.models import Purpose
from accounts.policy_text import ASKED, DPV_IRI, EXPIRES_AFTER, policy_text_current
from discovery.privacy.stores import STORES


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
        description="How many days; null: until the person deletes it, or their account."
    )


@strawberry.type(description="The text people answer to. A version never changes.")
class PrivacyPolicy:
    version: str
    hash: str = strawberry.field(description="SHA-256 of the text.")
    text: str
    purposes: list[PolicyPurpose]

    @strawberry.field(description="Everything that can be kept about a person, and how long.")
    def retention(self) -> list[Retention]:
        return [
            Retention(
                name=store.name, what=str(store.why), purpose=store.purpose,
                days=store.kept.days if store.kept else None,
            )
            for store in STORES
        ]  # fmt: skip


@strawberry.type
class Query:
    @strawberry.field(description="What this installation does with what people tell it.")
    def policy(self) -> PrivacyPolicy:
        policy = policy_text_current()
        return PrivacyPolicy(
            version=policy.version,
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
