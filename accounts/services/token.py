"""Bearer tokens for apps and scripts."""

import secrets
from datetime import timedelta

from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts.models import User

LIFETIME = timedelta(days=365)
SCOPE = "api"


def token_issue(*, user: User) -> str:
    """A new token with which an app can act as ``user`` for a year."""
    token = secrets.token_urlsafe(32)
    AccessToken.objects.create(user=user, token=token, scope=SCOPE, expires=timezone.now() + LIFETIME)
    return token
