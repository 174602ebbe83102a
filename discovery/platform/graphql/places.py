"""Cursors that say behind which row to go on, so that rows which come or go between two pages move none of the others.

A cursor holds what its row is ordered by, sealed: it tells nothing (keys count people up), and is of one list alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput

MARK = "~"  # no base64 begins so
_COLUMN = "_place{}"


class Places:
    """The places of a list's rows. Of lists that are not ordered by plain columns there are none: `of` is None."""

    def __init__(self, rows: QuerySet[Any], order: Sequence[tuple[str, bool, bool | None]]) -> None:
        self._order = order  # (column, descending, whether nulls come last; None where there are none)
        columns = {_COLUMN.format(number): F(name) for number, (name, *_rest) in enumerate(order)}
        self.rows = rows.annotate(**columns)
        self._of = f"{rows.model.__name__} {order}".encode()

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> Places | None:
        query = rows.query
        if query.is_sliced or query.combinator or query.distinct or not query.order_by:
            return None
        order = [_part(rows, part) for part in query.order_by]
        return None if None in order else cls(rows, order)  # type: ignore[arg-type]  # none of them is None

    def behind(self, cursor: str) -> QuerySet[Any]:
        """The rows behind this one. Raises InvalidInput."""
        beyond, same = Q(pk__in=[]), Q()
        for (name, descending, nulls_last), value in zip(self._order, self._opened(cursor), strict=True):
            if value is None:
                further, equal = (
                    Q(pk__in=[]) if nulls_last else Q(**{f"{name}__isnull": False}),
                    Q(**{name: None}),
                )
            else:
                further = Q(**{f"{name}__{'lt' if descending else 'gt'}": value})
                further |= Q(**{f"{name}__isnull": True}) if nulls_last else Q()
                equal = Q(**{name: value})
            beyond |= same & further
            same &= equal
        rows: QuerySet[Any] = self.rows.filter(beyond)
        return rows

    def cursor(self, row: Any) -> str:
        values = [getattr(row, _COLUMN.format(number)) for number in range(len(self._order))]
        told = json.dumps(values, default=str).encode()
        sealed = _cipher(settings.SIGNING_KEY).encrypt(told, [self._of])
        return MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def _opened(self, cursor: str) -> list[Any]:
        try:
            sealed = base64.b64decode(cursor[1:].encode("ascii") + b"==", altchars=b"-_")
            told = json.loads(_cipher(settings.SIGNING_KEY).decrypt(sealed, [self._of]))
        except (UnicodeError, binascii.Error, InvalidTag, ValueError):
            raise InvalidInput(
                _("after is not a cursor of ours."), field="after", code="INVALID_CURSOR"
            ) from None
        return [
            _field(self.rows, name).to_python(value)
            for (name, *_rest), value in zip(self._order, told, strict=True)
        ]


def _part(rows: QuerySet[Any], part: Any) -> tuple[str, bool, bool | None] | None:
    last: bool | None = None
    if isinstance(part, str):
        name, descending = part.lstrip("-"), part.startswith("-")
    elif isinstance(part, OrderBy) and isinstance(part.expression, F):
        column: Any = part.expression
        name, descending = column.name, part.descending
        last = True if part.nulls_last else (False if part.nulls_first else None)
    else:
        return None
    try:
        field = _field(rows, name)
    except FieldDoesNotExist:
        return None
    return None if field.null and last is None else (name, descending, last)


def _field(rows: QuerySet[Any], name: str) -> Any:
    options = rows.model._meta  # noqa: SLF001  # Django documents it
    return options.pk if name == "pk" else options.get_field(name)


@cache
def _cipher(signing_key: str) -> AESSIV:
    return AESSIV(hashlib.blake2b(signing_key.encode(), digest_size=32, person=b"cursor").digest())
