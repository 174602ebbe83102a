"""Sums as one long row of whole numbers, cell by cell in an order that all servers of a round agree on.

For each kind with n agreed items and W agreed words: listeners, entries of their rows, people [n], words [W, n], and the upper
triangle of pairs [n (n + 1) / 2], row by row. Numbers are 64 bits, modulo 2⁶⁴.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Ints, Rows
from graph.elsewhere.document import KINDS, SUMS, Document, document_write
from graph.elsewhere.laid_over import MOST, Laid, sums_of
from graph.elsewhere.large import Words64
from graph.elsewhere.names import names_write
from graph.elsewhere.sums import Sums
from graph.exchange.contribute import rows_told
from graph.exchange.rounds.agreement import Agreement
from graph.exchange.rounds.refusals import garbled, too_large
from graph.ml.config import RecommenderConfig

MOST_CELLS = 1 << 28  # 2 GiB a file: about 20,000 items, or fewer with many words
HEAD = 2  # listeners, and entries of their rows


@dataclass(frozen=True)
class Part:
    """Where the cells of one kind begin."""

    kind: str
    items: Rows  # places among the agreed names, ascending
    words: int
    start: int

    @property
    def people(self) -> int:
        return self.start + HEAD

    @property
    def tags(self) -> int:
        return self.people + len(self.items)

    @property
    def pairs(self) -> int:
        return self.tags + self.words * len(self.items)

    @property
    def stop(self) -> int:
        return self.pairs + len(self.items) * (len(self.items) + 1) // 2

    def row_starts(self) -> Ints:
        """Where each row of the triangle begins [n], from its first cell."""
        rows = np.arange(len(self.items), dtype=np.int64)
        return rows * len(self.items) - rows * (rows - 1) // 2


@dataclass(frozen=True)
class Share:
    """The cells that are not 0: whose sums they are is for its holder to know."""

    at: Ints  # ascending, each once
    value: Ints

    def dense(self, start: int, stop: int) -> Words64:
        """The cells from ``start`` to ``stop``, modulo 2⁶⁴."""
        cells = np.zeros(stop - start, dtype=np.int64)
        one, other = np.searchsorted(self.at, (start, stop))
        cells[self.at[one:other] - start] = self.value[one:other]
        return cells.view(np.uint64)

    def among(self, start: int, stop: int) -> tuple[Ints, Ints]:
        """Places from ``start`` on, and what stands there."""
        one, other = np.searchsorted(self.at, (start, stop))
        return self.at[one:other] - start, self.value[one:other]

    def first(self, at: int) -> int:
        """The value of one cell."""
        _, value = self.among(at, at + 1)
        return int(value[0]) if len(value) else 0


def layout(agreement: Agreement) -> list[Part]:
    """Where the cells of each kind stand. Raises InvalidInput (ROUND_TOO_LARGE)."""
    parts: list[Part] = []
    for kind in KINDS:
        if kind in agreement.items:
            start = parts[-1].stop if parts else 0
            parts.append(Part(kind, agreement.items[kind], len(agreement.named.tags), start))
    if parts[-1].stop > MOST_CELLS:
        told = ", ".join(f"{len(part.items):,} {part.kind.lower()}s" for part in parts)
        raise too_large(
            f"{told} and {parts[-1].words:,} words are {parts[-1].stop:,} sums, more than {MOST_CELLS:,}; begin it with --most"
        )
    return parts


def share_of(document: Document, agreement: Agreement, parts: list[Part]) -> Share:
    """A plain contribution's numbers at the agreed cells; what it does not name is 0.

    Raises InvalidInput (ROUND_TOO_LARGE) for a number that could overflow once all are added up.
    """
    laid, found = Laid.of(document, agreement.named), []
    for part in parts:
        if part.kind in document.views():
            sums = sums_of(document, part.kind, laid, agreement.named.size(part.kind))
            found += _cells(sums, part)
    at = np.concatenate([at for at, _ in found]) if found else np.zeros(0, dtype=np.int64)
    value = np.concatenate([value for _, value in found]) if found else np.zeros(0, dtype=np.int64)
    if (np.abs(value) > MOST // len(agreement.publics)).any():
        raise too_large("a sum of one server passes what 64 bits can hold of all")
    order = np.argsort(at)[value[np.argsort(at)] != 0]
    return Share(at[order], value[order])


def _cells(sums: Sums, part: Part) -> list[tuple[Ints, Ints]]:
    pairs = sp.triu(sums.pairs[part.items][:, part.items]).tocoo()
    words = sums.tags[: part.words, part.items].tocoo()
    at, row = part.row_starts(), pairs.row.astype(np.int64)
    return [
        (np.arange(HEAD, dtype=np.int64) + part.start, np.array([sums.listeners, sums.plays])),
        (np.arange(len(part.items), dtype=np.int64) + part.people, sums.people[part.items]),
        (
            part.tags + words.row.astype(np.int64) * len(part.items) + words.col,
            np.rint(words.data).astype(np.int64),
        ),
        (part.pairs + at[row] + pairs.col - row, pairs.data.astype(np.int64)),
    ]


def share_document(
    share: Share, agreement: Agreement, parts: list[Part], *, secret: str, told: dict[str, Any]
) -> bytes:
    """The same as a plain contribution. Raises InvalidInput (ROUND_GARBLED) where it cannot be one."""
    arrays: dict[str, NDArray[Any]] = dict(names_write(agreement.named))
    described = {}
    for part in parts:
        listeners, plays = share.first(part.start), share.first(part.start + 1)
        if listeners or plays:
            section = _section(share, part)
            arrays |= {f"{part.kind.lower()}.{name}": array for name, array in section.items()}
            described[part.kind] = {"listeners": listeners, "plays": plays}
    manifest = {
        **told,
        "type": SUMS,
        "rows": rows_told(RecommenderConfig().memory),
        "views": described,
    }
    return document_write(manifest, arrays, secret)


def _section(share: Share, part: Part) -> dict[str, NDArray[Any]]:
    size = len(part.items)
    where, people = share.among(part.people, part.tags)
    tag, count = share.among(part.tags, part.pairs)
    pair, value = share.among(part.pairs, part.stop)
    if (people < 0).any() or (count < 0).any():
        raise garbled("it counts below nothing")
    counted = np.zeros(size, dtype=np.int64)
    counted[where] = people
    starts = part.row_starts()
    low = np.searchsorted(starts, pair, side="right") - 1
    return {
        "items": part.items.astype(np.int32),
        "people": counted,
        "tag": (tag // size).astype(np.int32),
        "tag_item": (tag % size).astype(np.int32),
        "tag_count": count,
        "pair_low": low.astype(np.int32),
        "pair_high": (low + pair - starts[low]).astype(np.int32),
        "pair_sum": value,
    }
