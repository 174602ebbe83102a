"""Relay connections with ``first`` (20 unless told, 100 at most) and ``after``; cursors are positions."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from strawberry import Info, relay
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry_django.optimizer import optimizer

from discovery.platform.errors import InvalidInput, LimitExceeded

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
FURTHEST_POSITION = 1_000_000  # an offset beyond it is no list anybody pages through


@dataclass(frozen=True, slots=True)
class Page:
    """``size`` items from position ``start`` on."""

    start: int
    size: int


def page(first: int | None, after: str | None) -> Page:
    """Where a page begins and how long it is.

    Raises:
        InvalidInput: ``first`` is negative, or ``after`` is no cursor of ours.
        LimitExceeded: ``first`` is more than ``LARGEST_PAGE``.

    """
    size = DEFAULT_PAGE if first is None else first
    if size < 0:
        raise InvalidInput(_("first must not be negative."), field="first")
    if size > LARGEST_PAGE:
        raise LimitExceeded(_("first must be at most %(most)d.") % {"most": LARGEST_PAGE}, field="first")
    return Page(start=0 if after is None else _position(after) + 1, size=size)


def cursor(position: int) -> str:
    """The cursor of the item at ``position`` (from 0) of a list."""
    return relay.to_base64(relay.types.PREFIX, position)


def page_info(edges: Sequence[Any], *, start: int, has_next: bool) -> relay.PageInfo:
    """What Relay asks of a page of ``edges`` whose first stands at ``start``."""
    return relay.PageInfo(
        has_next_page=has_next,
        has_previous_page=start > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )


# What a resolver returned, as the queryset or list that may be answered to whoever asks.
Opened = Callable[[Any, Info[Any, Any]], Any]


def connection(connection_type: type, *, opened: Opened, **options: Any) -> Any:
    """A field which answers one page of what its resolver returns and ``opened`` makes of it.

    A queryset needs a total order, and goes through the optimizer with what the query selects below ``edges``.
    """
    paginated = Paginated(connection_type, opened)
    return strawberry.field(graphql_type=connection_type, extensions=[paginated], **options)


class Paginated(FieldExtension):
    """Adds ``first`` and ``after``, checks them, and cuts the page out of what the resolver returns."""

    def __init__(self, connection_type: type, opened: Opened = lambda rows, _info: rows) -> None:
        self.connection_type: Any = connection_type
        self._opened = opened

    def apply(self, field: StrawberryField) -> None:
        field.arguments = [
            *field.arguments,
            StrawberryArgument(
                "first", "first", StrawberryAnnotation(int | None), default=DEFAULT_PAGE,
                description=f"How many; at most {LARGEST_PAGE}.",
            ),
            StrawberryArgument(
                "after", "after", StrawberryAnnotation(str | None), default=None,
                description="The cursor behind which to go on.",
            ),
        ]  # fmt: skip

    def resolve(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: Info[Any, Any],
        *,
        first: int | None = DEFAULT_PAGE,
        after: str | None = None,
        **kwargs: Any,
    ) -> Any:
        size = page(first, after).size
        nodes = self._opened(next_(source, info, **kwargs), info)
        if isinstance(nodes, QuerySet) and (extension := optimizer.get()):
            nodes = extension.optimize(nodes, info)
        return self.connection_type.resolve_connection(nodes, info=info, first=size, after=after)


def _position(after: str) -> int:
    try:
        decoded = base64.b64decode(after.encode("ascii"), validate=True).decode("ascii")
    except (UnicodeError, binascii.Error):
        decoded = ""
    prefix, _colon, position = decoded.partition(":")
    if prefix != relay.types.PREFIX or not position.isdigit() or int(position) > FURTHEST_POSITION:
        raise InvalidInput(_("after is not a cursor of ours."), field="after", code="INVALID_CURSOR")
    return int(position)
