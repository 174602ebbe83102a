"""A document's sums laid over this catalog: what it says of each item that we have, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from graph.arrays import Floats, Rows
from graph.elsewhere.checks import (
    FLOATING,
    LOUD,
    WHOLE,
    bounded,
    checked,
    distinct_places,
    number,
    numbers,
    places,
    sources_told,
)
from graph.elsewhere.document import MODEL, Document, invalid
from graph.elsewhere.names import Named, artist_places, names_read, tag_places, track_places
from graph.elsewhere.sums import Starter, Sums, added

UNIT = 2.0**-30  # what a whole number of a sum counts: whole numbers add up alike in any order
MOST = 2**57  # of such a number: those of so many signers together stay beneath 2⁶³
MOST_SIGNERS = 2**63 // MOST - 1
MOST_WEIGHT = 1e12  # of an item's rows squared, added up
MOST_PEOPLE = 2**40
NETWORK = "network"
ROWS_TOLD = ("play_power", "loudest", "row_power")  # choices on which it depends what a listener's row is


@dataclass(frozen=True)
class Laid:
    """Where the things of a document stand among ours; -1 where we have none."""

    named: Named
    items: Mapping[str, Rows]  # by kind, for each thing of that kind
    tags: Rows  # words that we do not have stand behind ours

    @classmethod
    def of(cls, document: Document, ours: Named) -> Laid:
        """Raises InvalidInput (BUNDLE_INVALID)."""
        named = names_read(document.arrays)
        artists = artist_places(named, ours)
        items = {"ARTIST": artists, "TRACK": track_places(named, ours, artists)}
        return cls(named, items, tag_places(named.tags, ours.tags))


def sums_laid(documents: Sequence[Document], ours: Named) -> dict[str, Sums]:
    """By kind, what all these say together of our items. Raises InvalidInput (BUNDLE_INVALID)."""
    if len(documents) > MOST_SIGNERS:
        raise invalid(f"sums of more than {MOST_SIGNERS} installations are joined")
    together: dict[str, Sums] = {}
    for document in documents:
        laid = Laid.of(document, ours)
        for kind in document.views():
            one = sums_of(document, kind, laid, ours.size(kind))
            together[kind] = one if kind not in together else _both(together[kind], one)
    return {kind: replace(sums, pairs=sums.pairs * UNIT) for kind, sums in together.items()}


def _both(one: Sums, other: Sums) -> Sums:
    return Sums(
        pairs=(one.pairs + other.pairs).tocsr(),
        rows=np.concatenate([one.rows, other.rows]),
        diagonal=one.diagonal + other.diagonal,
        energy=one.energy + other.energy,
        people=one.people + other.people,
        listeners=one.listeners + other.listeners,
        plays=one.plays + other.plays,
        tags=added(one.tags, other.tags),
        digests=(*one.digests, *other.digests),
        starter=one.starter or other.starter,
    )


def sums_of(document: Document, kind: str, laid: Laid, size: int) -> Sums:
    """One document's sums of one kind; ``pairs`` in whole numbers still. Raises InvalidInput (BUNDLE_INVALID)."""
    arrays, told = document.section(kind.lower()), document.views()[kind]
    place = laid.items[kind][distinct_places(arrays, "items", len(laid.items[kind]))]
    people = np.zeros(size, dtype=np.int64)
    _put(people, place, _counted(arrays, "people", len(place)))
    shared = Sums(
        pairs=sp.csr_matrix((size, size), dtype=np.int64),
        rows=np.zeros((0, size), dtype=np.float32),
        diagonal=np.zeros(size),
        energy=0.0,
        people=people,
        listeners=int(number(told, "listeners", least=1, most=MOST_PEOPLE)),
        plays=int(number(told, "plays", least=1, most=MOST_PEOPLE)),
        tags=sp.csr_matrix((0, size), dtype=np.float32),
        digests=(document.digest,),
    )
    if document.type == MODEL:
        return _of_model(shared, arrays, told, place, size)
    return _of_listeners(shared, arrays, laid, place, size)


