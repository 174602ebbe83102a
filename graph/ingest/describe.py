"""What a track that listeners' plays brought is called, and what is known of it: what most of those who play it say.

Whose plays contribute counts first. Of what as many say, the shorter stands, then the alphabet: nobody's being first
rules. The operator's rows say it themselves, and learn what they lack.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from django.db.models import Count, Q

from accounts import policies
from discovery.platform.names import preference
from graph.ingest.identity import SHARE
from graph.models import Listen, Naming, NamingArtist, Track, TrackGuest

Value = TypeVar("Value")
CONTRIBUTOR = 1_000  # people who do not contribute decide only among what as many contributors say
COLUMNS = ("title", "key", "album", "mbid", "isrc", "duration_ms", "artist")


def tracks_describe(keys: Collection[int]) -> None:
    """Bring these tracks in line with the namings that are theirs."""
    called: dict[int, list[Naming]] = defaultdict(list)
    for naming in Naming.objects.filter(track__in=keys):
        if naming.track_id is not None:
            called[naming.track_id].append(naming)
    weights = _people(called)
    credited = _credits([naming for namings in called.values() for naming in namings])
    tracks = Track.objects.filter(pk__in=called.keys())
    changed = [track for track in tracks if _describe(track, called[track.pk], weights, credited)]
    Track.objects.bulk_update(changed, COLUMNS, batch_size=500)
    told = {track.pk for track in tracks if track.guests_listed}
    _guests_bring(
        {track: _credit(namings, weights, credited) for track, namings in called.items() if track not in told}
    )


def _people(called: dict[int, list[Naming]]) -> dict[int, int]:
    """How many people use each naming, counted where there are several of one track."""
    several = [naming.pk for namings in called.values() if len(namings) > 1 for naming in namings]
    if not several:
        return {}
    rows = Listen.reports.filter(naming__in=several).order_by().values_list("naming")
    counted = rows.annotate(
        contributing=Count("user", filter=Q(user__in=policies.contributors()), distinct=True),
        people=Count("user", distinct=True),
    )
    return {naming: CONTRIBUTOR * contributing + people for naming, contributing, people in counted}


def _credits(namings: Sequence[Naming]) -> dict[int, tuple[int, ...]]:
    """By naming: the artists of its credit, in order."""
    artists: dict[int, list[int]] = defaultdict(list)
    rows = NamingArtist.objects.filter(naming__in=[naming.pk for naming in namings])
    for naming, artist in rows.order_by("naming", "position").values_list("naming", "name__artist"):
        if artist not in artists[naming]:
            artists[naming].append(artist)
    return {naming: tuple(found) for naming, found in artists.items()}


def _describe(
    track: Track, namings: Sequence[Naming], weights: dict[int, int], credited: dict[int, tuple[int, ...]]
) -> bool:
    before = [getattr(track, column) for column in COLUMNS if column not in {"key", "artist"}] + [
        track.artist_id
    ]
    mbid = _agreed(namings, weights, lambda naming: naming.mbid)
    isrc = _agreed(namings, weights, lambda naming: naming.isrc)
    duration = _agreed(namings, weights, lambda naming: naming.duration_ms)
    album = _agreed(namings, weights, lambda naming: naming.album)
    if track.identity is None:
        track.mbid, track.isrc = track.mbid or mbid or "", track.isrc or isrc or ""
        track.duration_ms = track.duration_ms or duration
    else:
        track.title = _agreed(namings, weights, lambda naming: naming.title) or track.title
        track.mbid, track.isrc, track.album, track.duration_ms = mbid or "", isrc or "", album or "", duration
        if credit := _credit(namings, weights, credited):
            track.artist_id = credit[0]
    after = [getattr(track, column) for column in COLUMNS if column not in {"key", "artist"}] + [
        track.artist_id
    ]
    return before != after


def _credit(
    namings: Sequence[Naming], weights: dict[int, int], credited: dict[int, tuple[int, ...]]
) -> tuple[int, ...]:
    """Who stands first in the credit that most agree on, and the guests: whom a tenth of the people name.

    Who leaves guests out contradicts nobody who names them.
    """
    whole = _agreed(namings, weights, lambda naming: naming.artist_name)
    told = [naming for naming in namings if naming.artist_name == whole and credited.get(naming.pk)]
    if not told:
        return ()
    first = credited[min(told, key=lambda naming: naming.digest).pk][0]
    people = sum(weights.get(naming.pk, 1) for naming in namings)
    named: dict[int, int] = defaultdict(int)
    places: dict[int, tuple[int, str]] = {}
    for naming in namings:
        for position, artist in enumerate(credited.get(naming.pk, ())):
            named[artist] += weights.get(naming.pk, 1)
            place = position, naming.digest
            places[artist] = min(place, places.get(artist, place))
    guests = [artist for artist in named if artist != first and places[artist][0]]
    counting = [artist for artist in guests if named[artist] * SHARE >= people]
    return first, *sorted(counting, key=lambda artist: places[artist])


def _agreed(
    namings: Sequence[Naming], weights: dict[int, int], part: Callable[[Naming], Value | None]
) -> Value | None:
    """What most people's namings say of this part; None where none says anything."""
    said: dict[Value, int] = defaultdict(int)
    for naming in namings:
        if value := part(naming):
            said[value] += weights.get(naming.pk, 1)
    if not said:
        return None
    return min(said, key=lambda value: (-said[value], *preference(f"{value}")))


def _guests_bring(credited: dict[int, tuple[int, ...]]) -> None:
    """Who stands in each track's credit behind the first."""
    wanted = {
        (track, artist): position
        for track, credit in credited.items()
        for position, artist in enumerate(credit)
        if position
    }
    there = {
        (track, artist): key
        for key, track, artist in TrackGuest.objects.filter(track__in=credited).values_list(
            "pk", "track", "artist"
        )
    }
    TrackGuest.objects.filter(pk__in=[there[pair] for pair in there.keys() - wanted.keys()]).delete()
    TrackGuest.objects.bulk_create(
        (TrackGuest(track_id=track, artist_id=artist, position=wanted[track, artist])
         for track, artist in sorted(wanted.keys() - there.keys())),
        ignore_conflicts=True,
    )  # fmt: skip
