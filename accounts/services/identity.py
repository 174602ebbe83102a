"""What no import may bring back, kept as digests: ids of people erased, and pairs who ended a friendship.

A digest only answers whether an id or a pair is one of them.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import ErasedIdentity, User

_SALT = "earshot.erased"
IDENTITIES_KEPT = timedelta(days=3650)  # as long as an old file may still be imported


def identities_forget(*, ids: Iterable[str]) -> None:
    """Remember, without keeping them, that these ids must not come back."""
    ErasedIdentity.objects.bulk_create(
        [ErasedIdentity(digest=_digest(value)) for value in ids], ignore_conflicts=True
    )


def identities_expire() -> int:
    """Delete digests older than they are kept; return how many."""
    return ErasedIdentity.objects.filter(erased_at__lt=timezone.now() - IDENTITIES_KEPT).delete()[0]


def is_erased(value: str) -> bool:
    return ErasedIdentity.objects.filter(digest=_digest(value)).exists()


def erased_among(values: Iterable[str]) -> set[str]:
    """Those of ``values`` that belong to people erased; one query."""
    digests = {_digest(value): value for value in values}
    erased = ErasedIdentity.objects.filter(digest__in=digests).values_list("digest", flat=True)
    return {digests[digest] for digest in erased}


def friendship_forget(*, user: User, other: User) -> None:
    """Remember that these two ended their friendship, or that one of them did not want it.

    Only of people whom an import brought: nobody else's friendships come from one.
    """
    if user.external_id and other.external_id:
        identities_forget(ids=[_pair_name(user.pk, other.pk)])


def ended_among(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of ``pairs`` (primary keys) who ended a friendship; one query."""
    named = {_pair_name(*ends): ends for ends in pairs}
    return {named[name] for name in erased_among(named)}


def _pair_name(first: int, second: int) -> str:
    return "friendship {}–{}".format(*sorted((first, second)))


def _digest(value: str) -> str:
    """Keyed by SECRET_KEY: without it nobody can try ids out."""
    return salted_hmac(_SALT, value, algorithm="sha256").hexdigest()
