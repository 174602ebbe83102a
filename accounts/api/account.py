"""One's account through the API: devices, password, profile."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from django.contrib.auth import update_session_auth_hash
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import models
from accounts.api.context import Info, ViewerPart, mutation
from accounts.api.repeats import Again
from accounts.api.types import Listener
from accounts.credentials import Credential, scopes_read
from accounts.models import EVERY_SCOPE, DeviceScope, Purpose
from accounts.policies import permits
from accounts.presentation import own_shown
from accounts.selectors import device_list
from accounts.services.device import device_create, device_revoke
from accounts.services.password import password_change
from accounts.services.profile import profile_update
from discovery.platform.errors import NotFound
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import PlainNode, node_id

strawberry.enum(
    DeviceScope, description="What a token may be used for; a browser may be used for everything."
)
DeviceKind = strawberry.enum(
    models.Device.Kind, name="DeviceKind", description="What somebody signs in with."
)


@strawberry.type(description="Something that the viewer is signed in with: a browser, a token or an app.")
class Device(PlainNode):
    name: str
    kind: models.Device.Kind
    scopes: list[DeviceScope]
    created: date
    last_seen: date | None
    expires: datetime | None = strawberry.field(
        description="Null for an app, which renews itself until it is revoked."
    )
    current: bool = strawberry.field(description="Whether it is what asks now.")
    secret: str | None = strawberry.field(
        description="The token itself, told once: by `createDevice`. Nobody can look it up later."
    )
    is_player: bool = strawberry.field(
        description="Whether it has a second secret, for players that do not know tokens."
    )
    player_secret: str | None = strawberry.field(
        description="The second secret, told once: what a player asks for as the password and a program as the API's secret."
    )
    drops_plays: bool = strawberry.field(
        description="Whether plays that it reports are not kept now, because RECORD is not granted. A player is not told: it "
        "would send them for ever."
    )
    repeated: bool = strawberry.field(
        default=False,
        description="Whether this answers a repeated `createDevice`: its secrets were told before, and are not told again.",
    )

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> "Device | None":  # type: ignore[override]
        """One of the viewer's own."""
        viewer = info.context.viewer
        device = None if viewer is None else device_list(user=viewer).filter(pk=node_id).first()
        return None if device is None else cls.of(device, info.context.credential)

    @classmethod
    def of(
        cls,
        device: models.Device,
        asking: Credential,
        secret: str | None = None,
        player_secret: str | None = None,
        recorded: bool | None = None,
    ) -> "Device":
        """``recorded``: whether the owner grants RECORD, where that is known already."""
        reports = device.token is not None and DeviceScope.PLAYS_WRITE in scopes_read(device.token.scope)
        if reports and recorded is None:
            recorded = permits(asking.user, Purpose.RECORD)
        held = EVERY_SCOPE if device.token is None else scopes_read(device.token.scope)
        return cls(
            pk=device.pk, name=device.name, kind=models.Device.Kind(device.kind),
            scopes=[scope for scope in DeviceScope if scope in held],
            created=device.created_on, last_seen=device.last_seen_on,
            expires=None if device.kind == models.Device.Kind.APP else device.expires_at,
            current=(device.token_id, device.session_digest) == (asking.token_id, asking.session_digest),
            secret=secret, is_player=device.player_secret is not None, player_secret=player_secret,
            drops_plays=reports and not recorded,
        )  # fmt: skip


@strawberry.type(description="That the password is another one now.")
class ChangedPassword:
    changed_at: datetime
    devices_ended: int = strawberry.field(description="How many other devices were signed out.")


DevicePayload = Annotated[Device | OperationInfo, strawberry.union("DevicePayload")]
PasswordPayload = Annotated[ChangedPassword | OperationInfo, strawberry.union("PasswordPayload")]
ProfilePayload = Annotated[Listener | OperationInfo, strawberry.union("ProfilePayload")]


@strawberry.type
class Viewer(ViewerPart):
    """The part of ``Viewer`` that is about their account."""

    @strawberry.field(
        description="What the viewer is signed in with, latest used first; each can be revoked."
    )
    def devices(self, info: Info) -> list[Device]:
        recorded = permits(self.user, Purpose.RECORD)
        return [
            Device.of(device, info.context.credential, recorded=recorded)
            for device in device_list(user=self.user)
        ]


@strawberry.type
class Mutation:
    @mutation(
        again=Again(lambda info, key, **_arguments: _made(info, key), kept=lambda made: made.pk),
        description="A token for an app or a player, with these scopes, for 90 days. Its `secret` is told once, and "
        "not again where the call is repeated (`repeated`), for it is kept nowhere: revoke the device then, and make another. "
        "PLAYS_WRITE takes that RECORD is granted. `forPlayer` makes a second secret, for protocols in which a token is of "
        "no use (Last.fm, Audioscrobbler); it does what the token does, and ends with it.",
    )
    def create_device(
        self, info: Info, name: str, scopes: list[DeviceScope], for_player: bool = False
    ) -> DevicePayload:
        asking = info.context.credential
        device, secret, player_secret = device_create(
            credential=asking, name=name, scopes=scopes, for_player=for_player
        )
        return Device.of(device, asking, secret, player_secret)

    @mutation(
        description="End a device: it opens nothing from the next request on, and its sockets are closed."
    )
    def revoke_device(self, info: Info, id: strawberry.ID) -> DevicePayload:  # noqa: A002
        key = node_id(id, "Device", field="id")
        return Device.of(device_revoke(user=info.context.signed_in, device_id=key), info.context.credential)

    @mutation(
        description="Change the password. `endOthers` signs out every browser and token but the one that asks."
    )
    def change_password(self, info: Info, current: str, new: str, end_others: bool = True) -> PasswordPayload:
        asking, request = info.context.credential, info.context.request
        ended = password_change(credential=asking, current=current, new=new, end_others=end_others)
        if asking.session_digest is not None:
            update_session_auth_hash(request, asking.user)
        return ChangedPassword(changed_at=timezone.now(), devices_ended=ended)

    @mutation(description="Change the handle, the name that is shown, or both.")
    def update_profile(
        self, info: Info, handle: str | None = None, display_name: str | None = None
    ) -> ProfilePayload:
        user = info.context.signed_in
        profile_update(user=user, handle=handle, display_name=display_name)
        return own_shown(user)  # type: ignore[return-value]  # strawberry-django types are their models


def _made(info: Info, key: int) -> Device:
    """A device that was made before, without its secrets. Raises NotFound where it ended since."""
    device = device_list(user=info.context.signed_in).filter(pk=key).first()
    if device is None:
        raise NotFound(_("There is no such thing."))
    return replace(Device.of(device, info.context.credential), repeated=True)
