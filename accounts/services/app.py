"""Apps that people let in by OAuth: registered by the operator, listed among a person's devices, renewed by themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from oauth2_provider.models import AccessToken, Application, RefreshToken

from accounts import policies
from accounts.models import Device, DeviceScope, Purpose, User
from accounts.selectors import device_list
from accounts.services.device import MOST_DEVICES, NAME_LENGTH
from discovery.platform.errors import ConsentMissing, InvalidInput, LimitExceeded, Refusal

LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Earlier:
    """Of an app's device what it keeps when its token is renewed."""

    pk: int
    created_on: date


def app_create(
    *, name: str, redirect_uris: Sequence[str], confidential: bool = False
) -> tuple[Application, str | None]:
    """An app that may ask people to let it in, and a confidential one's secret, which is told once.

    Raises InvalidInput: no name, or an address that codes may not be sent to (https, or http on a loopback address).
    """
    for uri in redirect_uris:
        if not code_may_go(uri):
            raise InvalidInput(
                f"{uri}: http is for 127.0.0.1 and [::1] alone, any port; elsewhere it takes https.",
                field="redirect_uris",
            )
    app = Application(
        name=name.strip(), redirect_uris=" ".join(redirect_uris),
        client_type=Application.CLIENT_CONFIDENTIAL if confidential else Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    )  # fmt: skip
    if not app.name:
        raise InvalidInput("An app needs a name, by which people know it.", field="name")
    secret = app.client_secret if confidential else None
    try:
        app.full_clean()
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="redirect_uris") from error
    app.save()
    return app, secret


def code_may_go(uri: str) -> bool:
    """Whether nobody on the way can read what is sent there: http leads to the person's own machine alone."""
    parts = urlsplit(uri)
    return parts.scheme != "http" or parts.hostname in LOOPBACK


def app_refusal(*, user: User, scopes: Collection[DeviceScope]) -> Refusal | None:
    """Why ``user`` cannot let an app in with these scopes now: as for a device of one's own making."""
    if DeviceScope.PLAYS_WRITE in scopes and not policies.permits(user, Purpose.RECORD):
        return ConsentMissing(_("Recording of plays is not granted."), field=Purpose.RECORD.value)
    if device_list(user=user).count() >= MOST_DEVICES:
        return LimitExceeded(_("At most %(most)d devices.") % {"most": MOST_DEVICES})
    return None


def app_before(renewing: RefreshToken) -> Earlier | None:
    """The device whose token is about to be renewed, and goes with it."""
    device = getattr(renewing.access_token, "device", None)
    return None if device is None else Earlier(device.pk, device.created_on)


def app_listed(token: AccessToken, *, earlier: Earlier | None) -> Device:
    """The device of an app's new token, listed from the moment it was issued on; renewed, it stays the same device."""
    today = timezone.now().date()
    kept = {} if earlier is None else {"pk": earlier.pk}
    return Device.objects.create(
        **kept, user=token.user, kind=Device.Kind.APP, token=token, expires_at=token.expires,
        name=token.application.name[:NAME_LENGTH] or _("An app"),
        created_on=earlier.created_on if earlier else today, last_seen_on=today,
    )  # fmt: skip
