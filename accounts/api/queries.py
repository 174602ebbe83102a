"""What people can read about themselves and the people they know."""

from collections.abc import Mapping
from typing import Any

import strawberry
from django.db.models import QuerySet
from django.utils import timezone

from accounts import models
from accounts.api.context import Info, ViewerPart, connection, opened
from accounts.api.types import (
    ConsentEventConnection,
    FriendConsent,
    FriendRequestConnection,
    Listener,
    ListenerConnection,
    PrivacySettings,
    PrivacySignals,
    PurposeConsent,
)
from accounts.models import Consent, ConsentState, PersonalizationLevel, Purpose, User
from accounts.policy_text import ASKED
from accounts.presentation import Presented, Ref, own_shown, present, rows_shown, things
from accounts.selectors import (
    child_list,
    consent_event_list,
    consent_list,
    friend_list,
    friend_request_list,
    people_found,
)
from discovery.platform.graphql.node import PlainNode


@strawberry.type(description="A minor whom the viewer answers for.")
class Child(PlainNode):
    listener: Listener | None = strawberry.field(description="Null across a block.")
    purposes: list[PurposeConsent]

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> "Child | None":  # type: ignore[override]
        """One of the viewer's own."""
        viewer = info.context.viewer
        child = None if viewer is None else child_list(guardian=viewer).filter(pk=node_id).first()
        return None if child is None else child_settings(child, info)


@strawberry.type
class Viewer(ViewerPart):
    """The part of ``Viewer`` that is about people."""

    @strawberry.field
    def profile(self) -> Listener:
        return own_shown(self.user)  # type: ignore[return-value]  # strawberry-django types are their models

    @connection(ListenerConnection)
    def friends(self) -> Presented[QuerySet[User]]:
        return rows_shown(self.user, friend_list(viewer=self.user))

    @connection(FriendRequestConnection, description="Requests for friendship to and from the viewer.")
    def friend_requests(self) -> Presented[QuerySet[models.Friendship]]:
        return rows_shown(self.user, friend_request_list(viewer=self.user))

    @strawberry.field
    def privacy(self, info: Info) -> PrivacySettings:
        return privacy_settings(self.user, info)

    @strawberry.field(description="Minors whom the viewer answers for.")
    def children(self, info: Info) -> list[Child]:
        return [child_settings(child, info) for child in child_list(guardian=self.user)]

    @connection(ConsentEventConnection, description="The viewer's consent ledger, newest first.")
    def consent_history(self) -> Presented[QuerySet[models.ConsentEvent]]:
        return rows_shown(self.user, consent_event_list(user=self.user))


@strawberry.type
class Query:
    """What anybody can ask about people."""

    @connection(
        ListenerConnection,
        description=(
            "People who can be found (DISCOVERABLE), by the beginning of a handle or of a word of a name, whatever its "
            "case and accents; by handle. Two of one name are told apart by it. Empty for whoever is not signed in."
        ),
    )
    def people(self, info: Info, text: str) -> Presented[QuerySet[User]]:
        viewer = info.context.viewer
        return rows_shown(viewer, people_found(viewer=viewer, text=text))


def gpc_sent(info: Info) -> bool:
    """Whether the request carries the Global Privacy Control signal."""
    return bool(info.context.request.headers.get("Sec-GPC") == "1")


def privacy_settings(user: User, info: Info) -> PrivacySettings:
    """What ``user`` allows now: two queries, however many answers there are."""
    return PrivacySettings(
        user=user,
        level=PersonalizationLevel(user.level),
        purposes=_purposes(user, info),
        signals=PrivacySignals(gpc=gpc_sent(info)),
    )


def child_settings(child: User, info: Info) -> Child:
    """What a child of the viewer allows now. Of single friends, those whom the viewer may see."""
    viewer = info.context.signed_in
    seen: list[User] = opened(present(viewer, things([Ref("Listener", child.pk)])), info)
    return Child(
        pk=child.pk,
        listener=next(iter(seen), None),  # type: ignore[arg-type]  # strawberry-django types are their models
        purposes=_purposes(child, info),
    )


def _purposes(user: User, info: Info) -> list[PurposeConsent]:
    rows = consent_list(user=user)
    about = [Ref("Listener", row.friend_id) for row in rows if row.friend_id]
    friends = {friend.pk: friend for friend in opened(present(info.context.signed_in, things(about)), info)}
    return [
        _purpose_consent(
            purpose,
            [
                row
                for row in rows
                if row.purpose == purpose and (not row.friend_id or row.friend_id in friends)
            ],
            friends,
        )
        for purpose in ASKED
    ]


def _purpose_consent(purpose: Purpose, rows: list[Consent], friends: Mapping[int, User]) -> PurposeConsent:
    general = next((row for row in rows if row.friend_id is None), None)
    return PurposeConsent(
        purpose=purpose,
        label=str(purpose.label),
        state=_state(general),
        since=general.changed_at if general else None,
        valid_until=general.valid_until if general else None,
        policy_version=general.policy_version if general else None,
        overrides=[
            FriendConsent(friend=friends[row.friend_id], state=_state(row), since=row.changed_at)  # type: ignore[arg-type]
            for row in rows
            if row.friend_id is not None
        ],
    )


def _state(row: Consent | None) -> ConsentState:
    """The state as it acts: a grant past its date is expired, whether that was written down yet or not."""
    if row is None:
        return ConsentState.UNDEFINED
    over = row.valid_until is not None and row.valid_until <= timezone.now()
    return ConsentState.EXPIRED if over and row.state == ConsentState.GRANTED else ConsentState(row.state)
