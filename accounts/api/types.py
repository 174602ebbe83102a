"""People and consent as GraphQL types."""

from datetime import datetime
from enum import Enum

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay
from strawberry_django.relay import DjangoListConnection

from accounts import models
from accounts.api.context import Info
from accounts.models import ConsentActor, ConsentState, PersonalizationLevel, Purpose
from accounts.policies import in_private_session, listeners_visible_to
from accounts.selectors import friend_key_of_scope, friend_request_list
from discovery.platform.graphql.node import global_id

strawberry.enum(
    PersonalizationLevel, description="How much may shape an answer; each includes those before it."
)
strawberry.enum(Purpose, description="What a person is asked about, one by one.")
strawberry.enum(ConsentState, description="Only GRANTED permits.")
strawberry.enum(ConsentActor, description="On whose word a consent changed.")


@strawberry.enum(description="What links the viewer with another listener.")
class FriendshipState(Enum):
    NONE = "NONE"
    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"


@strawberry_django.type(models.User, description="A person, as far as the viewer may see them.")
class Listener(relay.Node):
    handle: auto = strawberry_django.field(field_name="username")

    @strawberry_django.field(only=["display_name", "username"])
    def display_name(self, root: strawberry.Parent[models.User]) -> str:
        return root.display_name or root.username

    @classmethod
    def get_queryset(cls, queryset: QuerySet[models.User], info: Info) -> QuerySet[models.User]:
        return queryset.filter(pk__in=listeners_visible_to(info.context.viewer).values("pk"))


@strawberry_django.type(models.Friendship, description="A request for friendship that waits for an answer.")
class FriendRequest(relay.Node):
    requested_at: auto

    @strawberry_django.field(select_related=["requested_by"], description="Who asked.")
    def sender(self, root: strawberry.Parent[models.Friendship]) -> Listener:
        return root.requested_by  # type: ignore[return-value]  # strawberry-django types are their models

    @strawberry_django.field(select_related=["low", "high"], description="Who is asked.")
    def receiver(self, root: strawberry.Parent[models.Friendship]) -> Listener:
        return root.high if root.requested_by_id == root.low_id else root.low  # type: ignore[return-value]

    @strawberry_django.field(only=["requested_by_id"], description="Whether the viewer is the one to answer.")
    def incoming(self, root: strawberry.Parent[models.Friendship], info: Info) -> bool:
        return root.requested_by_id != info.context.signed_in.pk

    @classmethod
    def get_queryset(cls, queryset: QuerySet[models.Friendship], info: Info) -> QuerySet[models.Friendship]:
        if (viewer := info.context.viewer) is None:
            return queryset.none()
        return queryset.filter(pk__in=friend_request_list(viewer=viewer).values("pk"))


@strawberry_django.type(models.ConsentEvent, description="One line of the viewer's consent ledger.")
class ConsentEvent(relay.Node):
    event_id: auto
    purpose: Purpose
    dpv_iri: auto
    prior_state: ConsentState
    new_state: ConsentState
    policy_version: auto
    policy_hash: auto
    channel: auto
    occurred_at: auto
    valid_until: auto
    previous_hash: auto
    hash: auto

    @strawberry_django.field(only=["actor"])
    def actor(self, root: strawberry.Parent[models.ConsentEvent]) -> ConsentActor:
        return ConsentActor(root.actor)

    @strawberry_django.field(
        annotate={"friend_key": friend_key_of_scope()},
        description="The one friend it is about, where it is about one.",
    )
    def friend_id(self, root: strawberry.Parent[models.ConsentEvent]) -> strawberry.ID | None:
        key: int | None = root.friend_key  # type: ignore[attr-defined]  # annotated by the optimizer, as declared above
        return None if key is None else strawberry.ID(global_id("Listener", key))

    @classmethod
    def get_queryset(
        cls, queryset: QuerySet[models.ConsentEvent], info: Info
    ) -> QuerySet[models.ConsentEvent]:
        viewer = info.context.viewer
        return queryset.none() if viewer is None else queryset.filter(subject=viewer.pseudonym)


@strawberry.type(description="An answer that holds for one friend and overrides the general one.")
class FriendConsent:
    friend: Listener
    state: ConsentState
    since: datetime


@strawberry.type(description="What the viewer answered to one purpose.")
class PurposeConsent:
    purpose: Purpose
    label: str
    state: ConsentState
    since: datetime | None
    valid_until: datetime | None
    policy_version: str | None
    overrides: list[FriendConsent]


@strawberry.type(description="What the viewer's browser says about privacy by itself.")
class PrivacySignals:
    gpc: bool = strawberry.field(description="Sec-GPC: 1 was sent; THIRD_PARTY counts as denied.")


@strawberry.type(description="What the viewer allows, now.")
class PrivacySettings:
    user: strawberry.Private[models.User]
    level: PersonalizationLevel
    purposes: list[PurposeConsent]
    signals: PrivacySignals

    @strawberry.field(description="When the private session ends that is on now; null when none is.")
    def private_until(self) -> datetime | None:
        return self.user.private_until if in_private_session(self.user) else None

    @strawberry.field(
        description="Tracks, artists and playlists that count for nothing (`excludeFromTaste`)."
    )
    def exclusions(self) -> list[relay.Node]:
        # The rows are the graph's; people know them only as a relation of theirs.
        rows = self.user.taste_exclusions.select_related("track", "artist", "playlist").order_by("pk")
        return [row.thing for row in rows]  # type: ignore[misc]  # strawberry-django types are their models


ListenerConnection = DjangoListConnection[Listener]
FriendRequestConnection = DjangoListConnection[FriendRequest]
ConsentEventConnection = DjangoListConnection[ConsentEvent]
