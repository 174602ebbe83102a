"""Global object identification: opaque ids out, checked ids in, and ``node(id:)``.

An id is one block of AES over the type's name and the key, under a key of this installation: it tells neither,
cannot be made up, does not count anybody up, and is the same for as long as the installation keeps its SIGNING_KEY.
Of a random key (UUID) it holds the first 63 bits.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import strawberry
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from django.conf import settings
from django.utils.translation import gettext as _
from graphql import GraphQLObjectType, GraphQLSchema
from strawberry import Info, relay
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import cast

from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.plain import OfSource

IDS_KEPT = 16_384  # of those that went out last: an answer has some of them many times
LENGTH = 22  # characters of an id: 16 bytes in URL-safe base64 without padding
LARGEST_KEY = 2**63 - 1  # what a BigAutoField holds
_CUT = 128 - 63  # bits of a random key that an id does not hold


@strawberry.type
class PlainNode(relay.Node):
    """The base of a Node whose fields are given to it, rather than read from a row."""

    pk: relay.NodeID[int]


def node_id(value: str, *types: str, field: str | None = None) -> int:
    """The primary key inside a global id of one of these ``types`` (GraphQL type names).

    Raises:
        InvalidInput: not a global id, or one of another type.

    """
    return node_ref(value, *types, field=field)[1]


def node_ref(value: str, *types: str, field: str | None = None) -> tuple[str, int]:
    """Type and primary key inside a global id of one of these ``types``. Raises as ``node_id``."""
    mark, key = _parsed(value, field)
    for name in types:
        if mark == _mark(name):
            return name, key
    raise InvalidInput(
        _("This is not an id of the type %(types)s.") % {"types": " or ".join(types)},
        field=field,
        code="INVALID_ID",
    )


def global_id(type_name: str, key: int | UUID) -> str:
    """The opaque id under which ``key`` of ``type_name`` goes out."""
    return _written(settings.SIGNING_KEY, type_name, key.int >> _CUT if isinstance(key, UUID) else key)


@lru_cache(maxsize=IDS_KEPT)
def _written(signing_key: str, type_name: str, key: int) -> str:
    block = _ciphers(signing_key).sealing.update(_mark(type_name) + key.to_bytes(8))
    return base64.urlsafe_b64encode(block)[:LENGTH].decode("ascii")


def uuids_of(key: int) -> tuple[UUID, UUID]:
    """The least and the largest random key whose id holds ``key``: for a lookup by range."""
    return UUID(int=key << _CUT), UUID(int=((key + 1) << _CUT) - 1)


def node_ids_resolve_fast(schema: GraphQLSchema) -> None:
    """Have every Node's ``id`` made from its row's key alone, past the relay machinery (60 µs an id)."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and any(
            interface.name == "Node" for interface in kind.interfaces
        ):
            kind.fields["id"].resolve = _id_resolver(kind.name)


def node_resolve(
    value: str, *, info: Info[Any, Any], ensure: Callable[[str], None] = lambda _name: None
) -> relay.Node | None:
    """What stands behind a global id, where the viewer may see it; ``None`` for everything else alike.

    ``ensure`` raises for the name of a type that may not be asked for in this way, whatever there is.
    Each type decides in its ``get_queryset`` what the viewer may see, so that what is hidden and
    what does not exist take the same path.
    """
    try:
        mark, key = _parsed(value, None)
    except InvalidInput:
        return None
    definition = info.schema.get_type_by_name(_node_types(info.schema).get(mark, ""))
    if not isinstance(definition, StrawberryObjectDefinition):
        return None
    ensure(definition.name)
    node: relay.Node | None = definition.origin.resolve_node(str(key), info=info, required=False)
    return None if node is None else cast(definition.origin, node)


@cache
def _node_types(schema: Any) -> dict[bytes, str]:
    """Names of the types behind the Node interface, by their marks."""
    built = schema._schema  # noqa: SLF001  # graphql-core's, which strawberry keeps there
    return {_mark(kind.name): kind.name for kind in built.get_possible_types(built.type_map["Node"])}


def _id_resolver(type_name: str) -> OfSource:
    return OfSource(lambda row: global_id(type_name, row.pk))


@cache
def _mark(type_name: str) -> bytes:
    """Eight bytes that stand for a type; whoever makes an id up meets them once in 2⁶⁴."""
    return hashlib.blake2b(type_name.encode(), digest_size=8, person=b"global id").digest()


class _Ciphers(threading.local):
    """One thread's ends of the permutation: whole blocks only, so that no state goes from one to the next."""

    def __init__(self, secret: bytes) -> None:
        cipher = Cipher(AES(secret), ECB())  # noqa: S305  # one block an id, and no two ids share one
        self.sealing: CipherContext = cipher.encryptor()
        self.opening: CipherContext = cipher.decryptor()


@cache
def _ciphers(signing_key: str) -> _Ciphers:
    return _Ciphers(hashlib.blake2b(signing_key.encode(), digest_size=16, person=b"global id").digest())


def _parsed(value: str, field: str | None) -> tuple[bytes, int]:
    """Mark of the type, and key."""
    refusal = InvalidInput(_("This is not an id of ours."), field=field, code="INVALID_ID")
    if len(value) != LENGTH:
        raise refusal
    try:
        block = base64.b64decode(value.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (UnicodeError, binascii.Error):
        raise refusal from None
    if len(block) != 16 or base64.urlsafe_b64encode(block)[:LENGTH] != value.encode("ascii"):
        raise refusal
    opened = _ciphers(settings.SIGNING_KEY).opening.update(block)
    key = int.from_bytes(opened[8:])
    if key > LARGEST_KEY:
        raise refusal
    return opened[:8], key
