"""What the servers of a round agree on: who they are, by which keys they mask, and of which music their sums are.

Goes in: a signed hello of each. Comes out: the same agreement on each of them, down to the bit, or a refusal.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from accounts import policies
from graph.arrays import Mask, Rows
from graph.elsewhere.checks import distinct_places
from graph.elsewhere.document import HELLO, KINDS, Document, document_write, invalid
from graph.elsewhere.names import Named, artist_places, names_read, names_write, track_places
from graph.exchange.contribute import names_leaving, rows_told
from graph.exchange.floors import nothing_leaves
from graph.exchange.rounds.refusals import FEWEST, foreign, key_used, nothing_agreed, too_few
from graph.exchange.travelling import NONE, travelling
from graph.ml.config import RecommenderConfig
from graph.ml.data import views
from graph.snapshot import GraphSnapshot

ROUND_ID = re.compile(r"[0-9a-f]{32}")  # it names a folder, too
PUBLIC = 32  # bytes of an X25519 key


@dataclass(frozen=True, kw_only=True)
class Hello:
    """What one server says before it masks: nothing of it is a sum."""

    signer: str
    digest: str  # SHA-256 of the file
    round_id: str
    public: bytes  # X25519, made for this round
    named: Named
    items: Mapping[str, Rows]  # by kind, places among ``named`` of what is above its floor


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What all hellos of a round come to."""

    round_id: str
    digest: str  # of all hellos: whoever saw another one masks otherwise
    publics: Mapping[str, bytes]  # by signer, in the order of the signers
    named: Named
    items: Mapping[str, Rows]  # by kind, places among ``named`` of what is above the floor on each server


def hello_write(
    snapshot: GraphSnapshot, ours: Named, *, round_id: str, public: bytes, secret: str, told: Mapping[str, Any],
    least: int = policies.SMALLEST_AGGREGATE, most: int | None = None,
) -> bytes:  # fmt: skip
    """The signed file. ``most``: of each kind name no more items than so many. Raises Conflict (BUNDLE_EMPTY)."""
    names = names_leaving(snapshot, ours, views(snapshot), least=least, most=most)
    kinds = [kind for kind in KINDS if len(names.kept.get(kind, NONE))]
    if not kinds:
        raise nothing_leaves()
    arrays = names_write(names.named) | {f"{kind.lower()}.items": names.items(kind) for kind in kinds}
    manifest = {
        **told,
        "type": HELLO,
        "round": round_id,
        "publicKey": base64.b64encode(public).decode(),
        "floors": {"people": least},
        "rows": rows_told(RecommenderConfig().memory),
        "views": {kind: {} for kind in kinds},
    }
    return document_write(manifest, arrays, secret)


def hello_read(document: Document) -> Hello:
    """Raises InvalidInput (BUNDLE_INVALID)."""
    told = document.manifest
    if told.get("rows") != rows_told(RecommenderConfig().memory):
        raise invalid("its rows are made otherwise than here")
    try:
        public = base64.b64decode(str(told.get("publicKey")), validate=True)
    except (ValueError, binascii.Error) as error:
        raise invalid("its key is none") from error
    if len(public) != PUBLIC or not ROUND_ID.fullmatch(str(told.get("round"))):
        raise invalid("it names no round, or its key is none")
    named = names_read(document.arrays)
    items = {
        kind: distinct_places(document.section(kind.lower()), "items", named.size(kind))
        for kind in document.views()
    }
    return Hello(
        signer=document.signer, digest=document.digest, round_id=str(told["round"]), public=public, named=named,
        items=items,
    )  # fmt: skip


def agreement_of(hellos: Sequence[Hello]) -> Agreement:
    """What these come to, in whatever order they stand.

    Raises Conflict: there are fewer than three (ROUND_TOO_FEW), two of one key (ROUND_KEY_USED), nothing is above the floor
    on each (ROUND_EMPTY). Raises InvalidInput (ROUND_FOREIGN): they are of several rounds, or two of one server.
    """
    hellos = sorted(hellos, key=lambda hello: hello.signer)
    if len({hello.signer for hello in hellos}) < len(hellos):
        raise foreign("two hellos are of one server")
    if len(hellos) < FEWEST:
        raise too_few(len(hellos))
    if len({hello.round_id for hello in hellos}) > 1:
        raise foreign("the hellos are of several rounds")
    if len({hello.public for hello in hellos}) < len(hellos):
        raise key_used("two servers came with the same")
    first, *others = hellos
    items, words = {kind: first.items.get(kind, NONE) for kind in KINDS}, _all(len(first.named.tags))
    for other in others:
        place = _places(other.named, first.named)
        items = {
            kind: np.intersect1d(rows, place[kind][other.items[kind]] if kind in other.items else NONE)
            for kind, rows in items.items()
        }
        words &= np.isin(np.array(first.named.tags, dtype=object), np.array(other.named.tags, dtype=object))
    names = travelling(first.named, leaving=items, listeners={}, words=words)
    placed = {kind: names.items(kind).astype(np.int64) for kind in KINDS}
    if not any(len(rows) for rows in placed.values()):
        raise nothing_agreed()
    return Agreement(
        round_id=first.round_id,
        digest=hashlib.sha256("".join(hello.digest for hello in hellos).encode()).hexdigest(),
        publics={hello.signer: hello.public for hello in hellos},
        named=names.named,
        items={kind: rows for kind, rows in placed.items() if len(rows)},
    )


def _places(theirs: Named, ours: Named) -> dict[str, Rows]:
    artists = artist_places(theirs, ours)
    return {"ARTIST": artists, "TRACK": track_places(theirs, ours, artists)}


def _all(size: int) -> Mask:
    return np.ones(size, dtype=bool)
