"""What follows from plays elsewhere: friends hear of new ones (by `graph.ingest.outbox`); nothing derived from deleted ones stays."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts import hearing, policies
from accounts.models import Purpose, User
from accounts.services.ledger import epoch_raise
from accounts.signals import records_deleted
from discovery.platform import clock
from discovery.platform.events import publish, viewer_channel
from graph.models import ArtistPlayCount, Deletion, Feedback, Listen

_LOCK = 0x6561727368  # of the list of deletions, among PostgreSQL's advisory locks


def friends_tell(user: User, messages: Sequence[dict[str, Any]]) -> bool:
    """Publish each message to every friend whom ``user`` lets know; return False where Redis is away.

    What they may hear of it, and whether they want to, is decided when they look.
    """
    channels = [viewer_channel(pk) for pk in hearing.told_by(user)] if messages else []
    return publish(channels, *messages) if channels else True


def deletion_follow(
    *, user: User, rows: int, tracks: Collection[int], artists: Collection[int], everything: bool = False
) -> None:
    """After ``rows`` about these items were deleted, in the same transaction: nothing derived from them stays.

    Whoever keeps something of them elsewhere hears of the items that nothing of the user's is about any more; the next
    model is trained without them. The place for a sweep of the catalog, which sees whether an item is anybody's any
    more, is behind the signal, with the same items.
    """
    if not rows and not everything:
        return
    if rows and policies.permits(user, Purpose.CONTRIBUTE):
        _numbered_as_committed()
        Deletion.objects.create(subject=user.pseudonym, rows=rows)
    user.records_deleted_at = clock.now()
    User.objects.filter(pk=user.pk).update(records_deleted_at=user.records_deleted_at)
    kept_tracks, kept_artists = _kept(user, tracks, artists)
    records_deleted.send(
        sender=User, user=user, everything=everything,
        tracks=frozenset(tracks) - kept_tracks, artists=frozenset(artists) - kept_artists,
    )  # fmt: skip
    epoch_raise([user.pk])


def _kept(user: User, tracks: Collection[int], artists: Collection[int]) -> tuple[set[int], set[int]]:
    """Of these, what something of the user's is still about."""
    plays, said = Listen.objects.filter(user=user), Feedback.objects.filter(user=user)
    counts = ArtistPlayCount.objects.filter(user=user, artist__in=artists)
    kept_tracks = {
        *plays.filter(track__in=tracks).values_list("track_id", flat=True),
        *said.filter(track__in=tracks).values_list("track_id", flat=True),
    }
    kept_artists = {
        *plays.filter(track__artist__in=artists).values_list("track__artist_id", flat=True),
        *plays.filter(track__guests__artist__in=artists).values_list("track__guests__artist_id", flat=True),
        *said.filter(Q(artist__in=artists)).values_list("artist_id", flat=True),
        *said.filter(track__artist__in=artists).values_list("track__artist_id", flat=True),
        *counts.values_list("artist_id", flat=True),
    }
    return kept_tracks, kept_artists


def _numbered_as_committed() -> None:
    """From here to the commit nobody else adds a deletion, so that a snapshot which sees one sees all before it."""
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
