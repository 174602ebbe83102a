"""Global object identification: opaque ids out, checked ids in, and ``node(id:)``."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _
from strawberry import Info, relay
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import cast

from discovery.platform.errors import InvalidInput

LONGEST_ID = 200  # characters
LARGEST_KEY = 2**63 - 1  # what a BigAutoField holds


def node_id(value: str, *types: str, field: str | None = None) -> int:
    """The primary key inside a global id of one of these ``types`` (GraphQL type names).

    Raises:
        InvalidInput: not a global id, or one of another type.

    """
    type_name, key = _parsed(value, field)
    if type_name not in types:
        raise InvalidInput(
            _("This is not the id of a %(types)s.") % {"types": " or ".join(types)},
            field=field,
            code="INVALID_ID",
        )
    return key


def global_id(type_name: str, key: int) -> str:
    """The opaque id under which ``key`` of ``type_name`` goes out."""
    return relay.to_base64(type_name, key)


def node_resolve(value: str, *, info: Info[Any, Any]) -> relay.Node | None:
    """What stands behind a global id, where the viewer may see it; ``None`` for everything else alike.

    Each type decides in its ``get_queryset`` what the viewer may see, so that what is hidden and
    what does not exist take the same path.
    """
    try:
        type_name, key = _parsed(value, None)
    except InvalidInput:
        return None
    definition = info.schema.get_type_by_name(type_name)
    if not isinstance(definition, StrawberryObjectDefinition) or not issubclass(
        definition.origin, relay.Node
    ):
        return None
    node: relay.Node | None = definition.origin.resolve_node(str(key), info=info, required=False)  # type: ignore[assignment]  # sync schema
    return None if node is None else cast(definition.origin, node)


def _parsed(value: str, field: str | None) -> tuple[str, int]:
    refusal = InvalidInput(_("This is not an id of ours."), field=field, code="INVALID_ID")
    if not 0 < len(value) <= LONGEST_ID:
        raise refusal
    try:
        decoded = base64.b64decode(value.encode("ascii"), validate=True).decode("ascii")
    except (UnicodeError, binascii.Error):
        raise refusal from None
    type_name, separator, key = decoded.partition(":")
    if not separator or not key.isdigit() or int(key) > LARGEST_KEY:
        raise refusal
    return type_name, int(key)
