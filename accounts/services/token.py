"""Bearer tokens for apps and scripts."""

import secrets
from datetime import timedelta

from django.utils import timezone
from oauth2_provider.models import AccessToken, DeviceGrant, Grant, IDToken, RefreshToken

from accounts.models import User

LIFETIME = timedelta(days=365)
SCOPE = "api"


def tokens_expire() -> int:
    """Delete credentials of apps that let nobody in any more; return how many."""
    now = timezone.now()
    gone = RefreshToken.objects.filter(created__lt=now - LIFETIME).delete()[0]
    for credential in (Grant, DeviceGrant, IDToken):
        gone += credential.objects.filter(expires__lt=now).delete()[0]
    # One that can be renewed goes with what renews it.
    return int(gone + AccessToken.objects.filter(expires__lt=now, refresh_token__isnull=True).delete()[0])


def token_issue(*, user: User) -> str:
    """A new token with which an app can act as ``user`` for a year."""
    token = secrets.token_urlsafe(32)
    AccessToken.objects.create(user=user, token=token, scope=SCOPE, expires=timezone.now() + LIFETIME)
    return token
