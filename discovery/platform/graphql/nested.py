"""Connections inside lists: one query for all parents, by way of the optimizer.

Their rows stand in places that shift when one is put in or taken out. So a cursor names rows, and a page goes on behind
where the last of them stands by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry_django
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from strawberry import Info
from strawberry.types.field import StrawberryField
from strawberry_django.fields.field import StrawberryDjangoConnectionExtension, StrawberryDjangoField
from strawberry_django.optimizer import is_optimized_by_prefetching, mark_optimized_by_prefetching
from strawberry_django.pagination import apply_window_pagination
from strawberry_django.resolvers import django_resolver

from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.cursors import position_opened, position_sealed, viewer_of
from discovery.platform.graphql.keyset import with_columns
from discovery.platform.graphql.pagination import LARGEST_PAGE, Paginated, page_size

NAMED = 5  # rows that a cursor names: where the last was taken out, the one before says where to go on


def nested_connection(*, parent: str, place: str, **options: Any) -> Any:
    """A relation as a connection, with the same ``first`` and ``after`` as ``pagination.connection``.

    ``parent``: the column that holds whose rows they are; ``place``: the one that orders them, before the key. Use as
    ``entries: Rows[Entry] = nested_connection(parent="playlist_id", place="position")``.
    """
    return strawberry_django.field(field_cls=_NestedField, extensions=[_Nested(parent, place)], **options)


class _NestedField(StrawberryDjangoField):
    def get_queryset(self, queryset: Any, info: Any, **kwargs: Any) -> Any:
        rows = super().get_queryset(queryset, info, **kwargs)  # type: ignore[no-untyped-call]
        related: str | None = kwargs.get("_strawberry_related_field_id")
        if related is None:
            return rows
        # The optimizer comes here before it reads a single row, of all parents: their pages are cut out at once.
        nested = next(each for each in self.extensions if isinstance(each, _Nested))
        size = page_size(kwargs.get("first"))
        rows = nested.behind(rows, kwargs.get("after"), info)
        return mark_optimized_by_prefetching(
            apply_window_pagination(rows, related_field_id=related, offset=0, limit=size + 1)
        )


class _Nested(StrawberryDjangoConnectionExtension):
    def __init__(self, parent: str, place: str) -> None:
        super().__init__(max_results=LARGEST_PAGE)
        self._parent, self._place = parent, place

    def apply(self, field: StrawberryField) -> None:
        super().apply(field)
        field.arguments = [
            argument
            for argument in field.arguments
            if argument.python_name not in {"first", "after", "before", "last"}
        ]
        Paginated(self.connection_type).apply(field)

    def resolve(
        self,
        next_: Any,
        source: Any,
        info: Info[Any, Any],
        *,
        first: int | None = None,
        after: str | None = None,
        **kwargs: Any,
    ) -> Any:
        size = page_size(first)
        return django_resolver(self._page)(next_(source, info, **kwargs), source, info, size, after)

    def behind(self, rows: QuerySet[Any], after: str | None, info: Info[Any, Any]) -> QuerySet[Any]:
        """Of ``rows``, those behind a cursor, wherever what it names stands by now."""
        rows = with_columns(rows)
        if after is None:
            return rows
        of = f"{rows.model.__name__}s"
        position = position_opened(after, viewer=viewer_of(info), of=of)
        if len(position) < 3:
            raise InvalidInput(_("after is not a cursor of ours."), field="after", code="INVALID_CURSOR")
        parent, place, *named = position
        siblings = rows.model._default_manager.filter(**{self._parent: parent})  # noqa: SLF001  # Django documents it
        there = dict(siblings.filter(pk__in=named).values_list("pk", self._place))
        key = next((key for key in reversed(named) if key in there), None)
        if key is None:
            later = Q(**{f"{self._place}__gte": place})
        else:
            later = Q(**{f"{self._place}__gt": there[key]}) | Q(**{self._place: there[key], "pk__gt": key})
        return rows.filter(later, **{self._parent: parent})

    def _page(
        self, rows: QuerySet[Any], source: Model, info: Info[Any, Any], size: int, after: str | None
    ) -> Any:
        found = (
            list(rows) if is_optimized_by_prefetching(rows) else self.behind(rows, after, info)[: size + 1]
        )
        page = list(found)
        viewer, of = viewer_of(info), f"{rows.model.__name__}s"
        places = {row.pk: number for number, row in enumerate(page)}

        def cursor(row: Any) -> str:
            return position_sealed(self._named(page[: places[row.pk] + 1]), viewer=viewer, of=of)

        def counted() -> int:
            if after is None and page and hasattr(page[0], "_strawberry_total_count"):
                return int(page[0]._strawberry_total_count)  # noqa: SLF001  # the window that cut the page out counted
            siblings = rows.model._default_manager.filter(**{self._parent: source.pk})  # noqa: SLF001
            return int(siblings.count())

        connection: Any = self.connection_type
        return connection.of_page(page, cursor, size=size, after=after, counted=counted)

    def _named(self, rows: Sequence[Any]) -> list[int]:
        """What the cursor of the last of these rows says."""
        last = rows[-1]
        return [getattr(last, self._parent), getattr(last, self._place), *(row.pk for row in rows[-NAMED:])]
