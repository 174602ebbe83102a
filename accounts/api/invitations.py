"""Invitations through the API: links by which people sign up and become friends."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import strawberry
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.api.context import Info, ViewerPart, mutation
from accounts.api.repeats import Again
from accounts.api.types import Listener
from accounts.presentation import row_shown
from accounts.selectors import invitation_list
from accounts.services.invitation import invitation_accept, invitation_create, invitation_revoke
from discovery.platform.errors import NotFound
from discovery.platform.graphql.inputs import text
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import PlainNode, node_id

LONGEST_SECRET = 200


@strawberry.type(
    description="A link by which somebody signs up here, and becomes a friend of whoever made it if it befriends."
)
class Invitation(PlainNode):
    befriends: bool
    uses_left: int = strawberry.field(
        description="How many people it still lets in; 0 where it was taken back."
    )
    expires: datetime
    link: str | None = strawberry.field(
        description="The address to send, told once: by `createInvitation`. Nobody can look it up later."
    )
    secret: str | None = strawberry.field(
        description="What `acceptInvitation` takes, told once with the link, whose last part it is."
    )
    repeated: bool = strawberry.field(
        default=False,
        description="Whether this answers a repeated `createInvitation`: its link was told before, and is not told again.",
    )

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> "Invitation | None":  # type: ignore[override]
        """One of the viewer's own that still lets somebody in."""
        viewer = info.context.viewer
        row = None if viewer is None else invitation_list(user=viewer).filter(pk=node_id).first()
        return None if row is None else cls.of(row)

    @classmethod
    def of(cls, row: invitations.Invitation, secret: str | None = None) -> "Invitation":
        path = secret and reverse("invitation", args=[secret])
        return cls(
            pk=row.pk, befriends=row.befriends, uses_left=row.uses_left,
            expires=row.expires_at, link=path and f"{settings.SITE_URL}{path}", secret=secret,
        )  # fmt: skip


@strawberry.type(description="That the viewer and whoever made an invitation are friends now.")
class AcceptedInvitation:
    listener: Listener | None = strawberry.field(description="Who made it.")


InvitationPayload = Annotated[Invitation | OperationInfo, strawberry.union("InvitationPayload")]
AcceptedInvitationPayload = Annotated[
    AcceptedInvitation | OperationInfo, strawberry.union("AcceptedInvitationPayload")
]


@strawberry.type
class Viewer(ViewerPart):
    """The part of ``Viewer`` that is about whom they invite."""

    @strawberry.field(
        description="The viewer's links that still let somebody in, without the links themselves."
    )
    def invitations(self) -> list[Invitation]:
        return [Invitation.of(row) for row in invitation_list(user=self.user)]


@strawberry.type
class Mutation:
    @mutation(
        again=Again(lambda info, key, **_arguments: _made(info, key), kept=lambda made: made.pk),
        description="A link that lets one person sign up within 14 days where signing up takes one, and with `befriends` "
        "makes friends of the viewer and whoever follows it and says yes. Its secret is told once, and kept as a digest alone.",
    )
    def create_invitation(self, info: Info, befriends: bool = True) -> InvitationPayload:
        return Invitation.of(*invitation_create(user=info.context.signed_in, befriends=befriends))

    @mutation(description="Take a link back: it lets nobody in any more.")
    def revoke_invitation(self, info: Info, id: strawberry.ID) -> InvitationPayload:  # noqa: A002
        key = node_id(id, "Invitation", field="id")
        row = invitation_revoke(user=info.context.signed_in, invitation_id=key)
        return replace(Invitation.of(row), uses_left=0)

    @mutation(
        description="Say yes to an invitation: the viewer and whoever made it become friends. A link that is unknown, over, "
        "used up, taken back or one's own, or between people of whom one blocks the other, is answered alike (INVALID_INVITATION)."
    )
    def accept_invitation(self, info: Info, secret: str) -> AcceptedInvitationPayload:
        word = text(secret, field="secret", largest=LONGEST_SECRET)
        host = invitation_accept(user=info.context.signed_in, secret=word)
        return AcceptedInvitation(listener=row_shown(info.context.viewer, host))  # type: ignore[arg-type]  # strawberry-django types are their models


def _made(info: Info, key: int) -> Invitation:
    """A link that was made before, without its secret. Raises NotFound where it is over since."""
    row = invitation_list(user=info.context.signed_in).filter(pk=key).first()
    if row is None:
        raise NotFound(_("There is no such thing."))
    return replace(Invitation.of(row), repeated=True)
