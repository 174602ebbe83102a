"""Who a player asks for, and what it may do: a device of somebody's, by its token, its second secret or its session."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.credentials import token_credential
from accounts.middleware.bearer import valid_token
from accounts.models import Device, DeviceScope, User
from accounts.services.device import token_seen
from accounts.services.player import (
    player_find,
    player_of_session,
    player_token_take,
    player_with_secret,
)
from discovery.platform.errors import ScopeMissing
from graph.ingest.sources import SOURCE_LENGTH, source_or


@dataclass(frozen=True)
class Player:
    """Somebody's device, let in."""

    user: User
    name: str
    scopes: frozenset[DeviceScope]
    device: Device

    def source(self, protocol: str) -> str:
        """Under which name its reports are kept, so that two players are two who tell: whatever it is called, it can."""
        whole, mark = f"{protocol}:{self.name}", hashlib.sha256(self.name.encode()).hexdigest()[:6]
        without_a_name = f"{protocol}:~{mark}"
        begun = source_or(f"{whole[: SOURCE_LENGTH - len(mark) - 1]}~{mark}", without_a_name)
        return source_or(whole, begun)

    def ensure(self, scope: DeviceScope) -> None:
        """Raises ScopeMissing."""
        if scope not in self.scopes:
            raise ScopeMissing(
                _("This token may not be used for this; it lacks %(scopes)s.") % {"scopes": scope.value}
            )


def by_token(word: str) -> Player | None:
    """Whoever has this bearer token."""
    token = valid_token(word)
    if token is None:
        return None
    token_seen(token)
    return _let_in(Device.objects.select_related("token__user").filter(token=token).first())


def by_header(header: str) -> Player | None:
    """The same by an Authorization header: ``Token …`` or ``Bearer …``, in any case."""
    scheme, _space, word = header.strip().partition(" ")
    return by_token(word.strip()) if scheme.lower() in {"token", "bearer"} else None


def by_session(word: str) -> Player | None:
    """Whoever was given this session."""
    return _seen(player_of_session(word))


def by_secret(handle: str, knows: Callable[[str], bool]) -> Player | None:
    """Whoever of the devices of ``handle`` has a second secret that ``knows`` says yes to."""
    return _seen(player_find(handle=handle, knows=knows))


def by_secret_alone(secret: str) -> Player | None:
    """Whose second secret this is."""
    return _seen(player_with_secret(secret))


def by_token_once(token: str) -> Player | None:
    """Whom their owner let in under this token, which is over with it."""
    return _seen(player_token_take(token))


def _seen(device: Device | None) -> Player | None:
    player = _let_in(device)
    if player is not None and player.device.token is not None:
        token_seen(player.device.token)
    return player


def _let_in(device: Device | None) -> Player | None:
    if device is None or device.token is None or (held := token_credential(device.token)) is None:
        return None
    return Player(held.user, device.name, held.scopes, device)
