"""Deleting what one played: one play, a period, an artist, or everything; and what follows from that elsewhere."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.intake import deliberate
from accounts.models import User
from accounts.signals import on_device_beginning, record_deleting
from discovery.platform import clock
from discovery.platform.errors import InvalidInput, LimitExceeded
from graph.ingest.catalog import namings_sweep
from graph.ingest.deleted import deleted_remember
from graph.ingest.follow import deletion_follow
from graph.models import (
    ArtistPlayCount,
    Feedback,
    FeedbackKind,
    History,
    Listen,
    Tagging,
    TasteExclusion,
    TrackGuest,
)
from graph.services.standing import brought_sweep

AHEAD = timedelta(days=1)  # a day that is not over yet may be named to its end, wherever one is
MOST_AT_ONCE = 100  # plays named one by one
_AT_ONCE = 500  # plays deleted by one query


@dataclass(frozen=True)
class Deleted:
    """How much is gone: plays, and play counts that a source told without the plays themselves."""

    listens: int
    play_counts: int = 0


@transaction.atomic
def listens_delete(
    *,
    user: User,
    ids: Collection[int] | None = None,
    artist_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    everything: bool = False,
) -> Deleted:
    """Delete the plays of ``user`` that fit all that is given; ``until`` is the first moment that does not.

    Imported play counts know no moment and have no ids: they go with an artist, and with everything. Deleting what is
    not there deletes nothing.

    Raises:
        InvalidInput: nothing is given, the period ends before it begins, or lies in the future.
        LimitExceeded: more than ``MOST_AT_ONCE`` are named.

    """
    narrowed = not (ids is None and artist_id is None and since is None and until is None)
    if not narrowed and not everything:
        raise InvalidInput(_("Say which plays are to be deleted."), code="NOTHING_CHOSEN")
    _ensure_sound(ids, since, until)
    deliberate(user)  # its lock: what is recorded meanwhile comes after
    listens, counts = Listen.objects.filter(user=user), ArtistPlayCount.objects.filter(user=user)
    if ids is not None:
        listens = listens.filter(pk__in=ids)
    if artist_id is not None:
        listens, counts = listens.filter(credited(artist_id)), counts.filter(artist=artist_id)
    if since is not None:
        listens = listens.filter(listened_at__gte=since)
    if until is not None:
        listens = listens.filter(listened_at__lt=until)
    if not (ids is None and since is None and until is None):
        counts = counts.none()
    tracks, artists = _items(listens)
    artists |= set(counts.values_list("artist_id", flat=True))
    plays = list(listens.values_list("pk", flat=True))
    _reports_delete(user, plays)
    deleted = Deleted(len(plays), counts.delete()[0])
    deletion_follow(
        user=user,
        rows=deleted.listens + deleted.play_counts,
        tracks=tracks,
        artists=artists,
        everything=not narrowed,
    )
    return deleted


def _reports_delete(user: User, plays: Sequence[int]) -> None:
    """Delete plays with all that any source told of them, remember that they are not wanted, and forget their words."""
    namings: set[int] = set()
    for first in range(0, len(plays), _AT_ONCE):
        some = plays[first : first + _AT_ONCE]
        rows = Listen.reports.filter(Q(pk__in=some) | Q(echo_of__in=some))
        told = list(rows.select_related("naming", "track__artist"))
        deleted_remember(user.pk, told)
        namings |= {row.naming_id for row in told if row.naming_id is not None}
        rows.delete()
    namings_sweep(namings)


def connect() -> None:
    """Listen for people who take RECORD back and want to have deleted what it let in; called once."""
    record_deleting.connect(_recorded_delete, dispatch_uid="graph.deletion")
    on_device_beginning.connect(_everything_delete, dispatch_uid="graph.deletion")


@transaction.atomic
def _recorded_delete(*, user: User, **_: Any) -> None:
    """All that was observed: plays, play counts and skips. What one said on purpose stays."""
    Feedback.objects.filter(user=user, kind=FeedbackKind.SKIP).delete()
    listens_delete(user=user, everything=True)


@transaction.atomic
def _everything_delete(*, user: User, **_: Any) -> None:
    """All that was observed, and all that was said of music: it is on the person's own device now."""
    said = Feedback.objects.filter(user=user), Tagging.objects.filter(user=user)
    tracks, artists = (
        {key for rows in said for key in rows.exclude(**{column: None}).values_list(column, flat=True)}
        for column in ("track_id", "artist_id")
    )
    rows = sum(each.delete()[0] for each in (*said, TasteExclusion.objects.filter(user=user)))
    History.objects.filter(user=user).delete()
    listens_delete(user=user, everything=True)
    deletion_follow(user=user, rows=rows, tracks=tracks, artists=artists)
    brought_sweep(tracks)


def _ensure_sound(ids: Collection[int] | None, since: datetime | None, until: datetime | None) -> None:
    if ids is not None and len(ids) > MOST_AT_ONCE:
        raise LimitExceeded(
            _("At most %(most)d plays are named at once.") % {"most": MOST_AT_ONCE}, field="ids"
        )
    for moment, field in ((since, "from"), (until, "until")):
        if moment is not None and moment > clock.now() + AHEAD:
            raise InvalidInput(_("This time lies in the future."), field=field, code="INVALID_TIME")
    if since is not None and until is not None and since >= until:
        raise InvalidInput(_("This period ends before it begins."), field="until")


def _items(listens: Any) -> tuple[set[int], set[int]]:
    pairs = set(listens.order_by().values_list("track_id", "track__artist_id").distinct())
    tracks = {track for track, _artist in pairs}
    guests = TrackGuest.objects.filter(track__in=tracks).values_list("artist_id", flat=True)
    return tracks, {artist for _track, artist in pairs}.union(guests)


def credited(artist_id: int) -> Q:
    """Plays of tracks in whose credit the artist stands, first or as a guest."""
    return Q(track__artist=artist_id) | Q(
        track__in=TrackGuest.objects.filter(artist=artist_id).values("track")
    )
