"""Connections inside lists: one query for all parents, by way of the optimizer."""

from typing import Any

import strawberry_django
from strawberry import Info
from strawberry.types.field import StrawberryField
from strawberry_django.fields.field import StrawberryDjangoConnectionExtension, StrawberryDjangoField

from discovery.platform.graphql.pagination import LARGEST_PAGE, Paginated, page


def nested_connection(**options: Any) -> Any:
    """A relation as a connection, with the same ``first`` and ``after`` as ``pagination.connection``.

    Use as ``entries: DjangoListConnection[Entry] = nested_connection()``.
    """
    return strawberry_django.field(field_cls=_NestedField, extensions=[_Nested()], **options)


class _NestedField(StrawberryDjangoField):
    def get_queryset(self, *args: Any, **kwargs: Any) -> Any:
        # The optimizer comes here before it reads a single row: bad values are refused with their code.
        page(kwargs.get("first"), kwargs.get("after"))
        return super().get_queryset(*args, **kwargs)  # type: ignore[no-untyped-call]


class _Nested(StrawberryDjangoConnectionExtension):
    def __init__(self) -> None:
        super().__init__(max_results=LARGEST_PAGE)

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
        size = page(first, after).size
        return super().resolve(next_, source, info, first=size, after=after, **kwargs)
