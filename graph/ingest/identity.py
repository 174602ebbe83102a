"""Which recording each name of one is: a function of the set of claims, whatever order they came in.

Enters what sources say (`Claim`), each with how many people say it; leaves a recording for each. An identifier goes
before a name: MBID, then ISRC, then a service's URI, then artist credit and title with the album, then without. A claim
that lacks what tells recordings apart joins one only where that is the sole candidate; of several it joins none and
stands for itself. Of candidates, one that less than a tenth as many people name as the foremost is none; what the
operator's catalog names goes before what people do.

Pure: no database. Artists are told apart by the same function, as claims without title.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

OPERATOR = 10**9  # what the operator's catalog weighs among people
SHARE = 10  # a candidate counts from a tenth of the foremost one's weight


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One way in which a recording is named. Absent parts are ""; ``artist``, ``title`` and ``album`` are name keys."""

    key: Hashable
    mbid: str = ""
    isrc: str = ""
    uri: str = ""
    artist: str = ""
    title: str = ""
    album: str = ""
    weight: int = 1  # how many people say so
    row: int | None = None  # of the operator's catalog: the row that it is

    @property
    def name(self) -> tuple[str, str]:
        return self.artist, self.title


def name_identity(*parts: str) -> str:
    """The identity of what nothing but a name tells apart."""
    digest = blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
    return f"name:{digest}"


def identities(claims: Collection[Claim]) -> dict[Hashable, str]:
    """The identity of the recording that each claim names, by the claim's key."""
    return _Resolution(claims).identities


@dataclass
class _Resolution:
    claims: Collection[Claim]
    identities: dict[Hashable, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._level((c for c in self.claims if c.mbid), lambda claim: f"mbid:{claim.mbid}")
        isrcs = [claim for claim in self.claims if claim.isrc and not claim.mbid]
        self._identified(isrcs, "isrc", lambda claim: f"isrc:{claim.isrc}")
        uris = [claim for claim in self.claims if claim.uri and not (claim.mbid or claim.isrc)]
        self._identified(uris, "uri", lambda claim: f"uri:{claim.uri}")
        bare = [claim for claim in self.claims if not (claim.mbid or claim.isrc or claim.uri)]
        self._named([claim for claim in bare if claim.album])
        self._named([claim for claim in bare if not claim.album])

    def _level(self, claims: Iterable[Claim], identity: Callable[[Claim], str]) -> None:
        self.identities |= {claim.key: identity(claim) for claim in claims}

    def _identified(self, claims: list[Claim], kind: str, own: Callable[[Claim], str]) -> None:
        """Claims whose best identifier is of this kind: by what else bears it, else by name where nothing contradicts."""
        placed = [claim for claim in self.claims if claim.key in self.identities]
        bearing: dict[str, list[Claim]] = defaultdict(list)
        borne: dict[str, set[str]] = defaultdict(set)  # by identity: identifiers of this kind
        for claim in placed:
            if identifier := getattr(claim, kind):
                bearing[identifier].append(claim)
                borne[self.identities[claim.key]].add(identifier)
        by_name = _by_name(placed)
        wanted: dict[Hashable, str] = {}
        wanting: dict[str, set[str]] = defaultdict(set)  # by identity: identifiers that would join it by name
        found: dict[Hashable, str] = {}
        for claim in claims:
            identifier = getattr(claim, kind)
            same = self._sole(bearing.get(identifier, ()))
            if same is not None or identifier in bearing:
                found[claim.key] = same or own(claim)
                continue
            candidates = [
                other
                for other in by_name.get(claim.name, ())
                if _albums_agree(claim, other) and not borne[self.identities[other.key]]
            ]
            if (joined := self._sole(candidates)) is not None:
                wanted[claim.key] = joined
                wanting[joined].add(identifier)
        for claim in claims:
            if claim.key not in found:
                joined = wanted.get(claim.key)
                sole = joined is not None and len(wanting[joined]) == 1
                found[claim.key] = joined if sole and joined is not None else own(claim)
        self.identities |= found

    def _named(self, claims: list[Claim]) -> None:
        """Claims that are nothing but names: the sole recording that is called so, else one of their own."""
        by_name = _by_name(claim for claim in self.claims if claim.key in self.identities)
        found = {}
        for claim in claims:
            candidates = [
                other
                for other in by_name.get(claim.name, ())
                if not claim.album or _albums_agree(claim, other)
            ]
            own = name_identity(claim.artist, claim.title, claim.album)
            found[claim.key] = self._sole(candidates) or own
        self.identities |= found

    def _sole(self, candidates: Iterable[Claim]) -> str | None:
        """The identity that alone is in question; among rows of the operator's, which are what they are, the oldest."""
        weights: dict[str, int] = defaultdict(int)
        rows: dict[str, int] = {}
        for claim in candidates:
            identity = self.identities[claim.key]
            weights[identity] += max(1, claim.weight)
            if claim.row is not None:
                rows[identity] = min(claim.row, rows.get(identity, claim.row))
        if rows:
            return min(rows, key=lambda identity: (rows[identity], identity))
        most = max(weights.values(), default=0)
        counting = [identity for identity, weight in weights.items() if weight * SHARE >= most]
        return counting[0] if len(counting) == 1 else None


def rows_of(claims: Iterable[Claim], placed: Mapping[Hashable, str]) -> dict[str, int]:
    """By identity: the row of the operator's catalog that it is, the oldest."""
    rows: dict[str, int] = {}
    for claim in claims:
        if claim.row is not None:
            identity = placed[claim.key]
            rows[identity] = min(claim.row, rows.get(identity, claim.row))
    return rows


def _by_name(claims: Iterable[Claim]) -> dict[tuple[str, str], list[Claim]]:
    names: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        names[claim.name].append(claim)
    return names


def _albums_agree(claim: Claim, other: Claim) -> bool:
    return not (claim.album and other.album) or claim.album == other.album
