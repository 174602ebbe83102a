"""Which recording each name of one is: a function of the set of claims, whatever order they came in.

Enters what sources say (`Claim`), each with how many people say it; leaves a recording for each. An identifier goes
before a name: MBID, then ISRC, then a service's URI, then artist credit and title with the album, then without. A claim
that lacks what tells recordings apart joins one only where that is the sole candidate; of several it joins none and
stands for itself. Of candidates, one that less than a tenth as many people name as the foremost is none; what the
operator's catalog names goes before what people do. What the operator ruled goes before all of that.

Pure: no database. Artists are told apart by the same function, as claims without title.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

OPERATOR = 10**9  # what the operator's catalog weighs among people
IDENTIFIERS = ("mbid", "isrc", "uri")  # what they say goes before what the next one says
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

    @property
    def own(self) -> str:
        """The identity that it would have alone."""
        for kind in IDENTIFIERS:
            if identifier := getattr(self, kind):
                return f"{kind}:{identifier}"
        return name_identity(self.artist, self.title, self.album)

    @property
    def apart(self) -> str:
        """The identity that it has where it is said not to mean what it seems to."""
        return name_identity(self.artist, self.title, self.album, "apart")


@dataclass(frozen=True, slots=True)
class Ruled:
    """The operator says that two identities are one, or that a claim that goes by ``one`` is not ``other``."""

    same: bool
    one: str
    other: str


def name_identity(*parts: str) -> str:
    """The identity of what nothing but a name tells apart."""
    digest = blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
    return f"name:{digest}"


def identities(claims: Collection[Claim], rulings: Collection[Ruled] = ()) -> dict[Hashable, str]:
    """The identity of the recording that each claim names, by the claim's key."""
    return _Resolution(claims, rulings).identities


@dataclass
class _Resolution:
    claims: Collection[Claim]
    rulings: Collection[Ruled]
    identities: dict[Hashable, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.meant = _meant(self.claims, self.rulings)
        # Who follows another identity, by a ruling, is placed as soon as that one is.
        self.following = {
            claim.key: self.meant[handle]
            for claim in self.claims
            if (handle := self._handle(claim)) and self.meant[handle] != claim.own
        }
        free = [claim for claim in self.claims if claim.key not in self.following]
        self._level((c for c in free if c.mbid), lambda claim: claim.own)
        self._follow("mbid:", "row:")
        self._identified([c for c in free if c.isrc and not c.mbid], "isrc", lambda claim: claim.own)
        self._follow("isrc:")
        self._identified(
            [c for c in free if c.uri and not (c.mbid or c.isrc)], "uri", lambda claim: claim.own
        )
        self._follow("uri:")
        bare = [claim for claim in free if not (claim.mbid or claim.isrc or claim.uri)]
        self._named([claim for claim in bare if claim.album])
        self._named([claim for claim in bare if not claim.album])
        self._follow("name:")
        self._set_apart()

    def _handle(self, claim: Claim) -> str:
        """By what a ruling means this claim, or ""."""
        if claim.row is not None and f"row:{claim.row}" in self.meant:
            return f"row:{claim.row}"
        return claim.own if claim.own in self.meant else ""

    def _now(self, handle: str) -> set[str]:
        """The identities that what goes by this handle has by now."""
        handle = self.meant.get(handle, handle)
        placed = (claim for claim in self.claims if claim.key in self.identities)
        return {
            self.identities[claim.key] for claim in placed if handle in {claim.own, f"row:{claim.row}"}
        } or {handle}

    def _follow(self, *kinds: str) -> None:
        wanted = {key: min(self._now(rep)) for key, rep in self.following.items() if rep.startswith(kinds)}
        self.identities |= {key: identity for key, identity in wanted.items() if key not in self.identities}

    def _set_apart(self) -> None:
        apart: dict[str, set[str]] = defaultdict(set)
        for ruled in self.rulings:
            if not ruled.same:
                apart[ruled.one] |= self._now(ruled.other)
        if not apart:
            return
        moved = {
            claim.key: min(self._now(claim.apart))
            for claim in self.claims
            if claim.row is None
            and self.identities[claim.key] in apart[claim.own] | apart[f"words:{claim.key}"]
        }
        self.identities |= moved

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


def _meant(claims: Iterable[Claim], rulings: Iterable[Ruled]) -> dict[str, str]:
    """By whatever a ruling says is one with something else: the one of these that says most, or is said of most."""
    joined: dict[str, set[str]] = {}
    pairs = [(ruled.one, ruled.other) for ruled in rulings if ruled.same]
    ones = {one for one, _other in pairs}
    ruled_of = {handle for pair in pairs for handle in pair}
    pairs += [
        (f"row:{claim.row}", claim.own)
        for claim in claims
        if claim.row is not None and claim.mbid and ruled_of & {f"row:{claim.row}", claim.own}
    ]
    for one, other in pairs:
        together = joined.get(one, {one}) | joined.get(other, {other})
        joined |= dict.fromkeys(together, together)
    order = {kind: place for place, kind in enumerate((*IDENTIFIERS, "row", "name"))}
    return {
        handle: min(
            together, key=lambda each: (order.get(each.partition(":")[0], len(order)), each in ones, each)
        )
        for handle, together in joined.items()
    }


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
