"""The catalog as plays bring it along: words become namings, and namings are of tracks and artists.

Which track a naming is of follows from all namings (`graph.ingest.identity`), so that whenever one comes or goes,
what hangs together with it is worked out anew (`settle`): rows are made, taken over under another identity, or
joined, and plays and whatever else points at a track go with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from graph.ingest.artists import artist_names_get_or_create, artist_names_sweep, artists_describe
from graph.ingest.clean import Words
from graph.ingest.credits import title_key
from graph.ingest.describe import tracks_describe
from graph.ingest.identity import OPERATOR, Claim, identities, rows_of
from graph.ingest.join import tracks_join
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
from graph.models import (
    Artist,
    ArtistName,
    CatalogRuling,
    ItemKind,
    Listen,
    Naming,
    NamingArtist,
    Standing,
    Track,
)
from graph.names import digest, name_key

BATCH = 1_000
UNCONTESTED = 2  # an identified one and a bare one stand together
MOST_TOGETHER = 5_000  # namings that are looked at as hanging together with some


def namings_get_or_create(words: Collection[Words]) -> dict[str, Naming]:
    """By digest: the naming of each of these, with its track. The caller's transaction is open."""
    wanted = {told.digest: told for told in words}
    known = _in_bulk(wanted.keys())
    missing = wanted.keys() - known.keys()
    if not missing:
        return known
    lock_words([wanted[key] for key in missing])
    known |= _in_bulk(missing)  # what somebody else added while we waited
    return known | _add([wanted[key] for key in sorted(missing - known.keys())])


def tracks_named(words: Sequence[Words]) -> list[int]:
    """The key of each track that is named so, in their order; what the catalog lacks is added."""
    namings = namings_get_or_create(words)
    return [track for told in words if (track := namings[told.digest].track_id) is not None]


def contested_describe(tracks: Collection[int]) -> None:
    """After plays of these were stored: what several namings are of, most of who plays it have named anew.

    Of what few people play; what is everybody's is named with every model (`namings_refresh`), or a play would cost
    the more, the more people play the same.
    """
    if not tracks:
        return
    theirs = Track.objects.filter(pk__in=tracks, standing=Standing.LISTENERS).values("pk")
    several = Naming.objects.filter(track__in=theirs).order_by().values("track").annotate(number=Count("pk"))
    tracks_describe(set(several.filter(number__gt=1).values_list("track", flat=True)))
    credited = Artist.objects.filter(names__credited__naming__track__in=tracks, standing=Standing.LISTENERS)
    artists_describe(_called_otherwise(credited.values("pk")))


def _called_otherwise(artists: Any) -> set[int]:
    """Those of these artists that have several names."""
    names = ArtistName.objects.filter(artist__in=artists).order_by().values("artist")
    return set(names.annotate(number=Count("pk")).filter(number__gt=1).values_list("artist", flat=True))


def _in_bulk(digests: Collection[str]) -> dict[str, Naming]:
    return {naming.digest: naming for naming in Naming.objects.filter(digest__in=digests)}


def _add(words: Sequence[Words]) -> dict[str, Naming]:
    """Rows, by digest, for words that nobody used so far."""
    if not words:
        return {}
    names = artist_names_get_or_create({artist for told in words for artist in told.credit})
    credit = {told.digest: tuple(names[artist] for artist in told.credit) for told in words}
    rows = [
        Naming(
            title=told.title, artist_name=told.artist, album=told.album, album_key=name_key(told.album) if told.album else "",
            mbid=told.mbid, isrc=told.isrc, uri=told.uri, duration_ms=told.duration_ms, digest=told.digest, name=told.name,
        )
        for told in words
    ]  # fmt: skip
    settle(rows, credit={key: tuple(name.artist_id or 0 for name in told) for key, told in credit.items()})
    NamingArtist.objects.bulk_create(
        NamingArtist(naming=row, name=name, position=position)
        for row in rows
        for position, name in enumerate(credit[row.digest])
    )
    tracks_describe(_described_otherwise(rows, credit))
    return {row.digest: row for row in rows}


