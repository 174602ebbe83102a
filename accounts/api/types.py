"""People and consent as GraphQL types."""

from datetime import datetime
from enum import Enum

import strawberry
import strawberry_django
from strawberry import auto, relay

from accounts import models
from accounts.api.context import Info, ShownRows, opened
from accounts.models import ConsentActor, ConsentState, PersonalizationLevel, Purpose
from accounts.policies import in_private_session
from accounts.presentation import Ref, present, things
from accounts.selectors import friend_key_of_scope
from accounts.services.breach import breach_notices
from discovery.platform.covers import cover_address
from discovery.platform.graphql.node import global_id
from discovery.platform.graphql.pagination import Rows

EXCLUDABLE = ("Track", "Artist", "Playlist")  # as the columns of an exclusion

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
class Listener(ShownRows, relay.Node):
    handle: auto = strawberry_django.field(field_name="username")

    @strawberry_django.field(only=["display_name", "username"])
    def display_name(self, root: strawberry.Parent[models.User]) -> str:
        return root.display_name or root.username

    @strawberry_django.field(
        only=["display_name", "username"],
        description="The address of a picture for them, drawn on this installation.",
    )
    def cover(self, root: strawberry.Parent[models.User]) -> str:
        return cover_address(root.display_name or root.username, words=[root.username])


@strawberry_django.type(models.Friendship, description="A request for friendship that waits for an answer.")
class FriendRequest(ShownRows, relay.Node):
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


@strawberry_django.type(models.ConsentEvent, description="One line of the viewer's consent ledger.")
class ConsentEvent(ShownRows, relay.Node):
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

    @strawberry_django.field(only=["purpose"], description="What was asked, in words.")
    def label(self, root: strawberry.Parent[models.ConsentEvent]) -> str:
        return str(Purpose(root.purpose).label)

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
    gpc: bool = strawberry.field(
        description="Sec-GPC: 1 was sent; THIRD_PARTY stands denied in the ledger, whatever may come to use it."
    )


@strawberry.type(description="A breach that concerns the viewer, as the operator tells it.")
class BreachNotice:
    happened_at: datetime
    noticed_at: datetime
    what: str
    done: list[str]
    authority_told_at: datetime | None = strawberry.field(description="When the authority was told.")


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
        description="Whether what the viewer plays and says of music is kept on their own device only."
    )
    def on_device_only(self) -> bool:
        return self.user.on_device_since is not None

    @strawberry.field(description="Breaches that concern the viewer's data, the latest first.")
    def notices(self) -> list[BreachNotice]:
        return [
            BreachNotice(
                happened_at=breach.happened_at, noticed_at=breach.noticed_at, what=breach.what,
                done=list(breach.done), authority_told_at=breach.authority_told_at,
            )
            for breach in breach_notices(user=self.user)
        ]  # fmt: skip

    @strawberry.field(
        description="Tracks, artists and playlists that count for nothing (`excludeFromTaste`)."
    )
    def exclusions(self, info: Info) -> list[relay.Node]:
        # The rows are the graph's; people know them only as a relation of theirs. What became of a thing since it
        # was excluded, the owner sees as far as they may see the thing.
        rows = self.user.taste_exclusions.order_by("pk").values_list("track_id", "artist_id", "playlist_id")
        refs = [
            Ref(kind, key)
            for row in rows
            for kind, key in zip(EXCLUDABLE, row, strict=True)
            if key is not None
        ]
        return opened(present(self.user, things(refs)), info)


ListenerConnection = Rows[Listener]
FriendRequestConnection = Rows[FriendRequest]
ConsentEventConnection = Rows[ConsentEvent]
