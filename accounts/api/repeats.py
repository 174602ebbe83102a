"""Mutations that may be repeated: with the same ``idempotencyKey``, they answer as the first time and do nothing again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry
from django.db import transaction
from django.utils.translation import gettext as _
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from accounts.presentation import Ref, node_shown
from accounts.services.repeat import call_begin, call_end
from discovery.platform.errors import NotFound

Info = strawberry.Info[Any, None]


def _nothing(_answer: Any) -> None:
    """Keep nothing: the arguments alone say what the answer is about."""


@dataclass(frozen=True)
class Again:
    """How a repeated call is answered.

    ``told`` makes the answer from what is there by now: of ``info``, what was kept, and the arguments, by the rules of
    this moment. ``kept``: what is kept of the first answer for that, a key or figures, and no argument. ``secret``:
    arguments that are not compared and not digested.
    """

    told: Callable[..., Any]
    kept: Callable[[Any], Any] = _nothing
    secret: tuple[str, ...] = ()


def row_again(kind: str) -> Again:
    """Of a mutation that answers with a row of this kind: the row, where the viewer may see it still."""

    def told(info: Info, key: int, **_arguments: Any) -> Any:
        row = node_shown(info.context.viewer, Ref(kind, key))
        if row is None:
            raise NotFound(_("There is no such thing."))
        return row

    return Again(told, kept=lambda row: row.pk)


class Once(FieldExtension):
    """Adds ``idempotencyKey``, and lets what it came with be done once. Within `SignedIn`, outside of what acts."""

    def __init__(self, again: Again) -> None:
        self._again = again

    def apply(self, field: StrawberryField) -> None:
        field.arguments = [
            *field.arguments,
            StrawberryArgument(
                "idempotency_key", "idempotencyKey", StrawberryAnnotation(str | None), default=None,
                description="A word of the app's for this call. Sent again with the same word within 24 hours, it answers "
                "as the first time and does nothing again; with other arguments it is refused (IDEMPOTENCY_KEY_REUSED).",
            ),
        ]  # fmt: skip

    def resolve(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: Info,
        *,
        idempotency_key: str | None = None,
        **arguments: Any,
    ) -> Any:
        if idempotency_key is None:
            return next_(source, info, **arguments)
        compared = {name: value for name, value in arguments.items() if name not in self._again.secret}
        with transaction.atomic():  # what is refused leaves no key behind
            call = call_begin(
                user=info.context.signed_in, key=idempotency_key, name=info.field_name, arguments=compared
            )
            if call.answer is not None:
                return self._again.told(info, *call.answer, **arguments)
            answer = next_(source, info, **arguments)
            call_end(call, self._again.kept(answer))
            return answer