def _of_listeners(
    shared: Sums, arrays: Mapping[str, NDArray[Any]], laid: Laid, place: Rows, size: int
) -> Sums:
    low, high = (places(arrays, f"pair_{end}", len(place)) for end in ("low", "high"))
    sums = checked(arrays, "pair_sum", WHOLE, len(low))
    if len(high) != len(low) or (low > high).any() or (sums > MOST).any() or (sums < -MOST).any():
        raise invalid("its pairs do not add up")
    if len(np.unique(low * len(place) + high)) < len(low):
        raise invalid("it names a pair twice")
    there = (place[low] >= 0) & (place[high] >= 0)
    one, other, value = place[low[there]], place[high[there]], sums[there].astype(np.int64)
    apart = one != other
    rows, columns = np.concatenate([one, other[apart]]), np.concatenate([other, one[apart]])
    pairs = sp.csr_matrix((np.concatenate([value, value[apart]]), (rows, columns)), shape=(size, size))
    diagonal = np.zeros(size)
    diagonal[one[~apart]] = np.maximum(value[~apart], 0) * UNIT  # which noise can bring below nothing
    tag = laid.tags[places(arrays, "tag", len(laid.tags))]
    item = place[places(arrays, "tag_item", len(place), len(tag))]
    count = _counted(arrays, "tag_count", len(tag), least=1)
    known = item >= 0
    words = sp.csr_matrix(
        (count[known].astype(np.float32), (tag[known], item[known])),
        shape=(int(tag.max(initial=-1)) + 1, size),
    )
    return replace(shared, pairs=pairs, diagonal=diagonal, energy=float(diagonal.sum()), tags=words)


def _of_model(
    shared: Sums, arrays: Mapping[str, NDArray[Any]], told: Mapping[str, Any], place: Rows, size: int
) -> Sums:
    table = checked(arrays, "rows", FLOATING + WHOLE, len(place), None)
    step = bounded(arrays, "rows_step", len(place), least=0, most=LOUD)
    if np.abs(table.astype(np.float64)).max(initial=0) > LOUD:
        raise invalid("rows holds what is too large or too small")
    rows, diagonal = np.zeros((size, table.shape[1]), dtype=np.float32), np.zeros(size)
    _put(rows, place, table * step.astype(np.float32)[:, None])
    _put(diagonal, place, bounded(arrays, "weight", len(place), least=0, most=MOST_WEIGHT))
    codes = _source(arrays, told, NETWORK, len(place))
    begun = np.zeros((size, codes.shape[1]), dtype=np.float32)
    _put(begun, place, codes)
    starter = Starter(
        codes=begun,
        known=np.asarray(begun.any(axis=1)),
        spread={name: float(value) for name, value in numbers(told, "spread").items()},
        unit=number(told, "unit", least=1e-6, most=1e6),
        blend=numbers(told, "blend"),
    )
    return replace(shared, rows=np.ascontiguousarray(rows.T), diagonal=diagonal, starter=starter)


def _source(arrays: Mapping[str, NDArray[Any]], told: Mapping[str, Any], name: str, size: int) -> Floats:
    """The vectors of one source [n, d], as long as they are as evidence; no columns where it has none of this name."""
    codes = checked(arrays, "codes", FLOATING + WHOLE, size, None)
    sources = sources_told(told, codes.shape[1])
    scale = bounded(arrays, "key_scale", size, len(sources), most=LOUD).astype(np.float32)
    if "key_unit" in arrays:
        scale = scale * bounded(arrays, "key_unit", len(sources), most=LOUD)
    for place, source in enumerate(sources):
        if source["name"] == name:
            columns = codes[:, source["start"] : source["stop"]]
            return np.asarray(columns * scale[:, place, None], dtype=np.float32)
    return np.zeros((size, 0), dtype=np.float32)


def _counted(arrays: Mapping[str, NDArray[Any]], name: str, length: int, *, least: int = 0) -> NDArray[Any]:
    """How many people each is of."""
    count = checked(arrays, name, WHOLE, length)
    if len(count) and not least <= count.min() <= count.max() <= MOST_PEOPLE:
        raise invalid(f"{name} counts fewer than {least}, or more than there are people")
    return count


def _put(whole: NDArray[Any], place: Rows, values: NDArray[Any]) -> None:
    """Values of things that we have, at their places."""
    whole[place[place >= 0]] = values[place >= 0]
