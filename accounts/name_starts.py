"""Who is called so: by the beginning of a handle or of a word of a name, in the order of handles.

Few are called by most texts, and stand together in the index of beginnings (`NameStart`, written by database triggers):
they are taken by their keys. Where more than ``FEW`` are, they are read in the order of handles among those who share the
first characters, until a page is full. Either way it is the rows of the people themselves that say who is called so, and
the rules of whoever asks that say who may be found: what stands in the index brings up nobody by itself.
"""

from django.db.models import F, Q, QuerySet

from accounts.compiled_query import Among
from accounts.models import NameStart, User

FEW = 1_000  # beginnings
HEADS = {4: "first_four", 2: "first_two", 1: "first_one"}  # columns, by how many characters they hold


def called(key: str) -> Q:
    """``User`` rows with a handle, or a word of a name, that begins with ``key``, a `name_key`."""
    return Q(name_key__startswith=key) | Q(name_key__contains=f" {key}") | Q(username__istartswith=key)


def by_handle(people: QuerySet[User], key: str) -> QuerySet[User]:
    """Of ``people``, those whom ``key``, a `name_key`, calls; by handle. One query looks whether they are few."""
    so = people.filter(called(key))
    if (few := _few(key)) is not None:
        return so.filter(Among("pk", few)).order_by("username", "pk")
    size = next(size for size in HEADS if len(key) >= size)
    alike = so.filter(**{f"name_starts__{HEADS[size]}": key[:size]})
    return alike.annotate(found_by=F("name_starts__handle")).order_by("found_by", "pk")


def _few(key: str) -> list[int] | None:
    """Keys of people who have a beginning that begins so; None where there are more than `FEW` beginnings."""
    found = list(within(key)[: FEW + 1])
    return None if len(found) > FEW else sorted(set(found))


def within(key: str) -> QuerySet[NameStart, int]:
    """Whose beginnings begin so, a key of a person for each of them."""
    begin = key.encode()
    starts = NameStart.objects.filter(start__gte=begin, start__lt=begin + b"\xff")  # no UTF-8 holds that byte
    return starts.values_list("person", flat=True)
