"""What a listener wants left out of their taste."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.conditions import befriended
from accounts.intake import Gated
from graph.models.catalog import Artist, Track
from graph.models.playlists import Playlist, PlaylistCollaborator


class TasteExclusion(Gated):
    """What ``user`` did with this item counts for nothing: neither for them, nor for friends, nor in training.

    An artist stands for all its tracks, a playlist for the tracks that are in it now, while ``user`` may see it (`holding`):
    whoever filled a playlist out of sight would reach into a taste that can neither see nor undo it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="taste_exclusions"
    )
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    excluded_at = models.DateTimeField(null=True, blank=True)  # none: in a private session

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(artist__isnull=False, track=None, playlist=None)
                | Q(artist=None, track__isnull=False, playlist=None)
                | Q(artist=None, track=None, playlist__isnull=False),
                name="taste_exclusion_of_one_thing",
            ),
            models.UniqueConstraint(fields=["user", "artist"], name="taste_exclusion_artist_once"),
            models.UniqueConstraint(fields=["user", "track"], name="taste_exclusion_track_once"),
            models.UniqueConstraint(fields=["user", "playlist"], name="taste_exclusion_playlist_once"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} without {self.thing}"

    @property
    def thing(self) -> Artist | Track | Playlist:
        thing = self.artist or self.track or self.playlist
        assert thing is not None, "the database holds one of the three"  # noqa: S101
        return thing


def holding() -> QuerySet[TasteExclusion]:
    """Exclusions that hold now: of a playlist, while it is one's own or a friend shares it (`selectors.playlist_visible`)."""
    shared = PlaylistCollaborator.objects.filter(user=OuterRef("user"), playlist=OuterRef("playlist"))
    seen = Q(playlist__owner=F("user")) | (Q(Exists(shared)) & befriended("user", "playlist__owner"))
    return TasteExclusion.objects.filter(Q(playlist=None) | seen)


def counted(*, track: str | None = None, artist: str | None = None) -> Q:
    """Rows with a ``user`` whose item that user did not exclude.

    ``track`` and ``artist`` are the lookups that lead from a row to its item, such as ``"track"`` and
    ``"track__artist"``. Every query of listening for evidence, friends, counts or training has this filter.
    """
    theirs = TasteExclusion.objects.filter(user=OuterRef("user"))
    # NOT EXISTS each, joined by AND: that is what PostgreSQL can turn into anti-joins.
    kept = Q()
    if artist is not None:
        kept &= ~Q(Exists(theirs.filter(artist=OuterRef(artist))))
    if track is not None:
        kept &= ~Q(Exists(theirs.filter(track=OuterRef(track))))
        held = holding().filter(user=OuterRef("user"), playlist__entries__track=OuterRef(track))
        kept &= ~Q(Exists(held))
    return kept
