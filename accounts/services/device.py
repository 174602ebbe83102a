"""A person's devices: made, seen, ended. An ended one opens nothing from the next request on, in every process."""

from collections.abc import Collection
from datetime import date, datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from accounts import policies
from accounts.credentials import Credential
from accounts.models import Device, DeviceScope, Purpose, User
from accounts.selectors import device_list
from accounts.services.player import player_secret_make
from accounts.services.token import token_create
from discovery.platform.errors import ConsentMissing, InvalidInput, LimitExceeded, NotFound
from discovery.platform.events import credentials_channel, publish
from discovery.platform.graphql.inputs import text

MOST_DEVICES = 50  # of one person
NAME_LENGTH = 80


@transaction.atomic
def device_create(
    *, credential: Credential, name: str, scopes: Collection[DeviceScope], for_player: bool = False
) -> tuple[Device, str, str | None]:
    """A token with these scopes for whoever asks, its secret, and ``for_player`` a second one (`services.player`).

    Raises:
        InvalidInput: no name, no scope, or a scope that the credential which asks does not have itself.
        ConsentMissing: it would record plays, and RECORD is not granted.
        LimitExceeded: there are ``MOST_DEVICES`` already.

    """
    name = text(name, field="name", largest=NAME_LENGTH)
    wanted = frozenset(scopes)
    if not wanted or len(wanted) != len(scopes):
        raise InvalidInput(_("Choose what the device may do."), field="scopes")
    if not wanted <= credential.scopes:
        raise InvalidInput(
            _("A device cannot make one that may do more than itself."),
            field="scopes",
            code="INSUFFICIENT_SCOPE",
        )
    user = User.objects.select_for_update().get(pk=credential.user.pk)
    if DeviceScope.PLAYS_WRITE in wanted and not policies.permits(user, Purpose.RECORD):
        raise ConsentMissing(_("Recording of plays is not granted."), field=Purpose.RECORD.value)
    if device_list(user=user).count() >= MOST_DEVICES:
        raise LimitExceeded(_("At most %(most)d devices.") % {"most": MOST_DEVICES})
    device, secret = token_create(user=user, name=name, scopes=wanted)
    if not for_player:
        return device, secret, None
    player_secret, device.player_secret = player_secret_make()
    device.save(update_fields=["player_secret"])
    return device, secret, player_secret


@transaction.atomic
def device_revoke(*, user: User, device_id: int) -> Device:
    """End one of the person's devices; return what it was. Raises NotFound."""
    device = device_list(user=user).filter(pk=device_id).first()
    if device is None:
        raise NotFound(_("There is no such device."), field="id")
    _end([device])
    _tell(user)
    return device


@transaction.atomic
def devices_end(*, user: User, but: Credential | None = None) -> int:
    """End all devices of ``user`` but the one that asks; return how many."""
    devices = [
        device
        for device in Device.objects.filter(user=user).select_related("token")
        if but is None or (device.token_id, device.session_digest) != (but.token_id, but.session_digest)
    ]
    _end(devices)
    # And what was issued to apps and never used, so that it is no device yet.
    asking = Q() if but is None or but.token_id is None else ~Q(pk=but.token_id)
    AccessToken.objects.filter(asking, user=user).delete()
    RefreshToken.objects.filter(user=user, access_token=None).delete()
    Grant.objects.filter(user=user).delete()
    _tell(user)
    return len(devices)


def token_seen(token: AccessToken) -> None:
    """Note the day on which a token was used; an app's token that was issued just now becomes a device."""
    device, today = getattr(token, "device", None), timezone.now().date()
    if device is None:
        app = token.application
        Device.objects.get_or_create(
            token=token,
            defaults={
                "user": token.user, "kind": Device.Kind.APP if app else Device.Kind.TOKEN,
                "name": (app.name if app else "")[:NAME_LENGTH] or _("An app"), "created_on": token.created.date(),
                "last_seen_on": today, "expires_at": token.expires,
            },
        )  # fmt: skip
    elif device.last_seen_on != today:
        Device.objects.filter(pk=device.pk).update(last_seen_on=today)


def browser_seen(*, user: User, session_digest: str, name: str, expires_at: datetime) -> date:
    """Note the day on which a browser's session was used, and by which kind of browser; return the day."""
    today = timezone.now().date()
    Device.objects.update_or_create(
        session_digest=session_digest,
        defaults={"last_seen_on": today, "expires_at": expires_at},
        create_defaults={
            "user": user, "kind": Device.Kind.BROWSER, "name": name[:NAME_LENGTH],
            "created_on": today, "last_seen_on": today, "expires_at": expires_at,
        },
    )  # fmt: skip
    return today


def devices_forget() -> int:
    """Delete what has run out; return how many devices. An app renews its token by itself and stays."""
    over = Device.objects.filter(expires_at__lte=timezone.now()).exclude(kind=Device.Kind.APP)
    return _end(list(over.select_related("token")))


def _end(devices: Collection[Device]) -> int:
    """The rows that let them in go first, so that nothing is left that opens without being listed."""
    apps = [device.token.application_id for device in devices if device.token and device.token.application_id]
    users = {device.user_id for device in devices}
    RefreshToken.objects.filter(user__in=users, application__in=apps).delete()
    Grant.objects.filter(user__in=users, application__in=apps).delete()
    AccessToken.objects.filter(user__in=users, application__in=apps).delete()
    AccessToken.objects.filter(pk__in=[device.token_id for device in devices if device.token_id]).delete()
    Session.objects.filter(
        pk__in=[device.session_digest for device in devices if device.session_digest]
    ).delete()
    Device.objects.filter(pk__in=[device.pk for device in devices]).delete()
    return len(devices)


def _tell(user: User) -> None:
    """Whoever has a socket open looks again whether it still may."""
    channel = credentials_channel(user.pk)
    transaction.on_commit(lambda: publish([channel], {}))
