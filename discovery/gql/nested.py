"""Connections inside lists: one query for all parents, by way of the optimizer."""

from typing import Any

from strawberry.types.field import StrawberryField
from strawberry_django.fields.field import StrawberryDjangoConnectionExtension

from discovery.gql.context import Info
from discovery.gql.pagination import LARGEST_PAGE, Paginated, page


class Nested(StrawberryDjangoConnectionExtension):
    """A relation as a connection with the same ``first`` and ``after`` as ``pagination.connection``.

    Use as ``entries: DjangoListConnection[Entry] = strawberry_django.field(extensions=[Nested()])``.
    """

    def __init__(self) -> None:
        super().__init__(max_results=LARGEST_PAGE)

    def apply(self, field: StrawberryField) -> None:
        super().apply(field)
        field.arguments = [
            each for each in field.arguments if each.python_name not in {"first", "after", "before", "last"}
        ]
        Paginated(self.connection_type).apply(field)

    def resolve(
        self,
        next_: Any,
        source: Any,
        info: Info,
        *,
        first: int | None = None,
        after: str | None = None,
        **kwargs: Any,
    ) -> Any:
        size = page(first, after).size
        return super().resolve(next_, source, info, first=size, after=after, **kwargs)
