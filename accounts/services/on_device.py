"""On this device only: what somebody plays is kept where they play it, and this installation keeps nothing of it.

Switching on deletes what is here, through everybody who keeps something (`accounts.signals.on_device_beginning`); the device
took it along before. Switching off brings nothing back: what the device holds stays there.
"""

from django.db import transaction

from accounts.models import User
from accounts.services.ledger import epoch_raise
from accounts.signals import on_device_beginning
from discovery.platform import clock


@transaction.atomic
def on_device_set(*, user: User, on: bool) -> User:
    """From now on nothing of what ``user`` plays and says of music is kept here, or it is again; return the stored user.

    What is allowed stays as it is answered. Saying the same twice changes nothing.
    """
    stored = User.objects.select_for_update().get(pk=user.pk)
    if on == (stored.on_device_since is not None):
        return stored
    stored.on_device_since = user.on_device_since = clock.now() if on else None
    stored.save(update_fields=["on_device_since"])
    if on:
        on_device_beginning.send(sender=User, user=stored)
    epoch_raise([stored.pk])
    return stored
