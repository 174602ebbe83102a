"""What a listener leaves out of their taste, and takes back in."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.intake import deliberate, ensure_kept_here
from accounts.models import User
from accounts.services.ledger import epoch_raise
from discovery.platform.errors import LimitExceeded
from graph.models import Artist, Playlist, TasteExclusion, Track

MAX_EXCLUSIONS = 10_000  # of one listener


@transaction.atomic
def taste_exclusion_set(*, user: User, thing: Track | Artist | Playlist, excluded: bool) -> None:
    """From the next request on, what ``user`` did with ``thing`` counts for nothing, or counts again.

    Nothing is deleted. Saying the same twice changes nothing. Raises LimitExceeded beyond ``MAX_EXCLUSIONS``,
    and ConsentMissing (ON_DEVICE_ONLY) where it is to be said on their own device.
    """
    act = deliberate(user)
    about: dict[str, Any] = {type(thing).__name__.lower(): thing}
    theirs = TasteExclusion.objects.filter(user=user)
    if excluded:
        ensure_kept_here(act.user)
        if theirs.count() >= MAX_EXCLUSIONS:
            raise LimitExceeded(
                _("At most %(most)d things can be excluded.") % {"most": MAX_EXCLUSIONS},
                field="id",
            )
        with act.write():
            changed = theirs.get_or_create(user=user, **about, defaults={"excluded_at": act.moment})[1]
    else:
        changed = bool(theirs.filter(**about).delete()[0])
    if changed:
        epoch_raise([user.pk])
