"""What there is to hear: artists, tracks and the words attached to them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.intake import Gated
from graph.models.fields import KeyField
from graph.names import NAME_LENGTH


class ItemKind(models.TextChoices):
    """What can be played, liked and recommended."""

    TRACK = "TRACK"
    ARTIST = "ARTIST"


class Standing(models.IntegerChoices):
    """Whose a row of the catalog is: words that only a few listeners' plays brought are theirs."""

    LISTENERS = 0, "its listeners' alone"
    COMMON = 1, "played by enough contributors"  # see services.standing
    CATALOG = 2, "the operator's"


class Artist(models.Model):
    """A performer. ``external_id`` is the id in the data set it was imported from."""

    external_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    name = models.CharField(max_length=NAME_LENGTH)
    key = KeyField(of="name")
    mbid = models.CharField(max_length=36, blank=True, db_index=True)
    standing = models.PositiveSmallIntegerField(choices=Standing.choices, default=Standing.LISTENERS)
    tags = models.JSONField(default=list, blank=True)  # words shown with it: see services.tags_refresh

    def __str__(self) -> str:
        return self.name


class Track(models.Model):
    """A recording by one artist."""

    external_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="tracks")
    title = models.CharField(max_length=NAME_LENGTH)
    key = KeyField(of="title")
    album = models.CharField(max_length=NAME_LENGTH, blank=True)
    mbid = models.CharField(max_length=36, blank=True, db_index=True)
    isrc = models.CharField(max_length=12, blank=True, db_index=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    description = models.TextField(blank=True)  # a line of lyric or description
    standing = models.PositiveSmallIntegerField(choices=Standing.choices, default=Standing.LISTENERS)
    tags = models.JSONField(default=list, blank=True)  # as an artist's

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["artist", "title", "album"], name="track_once_per_album"),
        )

    def __str__(self) -> str:
        return self.title


def item_column(item: Artist | Track) -> dict[str, Any]:
    """The column that ``item`` stands in, of a row about an artist or a track: for a filter or a new row."""
    return {"artist": item} if isinstance(item, Artist) else {"track": item}


class Tag(models.Model):
    """A word for music. The kind says what the catalog uses it for; listeners' words are plain tags."""

    class Kind(models.TextChoices):
        GENRE = "GENRE"
        MOOD = "MOOD"
        PLAIN = "PLAIN"

    name = models.CharField(max_length=NAME_LENGTH, unique=True)
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.PLAIN)
    standing = models.PositiveSmallIntegerField(choices=Standing.choices, default=Standing.LISTENERS)

    def __str__(self) -> str:
        return self.name


class Tagging(Gated):
    """An artist or track called a word: by a listener, or by the catalog itself (no user)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="taggings"
    )
    artist = models.ForeignKey(
        Artist, on_delete=models.CASCADE, null=True, blank=True, related_name="taggings"
    )
    track = models.ForeignKey(Track, on_delete=models.CASCADE, null=True, blank=True, related_name="taggings")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings")
    tagged_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(artist=None, track__isnull=False) | Q(artist__isnull=False, track=None),
                name="tagging_of_one_item",
            ),
            models.UniqueConstraint(fields=["user", "artist", "tag"], name="tagging_artist_once"),
            models.UniqueConstraint(fields=["user", "track", "tag"], name="tagging_track_once"),
            models.UniqueConstraint(
                fields=["artist", "tag"], condition=Q(user=None), name="tagging_artist_once_by_catalogue"
            ),
            models.UniqueConstraint(
                fields=["track", "tag"], condition=Q(user=None), name="tagging_track_once_by_catalogue"
            ),
        )

    def __str__(self) -> str:
        return f"{self.artist_id or self.track_id} is {self.tag_id}"