def _described_otherwise(rows: Sequence[Naming], credit: Mapping[str, Sequence[ArtistName]]) -> set[int]:
    """Tracks of these new namings that are not yet as they say: they are called otherwise too, have guests, or lack something."""
    tracks = {row.track_id for row in rows if row.track_id is not None}
    several = (
        Naming.objects.filter(track__in=tracks, track__standing=Standing.LISTENERS).order_by().values("track")
    )
    guests = {row.track_id for row in rows if row.track_id is not None and len(credit[row.digest]) > 1}
    lacking = Q(mbid="") | Q(isrc="") | Q(duration_ms=None)
    return guests.union(
        several.annotate(number=Count("pk")).filter(number__gt=1).values_list("track", flat=True),
        Track.objects.filter(lacking, pk__in=tracks, standing=Standing.CATALOG).values_list("pk", flat=True),
    )


def tracks_arrived(tracks: Collection[Track]) -> None:
    """The operator's catalog has these now, each with its artist: what plays brought and means them is theirs from here on."""
    keys: dict[int, set[str]] = defaultdict(set)
    called = ArtistName.objects.filter(artist__in={track.artist_id for track in tracks})
    for artist, key in called.values_list("artist", "key"):
        keys[artist or 0].add(key)
    names = {
        digest(key, title_key(track.title))
        for track in tracks
        for key in keys[track.artist_id] | {track.artist.key}
    }
    mbids, isrcs = {track.mbid for track in tracks} - {""}, {track.isrc for track in tracks} - {""}
    alike = Q(name__in=names) | Q(mbid__in=mbids) | Q(isrc__in=isrcs)
    settle(list(Naming.objects.filter(alike)))


def tracks_of_artists_settle(artists: Collection[int]) -> None:
    """Who these artists are has changed: what plays brought of theirs may be a track of the operator's by now."""
    brought = Naming.objects.exclude(track__identity=None)
    settle(list(brought.filter(credit__position=0, credit__name__artist__in=artists)))


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


def namings_sweep(keys: Collection[int]) -> None:
    """Delete those of these namings that no play and no library uses any more, and work out anew what hung together with them."""
    gone = list(Naming.objects.filter(pk__in=keys, listens=None, songs=None)) if keys else []
    if not gone:
        return
    rulings = rulings_in_force(ItemKind.TRACK)
    around = [naming for naming in _together(gone, rulings) if naming.pk not in {row.pk for row in gone}]
    tracks = {naming.track_id for naming in gone if naming.track_id is not None}
    names = set(NamingArtist.objects.filter(naming__in=gone).values_list("name", flat=True))
    Naming.objects.filter(pk__in=[naming.pk for naming in gone]).delete()
    artist_names_sweep(names)
    settle(around)
    tracks_describe(tracks)


def namings_refresh() -> None:
    """Work out anew what is called in several ways: how many people say which has changed since."""
    several = Naming.objects.order_by().values("name").annotate(number=Count("pk")).filter(number__gt=1)
    joined = Naming.objects.order_by().values("track").annotate(number=Count("pk")).filter(number__gt=1)
    contested = Q(name__in=several.values("name")) | Q(track__in=joined.values("track"))
    stream = Naming.objects.filter(contested).order_by("name", "pk").iterator(BATCH)
    while some := list(islice(stream, BATCH)):
        settle(some)
        tracks_describe({naming.track_id for naming in some if naming.track_id is not None})
    for artists in _batches(sorted(_called_otherwise(Artist.objects.values("pk")))):
        artists_describe(artists)


