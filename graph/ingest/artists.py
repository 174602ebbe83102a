"""Artists as credits name them: which names are one artist's follows from all names, as with recordings.

An artist id tells apart what is called the same; a name without one is of the sole artist who is called so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q

from discovery.platform.names import digest, name_key, preference
from graph.ingest.credits import Credited, is_placeholder
from graph.ingest.describe import tracks_describe
from graph.ingest.identity import OPERATOR, Claim, identities, rows_of
from graph.ingest.join import rows_follow, rows_move
from graph.ingest.rulings import (
    ends_of,
    mbids_meant,
    rows_meant,
    ruled,
    rulings_in_force,
    touching,
    words_shared,
)
from graph.ingest.takeover import rows_taken_over
from graph.models import Artist, ArtistName, CatalogRuling, ItemKind, Track

UNCONTESTED = 2  # a name with an id and one without stand together


def artist_names_get_or_create(credited: Collection[Credited]) -> dict[Credited, ArtistName]:
    """The row of each name, with its artist. The caller's transaction is open."""
    wanted = {digest(artist.name, artist.mbid): artist for artist in credited}
    known = _known(wanted.keys())
    if missing := wanted.keys() - known.keys():
        lock_artists({name_key(wanted[key].name) for key in missing})
        known |= _known(missing)  # what somebody else added while we waited
        fresh = [
            ArtistName(
                name=wanted[key].name, key=name_key(wanted[key].name), mbid=wanted[key].mbid, digest=key
            )
            for key in sorted(missing - known.keys())
        ]
        artists_settle(fresh)
        known |= {row.digest: row for row in fresh}
    return {artist: known[key] for key, artist in wanted.items()}


def _known(digests: Collection[str]) -> dict[str, ArtistName]:
    return {row.digest: row for row in ArtistName.objects.filter(digest__in=digests)}


def lock_artists(keys: Collection[str]) -> None:
    """Wait until nobody else adds artists of these name keys, and keep others waiting to the transaction's end."""
    if connection.vendor != "postgresql":
        return
    numbers = sorted({int(digest(key)[:2], 16) for key in keys})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(7302, number) FROM unnest(%s::int[]) AS number", [numbers]
        )


def artist_names_sweep(keys: Collection[int]) -> None:
    """Delete those of these names that no credit uses any more, and work out anew what hung together with them."""
    unused = ArtistName.objects.filter(pk__in=keys, credited=None, listed=False)
    gone = {row.digest: row for row in unused} if keys else {}
    if not gone:
        return
    rulings = rulings_in_force(ItemKind.ARTIST)
    around = [row for row in _together(gone.values(), rulings) if row.digest not in gone]
    artists = {row.artist_id for row in gone.values() if row.artist_id is not None}
    ArtistName.objects.filter(pk__in=[row.pk for row in gone.values()]).delete()
    artists_settle(around)
    artists_describe(artists)


def artists_settle(names: Collection[ArtistName]) -> None:
    """Bring names, and all that hang together with them, to the artists that they are of now.

    Names that are not stored yet are stored.
    """
    if not names:
        return
    rulings = rulings_in_force(ItemKind.ARTIST)
    rows = _together(names, rulings)
    placed, operators, follow = _placed(rows, touching(rulings, rows))
    called_so = ((placed[row.digest], row.artist_id) for row in rows)
    artists, missing = rows_taken_over(Artist, called_so, operators)
    stood = set(artists.values())
    artists |= _made(missing, rows, placed)
    moved: list[ArtistName] = []
    left: dict[int, set[int]] = defaultdict(set)
    # They may still be called as somebody called them who deleted it.
    retold = stood & {artists[placed[row.digest]] for row in rows if row.pk is None}
    for row in rows:
        target = artists[placed[row.digest]]
        if row.artist_id is not None and row.artist_id != target:
            left[row.artist_id].add(target)
            moved.append(row)
        row.artist_id = target
    ArtistName.objects.bulk_create([row for row in rows if row.pk is None])
    ArtistName.objects.bulk_update(moved, ["artist"], batch_size=500)
    for artist, targets in left.items():
        brought = Artist.objects.filter(pk=artist, names=None).exclude(identity=None)
        if len(targets) == 1 and brought.exists():
            rows_move(Artist, artist, targets.pop())
    there = {old: artists.get(identity, old) for old, identity in follow.items()}
    rows_follow(Artist, {old: new for old, new in there.items() if old != new})
    called: dict[int, int] = defaultdict(int)
    for row in rows:
        called[artists[placed[row.digest]]] += 1
    artists_describe(
        {artist for artist, number in called.items() if number > 1 or artist in operators.values()}
        | left.keys()
        | retold
    )
    if moved:
        keys = [row.pk for row in moved]
        tracks_describe(
            set(Track.objects.filter(namings__credit__name__in=keys).values_list("pk", flat=True))
        )


def artists_arrived(artists: Collection[Artist], *, called: Collection[ArtistName] = ()) -> None:
    """The operator's catalog has these now: names that plays brought and that mean them are theirs from here on.

    ``called``: names of theirs that are not stored yet. To be called late in a transaction: whoever brings such a name
    waits for its end, and finds them then.
    """
    keys = {artist.key for artist in artists} | {name.key for name in called}
    mbids = {artist.mbid for artist in artists} - {""}
    lock_artists(keys)
    alike = Q(key__in=keys) | Q(mbid__in=mbids) if mbids else Q(key__in=keys)
    artists_settle([*ArtistName.objects.filter(alike), *called])


