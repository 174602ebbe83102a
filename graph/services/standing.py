"""What of the catalog is everybody's, and what goes with the last of its listeners."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts import policies
from graph import reach
from graph.ingest.catalog import namings_refresh, namings_sweep
from graph.models import (
    HEARD,
    Artist,
    ArtistPlayCount,
    Feedback,
    HistoryCorrection,
    ItemRecommendation,
    LibrarySong,
    Listen,
    Naming,
    NamingArtist,
    PlaylistEntry,
    Standing,
    Tag,
    Tagging,
    TasteExclusion,
    Track,
    TrackGuest,
    counted,
)

_BROUGHT = {"standing__lt": Standing.CATALOG}  # by listeners


@transaction.atomic
def standing_refresh() -> int:
    """Let everybody see what ``SMALLEST_AGGREGATE`` contributors play or say, and no one else's words; return how many changed.

    To be called with every new model, so that a withdrawal of CONTRIBUTE counts here when it does there. What the
    operator brought stays as it is.
    """
    people = reach.grown_up(policies.contributors())
    heard = Listen.objects.filter(HEARD, counted(track="track", artist="track__artist"), user__in=people)
    listed = ArtistPlayCount.objects.filter(counted(artist="artist"), user__in=people)
    tracks = _by_enough(heard, "track")
    artists = _by_enough(heard, "track__artist") | _by_enough(listed, "artist")
    artists |= _by_enough(heard.exclude(track__guests=None), "track__guests__artist")
    # Who stands for nobody, and what they alone made, is nobody's but its listeners'.
    artists -= set(Artist.objects.filter(placeholder=True).values_list("pk", flat=True))
    tracks -= set(Track.objects.filter(artist__placeholder=True).values_list("pk", flat=True))
    words = _by_enough(Tagging.objects.filter(user__in=people), "tag")
    namings_refresh()
    return sum(
        _stand(rows, common)
        for rows, common in (
            (Track.objects.all(), tracks),
            (Artist.objects.all(), artists),
            (Tag.objects.all(), words),
        )
    )


def _by_enough(rows: QuerySet[Any], item: str) -> set[int]:
    counts = rows.order_by().values_list(item).annotate(people=Count("user", distinct=True))
    enough = counts.filter(people__gte=policies.SMALLEST_AGGREGATE)
    return {key for key, _people in enough.iterator()}


def _stand(rows: QuerySet[Any], common: set[int]) -> int:
    before = set(rows.filter(standing=Standing.COMMON).values_list("pk", flat=True))
    own = set(rows.filter(standing=Standing.LISTENERS, pk__in=common).values_list("pk", flat=True))
    gone = before - common
    rows.filter(pk__in=gone).update(standing=Standing.LISTENERS)
    rows.filter(pk__in=own).update(standing=Standing.COMMON)
    return len(gone) + len(own)


@transaction.atomic
def catalog_sweep() -> int:
    """Delete what listeners' plays or libraries brought and nobody holds any more; return how many rows.

    Tracks first, then artists that are left without any, and words that nothing is called.
    """
    namings_sweep(list(Naming.objects.filter(listens=None, songs=None).values_list("pk", flat=True)))
    gone = _deleted(_unheld_tracks()) + _deleted(_unheld_artists())
    return gone + _deleted(Tag.objects.filter(~_in_any((Tagging,), "tag"), **_BROUGHT))


def brought_sweep(tracks: Collection[int]) -> None:
    """The same at once for tracks, and their artists, that words alone brought."""
    brought = Track.objects.filter(pk__in=tracks, namings=None).exclude(identity=None)
    artists = {
        *brought.values_list("artist", flat=True),
        *brought.exclude(guests=None).values_list("guests__artist", flat=True),
    }
    _deleted(_unheld_tracks().filter(pk__in=brought))
    _deleted(_unheld_artists().filter(pk__in=artists).exclude(identity=None))


def _unheld_tracks() -> QuerySet[Track]:
    held = (
        Listen,
        LibrarySong,
        Feedback,
        PlaylistEntry,
        TasteExclusion,
        ItemRecommendation,
        Tagging,
        HistoryCorrection,
        Naming,
    )
    return Track.objects.filter(~_in_any(held, "track"), **_BROUGHT)


def _unheld_artists() -> QuerySet[Artist]:
    """Whom a credit names that plays are told in stays, though the track is called after somebody else."""
    held = (Track, TrackGuest, ArtistPlayCount, Feedback, TasteExclusion, ItemRecommendation, Tagging)
    credited = Exists(NamingArtist.objects.filter(name__artist=OuterRef("pk")))
    return Artist.objects.filter(~_in_any(held, "artist"), ~credited, **_BROUGHT)


def _in_any(models: tuple[type[Any], ...], column: str) -> Q:
    there = Q()
    for model in models:
        rows = getattr(model, "reports", model.objects)
        there |= Q(Exists(rows.filter(**{column: OuterRef("pk")})))
    return there


def _deleted(rows: QuerySet[Any]) -> int:
    keys = list(rows.values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=keys).delete()  # noqa: SLF001  # Django documents it
    return len(keys)
