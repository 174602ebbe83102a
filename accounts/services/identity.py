"""Ids of people erased, kept as digests that only answer whether an id is one of them."""

from collections.abc import Iterable

from django.utils.crypto import salted_hmac

from accounts.models import ErasedIdentity

_SALT = "earshot.erased"


def identities_forget(*, ids: Iterable[str]) -> None:
    """Remember, without keeping them, that these ids must not come back."""
    ErasedIdentity.objects.bulk_create(
        [ErasedIdentity(digest=_digest(each)) for each in ids], ignore_conflicts=True
    )


def is_erased(value: str) -> bool:
    return ErasedIdentity.objects.filter(digest=_digest(value)).exists()


def erased_among(values: Iterable[str]) -> set[str]:
    """Those of ``values`` that belong to people erased; one query."""
    digests = {_digest(value): value for value in values}
    found = ErasedIdentity.objects.filter(digest__in=digests).values_list("digest", flat=True)
    return {digests[digest] for digest in found}


def _digest(value: str) -> str:
    """Keyed by SECRET_KEY: without it nobody can try ids out."""
    return salted_hmac(_SALT, value, algorithm="sha256").hexdigest()