def _placed(
    rows: Sequence[ArtistName], rulings: Sequence[CatalogRuling]
) -> tuple[dict[Any, str], dict[str, int], dict[int, str]]:
    """By digest of the name: the identity; by identity the operator's row; and by row that nothing is called any more its identity."""
    keys: dict[str, int] = defaultdict(int)
    for row in rows:
        keys[row.key] += 1
    contested = [row.pk for row in rows if row.pk is not None and keys[row.key] > UNCONTESTED]
    weights = _people_of(contested) if contested else {}
    claims = [
        Claim(
            key=row.digest, mbid=row.mbid, artist=row.key,
            weight=OPERATOR if row.listed else max(1, weights.get(row.pk, 1)),
        )
        for row in rows
    ]  # fmt: skip
    meant = ends_of(rulings)
    mbids = {row.mbid for row in rows} - {""} | mbids_meant(meant)
    unnamed = ~Q(Exists(ArtistName.objects.filter(artist=OuterRef("pk"))))
    around = Artist.objects.filter(Q(identity=None) | unnamed)
    found = [
        *around.filter(key__in=keys),
        *(around.filter(mbid__in=mbids) if mbids else ()),
        *(around.filter(pk__in=rows_meant(meant)) if rows_meant(meant) else ()),
    ]
    there = {artist.pk: artist for artist in found}.values()
    fixed = [
        Claim(key=f"row {artist.pk}", mbid=artist.mbid, artist=artist.key, weight=OPERATOR, row=artist.pk)
        for artist in there
        if artist.identity is None
    ]
    left = {
        artist.pk: Claim(key=f"row {artist.pk}", mbid=artist.mbid, artist=artist.key)
        for artist in there
        if artist.identity is not None
    }
    placed = identities([*claims, *fixed], ruled(rulings))
    # They follow, and lead nobody: who a name is does not depend on them.
    anew = identities([*claims, *fixed, *left.values()], ruled(rulings)) if left else {}
    return placed, rows_of(fixed, placed), {key: anew[claim.key] for key, claim in left.items()}


def _together(names: Collection[ArtistName], rulings: Sequence[CatalogRuling]) -> list[ArtistName]:
    found = {row.digest: row for row in names}
    fresh: Collection[ArtistName] = names
    asked: dict[str, set[str]] = {"key": set(), "mbid": set()}
    while fresh:
        sharing: list[ArtistName] = []
        for column, known in asked.items():
            values = {getattr(row, column) for row in fresh} - known - {""}
            known.update(values)
            if values:
                sharing += ArtistName.objects.filter(**{f"{column}__in": values})
        if (condition := words_shared(rulings, ItemKind.ARTIST, fresh)) is not None:
            sharing += ArtistName.objects.filter(condition)
        fresh = list({row.digest: row for row in sharing if row.digest not in found}.values())
        found |= {row.digest: row for row in fresh}
    return [found[key] for key in sorted(found)]


def _people_of(names: Collection[int]) -> dict[int, int]:
    """How many people's plays credit each of these names."""
    rows = ArtistName.objects.filter(pk__in=names).order_by().values_list("pk")
    return dict(rows.annotate(people=Count("credited__naming__listens__user", distinct=True)))


def _made(wanted: Sequence[str], names: Sequence[ArtistName], placed: Mapping[Any, str]) -> dict[str, int]:
    """New artists, called as the first of their names; where there are several, `artists_describe` has the word."""
    examples: dict[str, ArtistName] = {}
    for row in names:
        examples.setdefault(placed[row.digest], row)
    fresh = [
        Artist(
            identity=identity, name=called.name, mbid=called.mbid, placeholder=is_placeholder(called.key, called.mbid)
        )
        for identity in wanted
        for called in (examples[identity],)
    ]  # fmt: skip
    return {row.identity: row.pk for row in Artist.objects.bulk_create(fresh) if row.identity is not None}


def artists_describe(artists: Collection[int]) -> None:
    """Call them what most people's sources call them; the operator's rows say it themselves, and learn an id."""
    rows = ArtistName.objects.filter(artist__in=artists)
    names: dict[int, list[ArtistName]] = defaultdict(list)
    for row in rows:
        if row.artist_id is not None:
            names[row.artist_id].append(row)
    weights = _people_of([row.pk for called in names.values() if len(called) > 1 for row in called])
    changed = []
    for artist in Artist.objects.filter(pk__in=names.keys()):
        called = names[artist.pk]
        best = min(called, key=lambda row: (-max(1, weights.get(row.pk, 1)), *preference(row.name)))
        mbids = sorted({row.mbid for row in called} - {""})
        before = artist.name, artist.mbid, artist.placeholder
        if artist.identity is not None:
            artist.name, artist.mbid = best.name, ""
        artist.mbid = artist.mbid or (mbids[0] if mbids else "")
        artist.placeholder = is_placeholder(name_key(artist.name), artist.mbid)
        if before != (artist.name, artist.mbid, artist.placeholder):
            changed.append(artist)
    Artist.objects.bulk_update(changed, ["name", "key", "mbid", "placeholder"])
