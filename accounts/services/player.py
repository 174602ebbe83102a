"""Players whose protocols need a secret in clear: each has its own, and no account's password is ever asked for.

Audioscrobbler and Last.fm compare MD5 sums over the password, which nobody can who keeps a digest of it. So a
device may have a second secret, stored encrypted under the installation's key (SIGNING_KEY). It opens nothing by
itself: the device's token says what may be done, and until when. A session is a signed word that names its device;
no table and no memory holds it, so that it outlives a restart and ends with the device.

A player that asks to be let in on a page shows its owner a token, which stands in an address. Until the player has
taken its session the token is the secret of the device that was made for it, and it is good for nothing else.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Device
from discovery.platform.secrets import sealed, unsealed

SECRET_BYTES = 12  # 24 hexadecimal digits; 32 would be taken for an MD5 sum by players that accept either
_PURPOSE = "player secret"
_SESSION = "accounts.player.session"
_ASKED = "accounts.player.asked"
_DOT = "."  # stands in every token and in no secret
TOKEN_AGE = timedelta(hours=1)


def player_secret_make() -> tuple[str, str]:
    """A new secret, as it is told and as it is stored."""
    secret = secrets.token_hex(SECRET_BYTES)
    return secret, sealed(secret, purpose=_PURPOSE, key=settings.SIGNING_KEY)


def player_secret(device: Device) -> str | None:
    """The secret in clear; None where there is none, or a token, or it was made under another key."""
    if device.player_secret is None:
        return None
    try:
        secret = str(unsealed(device.player_secret, purpose=_PURPOSE, key=settings.SIGNING_KEY))
    except ValueError:
        return None
    return None if _DOT in secret else secret


def player_find(*, handle: str, knows: Callable[[str], bool]) -> Device | None:
    """The device of ``handle`` whose secret the player ``knows``: a name and a right answer are all it tells."""
    if "\x00" in handle:  # no database can be asked for it
        return None
    for device in _players().filter(user__username__iexact=handle).order_by("pk"):
        secret = player_secret(device)
        if secret is not None and knows(secret):
            return device
    return None


def player_with_secret(secret: str) -> Device | None:
    """The device with this secret, whoever's it is: what is sealed is the same word each time."""
    if "\x00" in secret or _DOT in secret or not secret.isascii():
        return None
    return _players().filter(player_secret=sealed(secret, purpose=_PURPOSE, key=settings.SIGNING_KEY)).first()


def player_session(device: Device) -> str:
    """A word by which the player is known from now on, for as long as there is the device."""
    return signing.dumps([device.pk, _mark(device)], salt=_SESSION)


def player_of_session(word: str) -> Device | None:
    """Whose session this is; None for what was never signed here, and where the device is no more."""
    try:
        key, mark = signing.loads(word, salt=_SESSION)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    device = _players().filter(pk=key).first()
    return device if device is not None and _mark(device) == mark else None


def _players() -> QuerySet[Device]:
    return Device.objects.filter(player_secret__isnull=False, token__isnull=False).select_related(
        "token__user", "token__device", "user"
    )


def _mark(device: Device) -> str:
    """What tells this device from one that came to have its number."""
    return hashlib.sha256((device.player_secret or "").encode()).hexdigest()[:12]


# --- let in on a page -----------------------------------------------------------------------


def player_token_make() -> str:
    """A word under which somebody may let a player in within the hour. Nothing is kept of it."""
    return _tokens().sign(secrets.token_hex(SECRET_BYTES))


def player_token_valid(token: str) -> bool:
    """Whether it was made here, within the hour."""
    try:
        _tokens().unsign(token, max_age=TOKEN_AGE)
    except signing.BadSignature:
        return False
    return True


def player_token_allow(*, device: Device, token: str) -> None:
    """Whoever shows this token is this device, once."""
    device.player_secret = sealed(token, purpose=_PURPOSE, key=settings.SIGNING_KEY)
    device.save(update_fields=["player_secret"])


@transaction.atomic
def player_token_take(token: str) -> Device | None:
    """The device that was let in under this token; the token is over with it. None where it is over, or nobody let it in."""
    if not player_token_valid(token):
        return None
    word = sealed(token, purpose=_PURPOSE, key=settings.SIGNING_KEY)
    device = _players().select_for_update(of=("self",)).filter(player_secret=word).first()
    if device is not None:
        _told, device.player_secret = player_secret_make()
        device.save(update_fields=["player_secret"])
    return device


def _tokens() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=_ASKED, sep=_DOT)
