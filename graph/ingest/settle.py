"""Which track each naming is of, worked out anew for all that hang together: rows are made, taken over, or joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q

from discovery.platform.names import digest, name_key
from graph.ingest.artists import artist_names_get_or_create
from graph.ingest.clean import Words
from graph.ingest.credits import credit as credit_read
from graph.ingest.credits import title_key
from graph.ingest.describe import tracks_describe
from graph.ingest.identity import OPERATOR, Claim, identities, rows_of
from graph.ingest.join import rows_follow, tracks_join
from graph.ingest.rulings import (
    End,
    ends_of,
    mbids_meant,
    rows_meant,
    ruled,
    rulings_in_force,
    touching,
    words_shared,
)
from graph.ingest.takeover import rows_taken_over
from graph.models import Artist, CatalogRuling, ItemKind, Listen, Naming, NamingArtist, Track

UNCONTESTED = 2  # an identified one and a bare one stand together
MOST_TOGETHER = 5_000  # namings that are looked at as hanging together with some


def lock_words(words: Collection[Words] | Collection[Naming]) -> None:
    """Wait until nobody else names recordings alike, and keep others waiting to the transaction's end.

    SQLite needs no lock, as there one transaction writes at a time.
    """
    if connection.vendor != "postgresql":
        return
    alike = {part for told in words for part in (told.name, told.mbid, told.isrc, told.uri) if part}
    # In one order, so that no two wait for each other; few locks, whatever the number of words.
    numbers = sorted({int(digest(part)[:2], 16) for part in alike})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(7301, number) FROM unnest(%s::int[]) AS number", [numbers]
        )


def settle(rows: Collection[Naming], *, credit: Mapping[str, tuple[int, ...]] | None = None) -> set[int]:
    """Bring these namings, and all that hang together with them, to the tracks that they are of now.

    Rows that are not stored yet are stored; ``credit``: their artists, by digest. Returned are the tracks of theirs that
    were there before: they may still be called as somebody called them who deleted it.
    """
    if not rows:
        return set()
    rulings = rulings_in_force(ItemKind.TRACK)
    namings = namings_together(rows, rulings)
    rulings = touching(rulings, namings)
    claims = [_claim(naming, weight) for naming, weight in _weighed(namings)]
    unsaved = {naming.digest: naming for naming in rows if naming.pk is None}
    around = _around(namings, unsaved, credit or {}, ends_of(rulings))
    fixed = [claim for track, claim in around if track.identity is None]
    placed = identities([*claims, *fixed], ruled(rulings))
    called = ((placed[naming.digest], naming.track_id) for naming in namings)
    tracks, missing = rows_taken_over(Track, called, rows_of(fixed, placed))
    there = set(tracks.values())
    tracks |= _made(missing, namings, placed, credit or {})
    moves: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))  # track → track → namings
    for naming in namings:
        target = tracks[placed[naming.digest]]
        if naming.track_id is not None and naming.track_id != target:
            moves[naming.track_id][target].append(naming.pk)
        naming.track_id = target
    Naming.objects.bulk_create([naming for naming in namings if naming.pk is None])
    for targets in moves.values():
        for target, moved in targets.items():
            Naming.objects.filter(pk__in=moved).update(track_id=target)
    tracks_join(moves)
    left = [(track, claim) for track, claim in around if track.identity is not None]
    if left:  # they follow, and lead nobody: which track a naming is of does not depend on them
        anew = identities([*claims, *fixed, *(claim for _track, claim in left)], ruled(rulings))
        follow = {track.pk: tracks.get(anew[claim.key], track.pk) for track, claim in left}
        rows_follow(Track, {old: new for old, new in follow.items() if old != new})
    tracks_describe({*moves, *(target for targets in moves.values() for target in targets)})
    return there & {tracks[placed[key]] for key in unsaved}


def namings_together(rows: Collection[Naming], rulings: Sequence[CatalogRuling] = ()) -> list[Naming]:
    """These namings and all that share an identifier, a name or a ruling with them, directly or over others."""
    found = {naming.digest: naming for naming in rows}
    fresh: Collection[Naming] = rows
    asked: dict[str, set[str]] = {column: set() for column in ("name", "mbid", "isrc", "uri")}
    while fresh and len(found) < MOST_TOGETHER:
        sharing: list[Naming] = []
        for column, known in asked.items():
            values = {getattr(naming, column) for naming in fresh} - known - {""}
            known.update(values)
            if values:
                sharing += Naming.objects.filter(**{f"{column}__in": values})
        if (condition := words_shared(rulings, ItemKind.TRACK, fresh)) is not None:
            sharing += Naming.objects.filter(condition)
        fresh = list({naming.digest: naming for naming in sharing if naming.digest not in found}.values())
        found |= {naming.digest: naming for naming in fresh}
    return [found[key] for key in sorted(found)]


def _claim(naming: Naming, weight: int) -> Claim:
    return Claim(
        key=naming.digest, mbid=naming.mbid, isrc=naming.isrc, uri=naming.uri,
        artist=naming.name, album=naming.album_key, weight=weight,
    )  # fmt: skip


def _weighed(namings: Sequence[Naming]) -> list[tuple[Naming, int]]:
    """With how many people use each; they are counted only where one could stand against another."""
    names: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for naming in namings:
        names[naming.name].add((naming.mbid, naming.isrc, naming.uri))
    contested = [
        naming.pk for naming in namings if naming.pk is not None and len(names[naming.name]) > UNCONTESTED
    ]
    weights: dict[int, int] = {}
    if contested:
        rows = Listen.reports.filter(naming__in=contested).order_by().values_list("naming")
        weights = dict(rows.annotate(people=Count("user", distinct=True)))
    return [(naming, weights.get(naming.pk, 1)) for naming in namings]


def _around(
    namings: Sequence[Naming],
    unsaved: Mapping[str, Naming],
    credit: Mapping[str, tuple[int, ...]],
    meant: Collection[End],
) -> list[tuple[Track, Claim]]:
    """Tracks that no naming brings along and that share an identifier or a name with these, or that a ruling means.

    Those of the operator's catalog, and those that are liked or listed and that no play names any more.
    """
    firsts = _first_artists([naming.pk for naming in namings if naming.pk is not None])
    keys = dict(Artist.objects.filter(pk__in={credit[key][0] for key in unsaved}).values_list("pk", "key"))
    named: dict[tuple[str, str], set[str]] = defaultdict(set)  # one artist may be called in several ways
    for naming in namings:
        if naming.pk is None or naming.pk in firsts:
            artist = keys[credit[naming.digest][0]] if naming.pk is None else firsts[naming.pk]
            named[artist, title_key(naming.title)].add(naming.name)
    unnamed = ~Q(Exists(Naming.objects.filter(track=OuterRef("pk"))))
    tracks = Track.objects.filter(Q(identity=None) | unnamed).select_related("artist")
    mbids = {naming.mbid for naming in namings} - {""} | mbids_meant(meant)
    isrcs = {naming.isrc for naming in namings} - {""}
    artists, titles = ({part[place] for part in named} for place in (0, 1))
    found: dict[int, Track] = {}
    for condition in (
        Q(mbid__in=mbids) if mbids else None,
        Q(isrc__in=isrcs) if isrcs else None,
        Q(pk__in=rows_meant(meant)) if rows_meant(meant) else None,
        Q(key__in=titles, artist__key__in=artists),
    ):
        if condition is not None:
            found |= {track.pk: track for track in tracks.filter(condition)}
    return [
        (track, _claim_of(track, name))
        for track in found.values()
        for name in sorted(named.get((track.artist.key, title_key(track.title)), {f"row {track.pk}"}))
    ]


def _claim_of(track: Track, name: str) -> Claim:
    operators = track.identity is None
    return Claim(
        key=f"row {track.pk} {name}", mbid=track.mbid, isrc=track.isrc, uri=_uri(track.identity or ""), artist=name,
        album=name_key(track.album) if track.album else "", weight=OPERATOR if operators else 1,
        row=track.pk if operators else None,
    )  # fmt: skip


def _uri(identity: str) -> str:
    return identity.removeprefix("uri:") if identity.startswith("uri:") else ""


def _first_artists(namings: Collection[int]) -> dict[int, str]:
    """By naming: the name key of who stands first in its credit."""
    if not namings:
        return {}
    rows = NamingArtist.objects.filter(naming__in=namings, position=0)
    return dict(rows.values_list("naming", "name__artist__key"))


def _first_credited(namings: Collection[int]) -> dict[int, int]:
    """By naming: who stands first in its credit."""
    rows = NamingArtist.objects.filter(naming__in=namings, position=0, name__artist__isnull=False)
    return dict(rows.values_list("naming", "name__artist"))


def credits_mend(namings: Collection[Naming]) -> None:
    """Take the credit of these apart anew: an artist who was deleted took their place in it along."""
    told = {naming.pk: credit_read(naming.artist_name, title=naming.title) for naming in namings}
    names = artist_names_get_or_create({artist for credited in told.values() for artist in credited})
    NamingArtist.objects.filter(naming__in=told).delete()
    NamingArtist.objects.bulk_create(
        NamingArtist(naming_id=naming, name=names[artist], position=position)
        for naming, credited in told.items()
        for position, artist in enumerate(credited)
    )


def _made(
    wanted: Sequence[str],
    namings: Sequence[Naming],
    placed: Mapping[Any, str],
    credit: Mapping[str, tuple[int, ...]],
) -> dict[str, int]:
    """New tracks, called as the first of their namings; where there are several, `tracks_describe` has the word."""
    if not wanted:
        return {}
    examples: dict[str, Naming] = {}
    for naming in namings:
        examples.setdefault(placed[naming.digest], naming)
    stored = [examples[identity].pk for identity in wanted if examples[identity].pk is not None]
    artists = _first_credited(stored) if stored else {}
    if lost := set(stored) - artists.keys():
        credits_mend([naming for naming in namings if naming.pk in lost])
        artists |= _first_credited(lost)
    fresh = []
    for identity in wanted:
        told = examples[identity]
        artist = credit[told.digest][0] if told.pk is None else artists[told.pk]
        fresh.append(
            Track(
                identity=identity, artist_id=artist, title=told.title, album=told.album, mbid=told.mbid, isrc=told.isrc,
                duration_ms=told.duration_ms,
            )
        )  # fmt: skip
    return {row.identity: row.pk for row in Track.objects.bulk_create(fresh) if row.identity is not None}
