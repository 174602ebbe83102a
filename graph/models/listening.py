"""What people did: plays, imported play counts, and what they said of an item."""

from copy import copy
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.intake import Gated, GatedQuerySet
from graph.models.catalog import Artist, Naming, Track

LIKE_AS_PLAYS = 10.0  # a like weighs as much as this many plays of the item, played or not
HEARD_MS = 30_000

# Which listens are plays; the others are skips. Unknown lengths get the benefit of the doubt. A play lasts
# at least half a minute and a quarter of the track, or three quarters of a short one. Divided before
# multiplied: PostgreSQL's integers overflow.
HEARD = (
    Q(ms_played=None)
    | Q(ms_played__gte=HEARD_MS, track__duration_ms=None)
    | Q(ms_played__gte=HEARD_MS) & Q(ms_played__gte=F("track__duration_ms") / 4)
    | Q(ms_played__gte=F("track__duration_ms") / 4 * 3)
)


class PlaysManager(models.Manager["Listen"]):
    """Plays, each once, however many sources told it."""

    def get_queryset(self) -> "GatedQuerySet[Listen]":
        return GatedQuerySet(self.model, using=self._db).filter(echo_of=None)


class Listen(Gated):
    """One play of a track, as one source reported it. Short plays are kept: a skip is a signal.

    What several sources report of one play are several rows, of which one stands for it and the others are its
    echoes (`graph.ingest.plays`). ``objects`` are plays, ``reports`` are all rows.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="listens", db_index=False
    )
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="listens")
    listened_at = models.DateTimeField()  # start of the play
    ms_played = models.PositiveIntegerField(null=True, blank=True)
    # What the source called it; none where it named a track of ours by its key.
    naming = models.ForeignKey(
        Naming, on_delete=models.SET_NULL, null=True, blank=True, related_name="listens"
    )
    echo_of = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="echoes", db_index=False
    )
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=128)
    history = models.ForeignKey(
        "graph.History", on_delete=models.SET_NULL, null=True, blank=True, related_name="listens"
    )
    corrected = models.BooleanField(default=False)  # by the listener: what the source says again is no news
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PlaysManager] = PlaysManager()  # type: ignore[assignment]  # as Django has it
    reports = GatedQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "source", "source_id"], name="listen_once_per_source_id"),
        )
        indexes = (
            models.Index(fields=["user", "-listened_at", "-id"]),
            # What evidence is counted from, without reading the rows.
            models.Index(
                fields=["user", "track", "ms_played"], condition=Q(echo_of=None), name="listen_by_listener"
            ),
            # Nearly all rows are nobody's echo: an index with these in it is taken for "few" by a database without
            # statistics, which then reads every play there is instead of somebody's own.
            models.Index(fields=["echo_of"], condition=Q(echo_of__isnull=False), name="listen_echo_of"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} played {self.track_id}"

    @property
    def track_as_told(self) -> Track:
        """The track in the words of whoever told the play: another listener's spelling says nothing to this one."""
        if self.naming is None:
            return self.track
        told = copy(self.track)
        told.title, told.album, told.artist = self.naming.title, self.naming.album, copy(told.artist)
        told.artist.name, told.told_uri = self.naming.artist_name, self.naming.uri
        return told


class ArtistPlayCount(Gated):
    """How often a listener played an artist, where the source tells no more than that."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="artist_play_counts"
    )
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="play_counts")
    count = models.PositiveIntegerField()
    source = models.CharField(max_length=40)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "artist", "source"], name="play_count_once_per_source"),
            models.CheckConstraint(condition=Q(count__gt=0), name="play_count_positive"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} played {self.artist_id} × {self.count}"


class FeedbackKind(models.TextChoices):
    """What a listener said of an item. LIKE, DISLIKE and HIDE replace one another."""

    LIKE = "LIKE"
    DISLIKE = "DISLIKE"
    SKIP = "SKIP"
    HIDE = "HIDE"


class Feedback(Gated):
    """A listener's word on one artist or track: one row a kind, ``given_at`` the last time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feedback")
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=7, choices=FeedbackKind.choices)
    given_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(artist=None, track__isnull=False) | Q(artist__isnull=False, track=None),
                name="feedback_on_one_item",
            ),
            models.UniqueConstraint(fields=["user", "artist", "kind"], name="feedback_artist_once"),
            models.UniqueConstraint(fields=["user", "track", "kind"], name="feedback_track_once"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.artist_id or self.track_id}"
