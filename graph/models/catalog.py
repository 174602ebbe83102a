"""What there is to hear: artists, tracks and the words attached to them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.intake import Gated
from discovery.platform.key_field import KeyField
from discovery.platform.names import NAME_LENGTH, TAG_LENGTH

IDENTITY_LENGTH, URI_LENGTH = 210, 200


class ItemKind(models.TextChoices):
    """What can be played, liked and recommended."""

    TRACK = "TRACK"
    ARTIST = "ARTIST"


class Standing(models.IntegerChoices):
    """Whose a row of the catalog is: words that only a few listeners' plays brought are theirs."""

    LISTENERS = 0, "its listeners' alone"
    COMMON = 1, "played by enough contributors"  # see services.standing
    CATALOG = 2, "the operator's"


# What tells a row apart that listeners' plays brought (`graph.ingest.identity`): "mbid:…", "isrc:…", "uri:…", "name:…".
# A row without one is the operator's; it is what it says.
def _identity() -> Any:
    return models.CharField(max_length=IDENTITY_LENGTH, null=True, blank=True, unique=True, editable=False)


class Artist(models.Model):
    """A performer. ``external_id`` is the id in the data set it was imported from."""

    external_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    identity = _identity()
    name = models.CharField(max_length=NAME_LENGTH)
    key = KeyField(of="name")
    mbid = models.CharField(max_length=36, blank=True, db_index=True)
    placeholder = models.BooleanField(default=False, editable=False)  # stands for nobody: "Various Artists"
    standing = models.PositiveSmallIntegerField(choices=Standing.choices, default=Standing.LISTENERS)
    tags = models.JSONField(default=list, blank=True)  # words shown with it: see services.tags_refresh

    def __str__(self) -> str:
        return self.name


class Track(models.Model):
    """A recording. ``artist`` stands first in its credit; who else does are its ``guests``."""

    external_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    identity = _identity()
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="tracks")
    title = models.CharField(max_length=NAME_LENGTH)
    key = KeyField(of="title")
    album = models.CharField(max_length=NAME_LENGTH, blank=True)
    mbid = models.CharField(max_length=36, blank=True, db_index=True)
    isrc = models.CharField(max_length=12, blank=True, db_index=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    guests_listed = models.BooleanField(
        default=False, editable=False
    )  # the operator's catalog tells its guests
    description = models.TextField(blank=True)  # a line of lyric or description
    standing = models.PositiveSmallIntegerField(choices=Standing.choices, default=Standing.LISTENERS)
    tags = models.JSONField(default=list, blank=True)  # as an artist's

    told_uri = ""  # what a service calls it, where a person's own play told that (`Listen.track_as_told`)

    def __str__(self) -> str:
        return self.title


class TrackGuest(models.Model):
    """An artist who stands in a track's credit behind the first one; a play of it is a play of theirs too."""

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="guests")
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="guest_on")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["track", "artist"], name="track_guest_once"),)

    def __str__(self) -> str:
        return f"{self.artist_id} on {self.track_id}"


class ArtistName(models.Model):
    """An artist as sources name them; whom that means is worked out from all such names."""

    name = models.CharField(max_length=NAME_LENGTH)
    key = KeyField(of="name")
    mbid = models.CharField(max_length=36, blank=True, db_index=True)
    digest = models.CharField(max_length=32, unique=True, editable=False)  # of name and id
    listed = models.BooleanField(default=False, editable=False)  # the operator's catalog calls them so
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, null=True, related_name="names")
    named_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Naming(models.Model):
    """A recording in the words and with the identifiers that some source used; plays told so point here.

    Which track that is, is worked out from all namings. One goes with the last play told so.
    """

    title = models.CharField(max_length=NAME_LENGTH)
    artist_name = models.CharField(max_length=NAME_LENGTH)  # the whole credit, as told
    album = models.CharField(max_length=NAME_LENGTH, blank=True)
    album_key = KeyField(of="album", db_index=False)
    mbid = models.CharField(max_length=36, blank=True)
    isrc = models.CharField(max_length=12, blank=True)
    uri = models.CharField(max_length=URI_LENGTH, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=32, unique=True, editable=False)  # of all that is told
    name = models.CharField(max_length=32, editable=False)  # digest of first artist's and title's keys
    track = models.ForeignKey(Track, on_delete=models.CASCADE, null=True, related_name="namings")
    named_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (
            models.Index(fields=["name"]),
            models.Index(fields=["mbid"], condition=~Q(mbid=""), name="naming_mbid"),
            models.Index(fields=["isrc"], condition=~Q(isrc=""), name="naming_isrc"),
            models.Index(fields=["uri"], condition=~Q(uri=""), name="naming_uri"),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.artist_name})"


class NamingArtist(models.Model):
    """One artist of a naming's credit, as told or taken apart."""

    naming = models.ForeignKey(Naming, on_delete=models.CASCADE, related_name="credit")
    name = models.ForeignKey(ArtistName, on_delete=models.CASCADE, related_name="credited")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["naming", "position"], name="naming_artist_once"),)

    def __str__(self) -> str:
        return f"{self.name_id} in {self.naming_id}"


def item_column(item: Artist | Track) -> dict[str, Any]:
    """The column that ``item`` stands in, of a row about an artist or a track: for a filter or a new row."""
    return {"artist": item} if isinstance(item, Artist) else {"track": item}


class Tag(models.Model):
    """A word for music. The kind says what the catalog uses it for; listeners' words are plain tags."""

    class Kind(models.TextChoices):
        GENRE = "GENRE"
        MOOD = "MOOD"
        PLAIN = "PLAIN"

    name = models.CharField(max_length=TAG_LENGTH, unique=True)
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
