"""The catalog as plays bring it along: words become namings, and namings are of tracks and artists.

Which track a naming is of follows from all namings (`graph.ingest.identity`), so that whenever one comes or goes,
what hangs together with it is worked out anew (`graph.ingest.settle`): rows are made, taken over under another identity, or
joined, and plays and whatever else points at a track go with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db.models import Count, Q

from discovery.platform.names import digest, name_key
from graph.ingest.artists import artist_names_get_or_create, artist_names_sweep, artists_describe
from graph.ingest.clean import Words
from graph.ingest.credits import title_key
from graph.ingest.describe import tracks_describe
from graph.ingest.rulings import rulings_in_force
from graph.ingest.settle import lock_words, namings_together, settle
from graph.models import Artist, ArtistName, ItemKind, Naming, NamingArtist, Standing, Track

BATCH = 1_000


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


@contextmanager
def tracks_named(words: Sequence[Words]) -> Iterator[list[int]]:
    """The key of each track that is named so, in their order; what the catalog lacks is added.

    At the end, when something points at the tracks, the words go: what is liked or listed names nothing that is played.
    """
    known = _in_bulk({told.digest for told in words}).keys()
    namings = namings_get_or_create(words)
    yield [track for told in words if (track := namings[told.digest].track_id) is not None]
    namings_sweep([naming.pk for key, naming in namings.items() if key not in known])


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
    there = settle(
        rows, credit={key: tuple(name.artist_id or 0 for name in told) for key, told in credit.items()}
    )
    NamingArtist.objects.bulk_create(
        NamingArtist(naming=row, name=name, position=position)
        for row in rows
        for position, name in enumerate(credit[row.digest])
    )
    tracks_describe(_described_otherwise(rows, credit) | _named_once(there))
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


def _named_once(tracks: Collection[int]) -> set[int]:
    """Those of these that were there and that nothing but one naming names now: what else they are called is nobody's any more."""
    if not tracks:
        return set()
    named = Naming.objects.filter(track__in=tracks).order_by().values("track").annotate(number=Count("pk"))
    return set(named.filter(number=1).values_list("track", flat=True))


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


def namings_sweep(keys: Collection[int]) -> None:
    """Delete those of these namings that no play and no library uses any more, and work out anew what hung together with them.

    What others still use is called anew too: somebody says it no more.
    """
    gone = list(Naming.objects.filter(pk__in=keys, listens=None, songs=None)) if keys else []
    if used := set(keys) - {naming.pk for naming in gone}:
        named = Naming.objects.filter(pk__in=used, track__isnull=False)
        contested_describe(set(named.values_list("track", flat=True)))
    if not gone:
        return
    rulings = rulings_in_force(ItemKind.TRACK)
    around = [
        naming for naming in namings_together(gone, rulings) if naming.pk not in {row.pk for row in gone}
    ]
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