def _batches(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    return (keys[first : first + BATCH] for first in range(0, len(keys), BATCH))


def settle(rows: Collection[Naming], *, credit: Mapping[str, tuple[int, ...]] | None = None) -> None:
    """Bring these namings, and all that hang together with them, to the tracks that they are of now.

    Rows that are not stored yet are stored; ``credit``: their artists, by digest.
    """
    if not rows:
        return
    rulings = rulings_in_force(ItemKind.TRACK)
    namings = _together(rows, rulings)
    rulings = touching(rulings, namings)
    claims = [_claim(naming, weight) for naming, weight in _weighed(namings)]
    unsaved = {naming.digest: naming for naming in rows if naming.pk is None}
    fixed = _operators(namings, unsaved, credit or {}, ends_of(rulings))
    placed = identities([*claims, *fixed], ruled(rulings))
    tracks = _tracks(namings, placed, rows_of(fixed, placed), credit or {})
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
    tracks_describe({*moves, *(target for targets in moves.values() for target in targets)})


def _together(rows: Collection[Naming], rulings: Sequence[CatalogRuling] = ()) -> list[Naming]:
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


def _operators(
    namings: Sequence[Naming],
    unsaved: Mapping[str, Naming],
    credit: Mapping[str, tuple[int, ...]],
    meant: Collection[End],
) -> list[Claim]:
    """Tracks of the operator's catalog that share an identifier or a name with these, or that a ruling means."""
    firsts = _first_artists([naming.pk for naming in namings if naming.pk is not None])
    keys = dict(Artist.objects.filter(pk__in={credit[key][0] for key in unsaved}).values_list("pk", "key"))
    named: dict[tuple[str, str], set[str]] = defaultdict(set)  # one artist may be called in several ways
    for naming in namings:
        if naming.pk is None or naming.pk in firsts:
            artist = keys[credit[naming.digest][0]] if naming.pk is None else firsts[naming.pk]
            named[artist, title_key(naming.title)].add(naming.name)
    tracks = Track.objects.filter(identity=None).select_related("artist")
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
        Claim(
            key=f"row {track.pk} {name}", mbid=track.mbid, isrc=track.isrc, artist=name,
            album=name_key(track.album) if track.album else "", weight=OPERATOR, row=track.pk,
        )
        for track in found.values()
        for name in sorted(named.get((track.artist.key, title_key(track.title)), {f"row {track.pk}"}))
    ]  # fmt: skip


def _first_artists(namings: Collection[int]) -> dict[int, str]:
    """By naming: the name key of who stands first in its credit."""
    if not namings:
        return {}
    rows = NamingArtist.objects.filter(naming__in=namings, position=0)
    return dict(rows.values_list("naming", "name__artist__key"))


def _tracks(
    namings: Sequence[Naming],
    placed: Mapping[Any, str],
    operators: Mapping[str, int],
    credit: Mapping[str, tuple[int, ...]],
) -> dict[str, int]:
    """By identity: the track that it is. One that nobody calls so any more is taken over under its new identity."""
    wanted = {placed[naming.digest] for naming in namings}
    there = Track.objects.filter(identity__in=wanted).values_list("identity", "pk")
    rows = {identity: row for identity, row in there if identity is not None}
    rows |= {identity: operators[identity] for identity in wanted & operators.keys()}
    if not (missing := wanted - rows.keys()):
        return rows
    sources: dict[str, set[int]] = defaultdict(set)
    for naming in namings:
        if naming.track_id is not None:
            sources[placed[naming.digest]].add(naming.track_id)
    before = {row for identity in missing for row in sources[identity]}
    given_up = Track.objects.filter(pk__in=before).exclude(identity=None).exclude(identity__in=wanted)
    free = set(given_up.values_list("pk", flat=True)) if before else set()
    taken: dict[str, int] = {}
    for identity in sorted(missing):
        if mine := sources[identity] & free:
            taken[identity] = min(mine)
            free.discard(taken[identity])
            Track.objects.filter(pk=taken[identity]).update(identity=identity)
    return rows | taken | _made(missing - taken.keys(), namings, placed, credit)


def _made(
    wanted: Collection[str],
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
    artists = (
        dict(NamingArtist.objects.filter(naming__in=stored, position=0).values_list("naming", "name__artist"))
        if stored
        else {}
    )
    fresh = []
    for identity in sorted(wanted):
        told = examples[identity]
        artist = credit[told.digest][0] if told.pk is None else artists[told.pk]
        fresh.append(
            Track(
                identity=identity, artist_id=artist, title=told.title, album=told.album, mbid=told.mbid, isrc=told.isrc,
                duration_ms=told.duration_ms,
            )
        )  # fmt: skip
    return {row.identity: row.pk for row in Track.objects.bulk_create(fresh) if row.identity is not None}
