"""Relay connections with ``first`` (20 unless told, 100 at most) and ``after``; cursors are positions.

A page of rows goes on behind the place of the last one (`keyset`), a page of a ranking with the best of what was not
shown yet. So rows that come or go between two pages neither bring one twice nor hide one. How cursors are made, and
that they open for nobody else and for no other list, stands in `cursors`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, Self

import strawberry
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet, Window
from django.utils.translation import gettext as _
from strawberry import Info, relay
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.relay import NodeType
from strawberry.relay.utils import should_resolve_list_connection_edges
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.nodes import InlineFragment
from strawberry_django.optimizer import optimizer
from strawberry_django.relay.utils import resolve_edge_class
from strawberry_django.resolvers import django_resolver

from discovery.platform.errors import InvalidInput, LimitExceeded
from discovery.platform.graphql import keyset
from discovery.platform.graphql.cursors import (
    position_opened,
    position_sealed,
    shown_opened,
    shown_sealed,
    viewer_of,
)

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
_COUNT = "_rows_there_are"  # the column beside a page's rows that says how many there are


def page_size(first: int | None) -> int:
    """How many items a page has.

    Raises:
        InvalidInput: ``first`` is negative.
        LimitExceeded: ``first`` is more than ``LARGEST_PAGE``.

    """
    size = DEFAULT_PAGE if first is None else first
    if size < 0:
        raise InvalidInput(_("first must not be negative."), field="first")
    if size > LARGEST_PAGE:
        raise LimitExceeded(_("first must be at most %(most)d.") % {"most": LARGEST_PAGE}, field="first")
    return size


def page_info(
    edges: Sequence[Any], *, has_previous: bool, has_next: bool, end: str | None = None
) -> relay.PageInfo:
    """What Relay asks of a page of ``edges``; ``end``: its last cursor, where more was passed over than it shows."""
    return relay.PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=end or (edges[-1].cursor if edges else None),
    )


@strawberry.type
class Shown:
    """What edges of a ranking have in common: their cursors are made where they are asked for."""

    passed: strawberry.Private[Callable[[], str]]

    @strawberry.field
    def cursor(self) -> str:
        return self.passed()


class Passed:
    """The cursors of one page of a ranking: each holds what was shown before, and the page up to its own item."""

    def __init__(self, before: Collection[int], ids: Sequence[int], *, viewer: int, of: str) -> None:
        self.before, self._ids, self._viewer, self._of = before, ids, viewer, of

    def cursor(self, count: int) -> str:
        """The cursor behind the first ``count`` items of the page."""
        shown = {*self.before, *self._ids[:count]}
        return shown_sealed(shown, viewer=self._viewer, of=self._of)

    def behind(self, key: int) -> Callable[[], str]:
        """How the cursor behind the item with this key is made."""
        return lambda: self.cursor(self._ids.index(key) + 1)

    def info(self, shown: Sequence[int], *, has_next: bool) -> relay.PageInfo:
        """What Relay asks of the page, of whose items ``shown`` stand in the answer."""
        return relay.PageInfo(
            has_next_page=has_next,
            has_previous_page=bool(self.before),
            start_cursor=self.behind(shown[0])() if shown else None,
            # Behind all of the page: what stopped being visible in the meantime is not asked for again.
            end_cursor=self.cursor(len(self._ids)) if self._ids else None,
        )


class Before(NamedTuple):
    """What earlier pages of a ranking showed, as a cursor of the list ``of`` says it to whom it was made for."""

    ids: frozenset[int]
    viewer: int
    of: str

    @classmethod
    def read(cls, after: str | None, *, viewer: int, of: str) -> Self:
        """Raises InvalidInput for what is no cursor of this list."""
        return cls(shown_opened(after, viewer=viewer, of=of), viewer, of)

    def passed(self, ids: Sequence[int]) -> Passed:
        """The cursors of the next page, which shows these."""
        return Passed(self.ids, ids, viewer=self.viewer, of=self.of)


# --- connections of rows --------------------------------------------------------------------


@strawberry.type(name="Connection", description="A connection to a list of items.")
class Rows(relay.Connection[NodeType]):
    """Rows of a queryset or a list, a page at a time."""

    counted: strawberry.Private[Callable[[], int]]

    @strawberry.field(description="Total quantity of existing nodes.")  # type: ignore[untyped-decorator]  # as the generic base is
    def total_count(self) -> int | None:
        return self.counted()

    @classmethod
    def of_page(
        cls,
        nodes: Sequence[Any],
        cursors: Callable[[Any], str],
        *,
        size: int,
        after: str | None,
        counted: Callable[[], int],
    ) -> Self:
        """``nodes``: the page and, where there is more, one that stands behind it."""
        edge: Any = resolve_edge_class(cls)
        edges = [edge(cursor=cursors(node), node=node) for node in nodes[:size]]
        info = page_info(edges, has_previous=after is not None, has_next=len(nodes) > size)
        return cls(edges=edges, page_info=info, counted=counted)


# What a resolver returned, as the queryset or list that may be answered to whoever asks.
Opened = Callable[[Any, Info[Any, Any]], Any]


def connection(connection_type: type, *, opened: Opened, moving: bool = False, **options: Any) -> Any:
    """A field which answers one page of what its resolver returns and ``opened`` makes of it.

    A queryset needs a total order of columns, and goes through the optimizer with what the query selects below
    ``edges``. ``moving``: its rows change their places while somebody pages, such as to the top with each touch, and
    are few; it is paged as a ranking, and so is a list.
    """
    paginated = Paginated(connection_type, opened, moving=moving)
    return strawberry.field(graphql_type=connection_type, extensions=[paginated], **options)


class Paginated(FieldExtension):
    """Adds ``first`` and ``after``, checks them, and cuts the page out of what the resolver returns."""

    def __init__(
        self,
        connection_type: type,
        opened: Opened = lambda rows, _info: rows,
        *,
        moving: bool = False,
    ) -> None:
        self.connection_type: Any = connection_type
        self._opened = opened
        self._page = moving_page if moving else rows_page

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
        size = page_size(first)
        nodes = self._opened(next_(source, info, **kwargs), info)
        if not isinstance(nodes, QuerySet):
            return ranked_page(self.connection_type, nodes, size, after, info)
        if extension := optimizer.get():
            nodes = extension.optimize(nodes, info)
        return django_resolver(self._page)(self.connection_type, nodes, size, after, info)


def ranked_page(
    connection_type: Any, nodes: Sequence[Model], size: int, after: str | None, info: Info[Any, Any]
) -> Any:
    """One page of a ranking that is made anew for every page."""
    before = Before.read(after, viewer=viewer_of(info), of=info.field_name)
    rest = [node for node in nodes if node.pk not in before.ids]
    passed = before.passed([node.pk for node in rest[:size]])
    return connection_type.of_page(
        rest[: size + 1],
        lambda node: passed.behind(node.pk)(),
        size=size,
        after=after,
        counted=lambda: len(nodes),
    )


def rows_page(
    connection_type: Any, rows: QuerySet[Any], size: int, after: str | None, info: Info[Any, Any]
) -> Any:
    """One page of ``rows``, in their order."""
    of = info.field_name
    found = _found(rows_behind(rows, after, info, of=of), size, after, info)
    return connection_type.of_page(
        found, row_cursors(rows, info, of=of), size=size, after=after, counted=_counted(rows, found)
    )


def moving_page(
    connection_type: Any, rows: QuerySet[Any], size: int, after: str | None, info: Info[Any, Any]
) -> Any:
    """One page of ``rows`` that no earlier page showed, wherever they stand by now."""
    before = Before.read(after, viewer=viewer_of(info), of=info.field_name)
    found = _found(rows.exclude(pk__in=before.ids) if before.ids else rows, size, after, info)
    passed = before.passed([row.pk for row in found[:size]])
    return connection_type.of_page(
        found, lambda row: passed.behind(row.pk)(), size=size, after=after, counted=_counted(rows, found)
    )


def _found(rows: QuerySet[Any], size: int, after: str | None, info: Info[Any, Any]) -> list[Any]:
    """The first ``size`` rows and one more, where the query wants any."""
    if after is None and _asks_for_count(info):  # with the page; behind a cursor it would be another number
        rows = rows.annotate(**{_COUNT: Window(Count("*"))})
    return list(rows[: size + 1]) if should_resolve_list_connection_edges(info) else []


def _counted(rows: QuerySet[Any], found: Sequence[Any]) -> Callable[[], int]:
    along: int | None = getattr(found[0], _COUNT, None) if found else None
    return rows.count if along is None else lambda: along


def _asks_for_count(info: Info[Any, Any]) -> bool:
    return any(
        not isinstance(part, InlineFragment) and part.name == "totalCount"
        for field in info.selected_fields
        for part in field.selections
    )


def row_cursors(rows: QuerySet[Any], info: Info[Any, Any], *, of: str) -> Callable[[Any], str]:
    """How the cursors of ``rows`` are made, for `rows_behind` of the same list."""
    order, viewer = keyset.columns(rows), viewer_of(info)
    return lambda row: position_sealed(keyset.position_of(row, order), viewer=viewer, of=of)


def rows_behind(rows: QuerySet[Any], after: str | None, info: Info[Any, Any], *, of: str) -> QuerySet[Any]:
    """``rows`` behind a cursor of the list ``of``, with what their own cursors are made of."""
    rows = keyset.with_columns(rows)
    if after is None:
        return rows
    position = position_opened(after, viewer=viewer_of(info), of=of)
    try:
        return keyset.behind(rows, position)
    except (ValueError, ValidationError):  # of an order that this list had once
        raise InvalidInput(
            _("after is not a cursor of ours."), field="after", code="INVALID_CURSOR"
        ) from None
