"""A playlist for a moment, ready before it begins, where its owner asked for that: claimed in the database, so that none is made twice.

What is made, and of what, is said by whoever calls; here is only for which moment, for whom and when.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError, transaction

from accounts.intake import deliberate
from accounts.models import Purpose, User
from accounts.policies import effective_use
from discovery.models import Moment, ReadyPlaylists
from discovery.platform import clock
from discovery.platform.errors import EarshotError, Refusal
from discovery.recommend.occasion import SOON

logger = logging.getLogger(__name__)

Make = Callable[[User, Moment], object]  # makes a playlist that fits the moment, as long as it lasts
_makers: list[Make] = []


def connect(make: Make) -> None:
    """Whoever makes playlists of words says so, once a process; before that none is made, and nothing is claimed."""
    _makers[:] = [make]


def playlists_make() -> int:
    """Make what is due; return how many playlists. One that fails leaves the others alone, and the next minute tries it again."""
    made = 0
    for make in _makers:
        for key in moments_due():
            try:
                made += playlist_ready(moment_id=key, make=make)
            except (EarshotError, DatabaseError):
                logger.exception("the playlist of moment %s could not be made", key)
    return made


def moments_due() -> list[int]:
    """Keys of the moments that are about to begin and whose owners want a playlist, the first one first."""
    now = clock.now()
    due = Moment.objects.filter(
        readied=False, starts_at__gt=now, starts_at__lte=now + SOON, user__ready_playlists__isnull=False
    )
    return list(due.order_by("starts_at", "pk").values_list("pk", flat=True))


@transaction.atomic
def playlist_ready(*, moment_id: int, make: Make) -> bool:
    """Make the playlist of a moment that is due; return whether there is one now that was not there before.

    Nothing is made where the owner's level or permission does not let the moment count now, or somebody else was quicker. What is
    refused, because nothing fits or there are too many playlists, is not tried again; what fails is, until the moment begins.
    """
    owner = User.objects.filter(moments=moment_id).first()
    if owner is None:
        return False
    act = deliberate(owner)
    now = clock.now()
    due = Moment.objects.filter(pk=moment_id, readied=False, starts_at__gt=now, starts_at__lte=now + SOON)
    moment = due.select_for_update().first()
    if moment is None or not ReadyPlaylists.objects.filter(user=act.user).exists():
        return False
    if Purpose(moment.purpose) not in effective_use(act.user).occasion:
        return False
    moment.readied = True
    with act.write():
        moment.save(update_fields=["readied"])
    try:
        with transaction.atomic():
            make(act.user, moment)
    except Refusal as refusal:
        logger.info("no playlist was made for moment %s: %s", moment.pk, refusal.specific_code)
        return False
    return True
