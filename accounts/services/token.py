"""Bearer tokens for apps and scripts: the secret is told once, and of it only a digest is kept."""

import secrets
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from oauth2_provider.models import (
    AccessToken,
    DeviceGrant,
    Grant,
    IDToken,
    RefreshToken,
    set_token_value,
)

from accounts.credentials import scopes_written
from accounts.models import EVERY_SCOPE, Device, DeviceScope, User
from discovery.platform import clock

LIFETIME = timedelta(days=90)
COMMAND_LINE = "command line"


@transaction.atomic
def token_create(
    *, user: User, name: str, scopes: Collection[DeviceScope], lifetime: timedelta = LIFETIME
) -> tuple[Device, str]:
    """A new token with its row among the devices of ``user``, and the secret that nobody is told again."""
    secret, now = secrets.token_urlsafe(32), clock.now()
    token = AccessToken(user=user, scope=scopes_written(scopes), expires=now + lifetime)
    set_token_value(token, secret)
    token.save()
    device = Device.objects.create(
        user=user, kind=Device.Kind.TOKEN, name=name, token=token,
        created_on=now.date(), last_seen_on=now.date(), expires_at=token.expires,
    )  # fmt: skip
    return device, secret


def token_issue(
    *,
    user: User,
    name: str = COMMAND_LINE,
    scopes: Collection[DeviceScope] = EVERY_SCOPE,
    lifetime: timedelta = LIFETIME,
) -> str:
    """A new token with which an app can act as ``user``, on the word of whoever runs the installation."""
    return token_create(user=user, name=name, scopes=scopes, lifetime=lifetime)[1]


def tokens_expire() -> int:
    """Delete credentials of apps that let nobody in any more; return how many."""
    now = clock.now()
    gone = RefreshToken.objects.filter(created__lt=now - LIFETIME).delete()[0]
    for credential in (Grant, DeviceGrant, IDToken):
        gone += credential.objects.filter(expires__lt=now).delete()[0]
    # One that can be renewed goes with what renews it.
    return int(gone + AccessToken.objects.filter(expires__lt=now, refresh_token__isnull=True).delete()[0])
