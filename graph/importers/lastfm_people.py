"""The people an import brings along, and what may be assumed of them."""

from collections.abc import Collection

from django.contrib.auth.hashers import make_password

from accounts.models import Consent, ConsentActor, PersonalizationLevel, Purpose, User
from accounts.services.consent import consents_grant_many
from accounts.services.identity import erased_among
from discovery.platform.errors import ImportFailed

ASSUMED = (
    Purpose.RECORD,
    Purpose.SELF,
    Purpose.CONTRIBUTE,
    Purpose.SOCIAL_IN,
    Purpose.SOCIAL_OUT,
    Purpose.NAMED,
    Purpose.DISCOVERABLE,
    Purpose.THIRD_PARTY,
)


def listeners_get_or_create(*, external_ids: Collection[str]) -> tuple[dict[str, int], int]:
    """Primary keys by external id, and how many listeners are new. New ones have answered nothing.

    People who were erased do not come back: their ids are not among the keys.

    Raises ImportFailed when a handle of the form ``lastfm-<id>`` belongs to someone else.
    """
    known = _keys(external_ids)
    external_ids = set(external_ids) - erased_among(external_ids)
    fresh = [name for name in sorted(external_ids, key=int) if name not in known]
    User.objects.bulk_create(
        [User(username=f"lastfm-{name}", external_id=name, password=make_password(None)) for name in fresh],
        ignore_conflicts=True,
    )
    keys = known | _keys(fresh)
    if taken := [name for name in fresh if name not in keys]:
        raise ImportFailed(f"The handle lastfm-{taken[0]} belongs to someone else. Nothing was stored.")
    return keys, len(fresh)


def _keys(external_ids: Collection[str]) -> dict[str, int]:
    pairs = User.objects.filter(external_id__in=external_ids).values_list("external_id", "pk")
    return {name: key for name, key in pairs if name is not None}


def consents_assume(*, user_ids: Collection[int]) -> int:
    """Write into the ledger that these people granted ``ASSUMED``, and set their level to SOCIAL.

    Only for those who never answered anything: neither an answer once given nor a level once chosen is
    overridden, and who took everything back has answered everything. Returns how many.
    """
    people = list(User.objects.select_for_update().filter(pk__in=user_ids).order_by("pk"))
    answered = set(Consent.objects.filter(user__in=people).values_list("user_id", flat=True))
    people = [person for person in people if person.pk not in answered and not person.is_minor]
    silent = User.objects.filter(pk__in=[person.pk for person in people], level_chosen=False)
    silent.update(level=PersonalizationLevel.SOCIAL)
    consents_grant_many(users=people, purposes=ASSUMED, actor=ConsentActor.IMPORT, channel="import")
    return len(people)
