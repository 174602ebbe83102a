"""Music servers that people connect, and which tracks each of these holds: where somebody can hear what.

The table stands here, and not with the room that reads the servers (`discovery.library`), because whoever holds a track
may see it (`graph.visible`), and because the catalog keeps what a library holds (`services.standing`).
"""

import secrets

from django.conf import settings
from django.db import models

from accounts.intake import Gated
from discovery.platform.names import TAG_LENGTH
from graph.models.catalog import Naming, Track

URL_LENGTH, KEY_LENGTH = 500, 200


def fresh_version() -> int:
    """A number that no other state of any library has."""
    return secrets.randbits(62)


class LibraryAccount(Gated):
    """One person's account at one music server."""

    class State(models.TextChoices):
        WAITING = "WAITING"  # to be read
        READING = "READING"
        READY = "READY"
        FAILED = "FAILED"  # ``error`` says why; what was read before stays

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="libraries")
    url = models.CharField(max_length=URL_LENGTH)
    username = models.CharField(max_length=KEY_LENGTH)
    secret = models.TextField(editable=False)  # sealed under the installation's key
    name = models.CharField(max_length=KEY_LENGTH)  # what the server calls itself, and where it is
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    error = models.CharField(max_length=32, blank=True)  # a code
    read_at = models.DateTimeField(null=True, blank=True)  # none: not yet, or in a private session
    # Another with every change of its songs, at random: what is remembered of one state is of no other.
    version = models.PositiveBigIntegerField(default=fresh_version, editable=False)
    # Who reads it: as with an import, a claim that ends by itself. ``reading`` counts them: a song that the last
    # whole one did not see is gone. ``offset``: a later worker goes on behind it.
    reading = models.PositiveIntegerField(default=0, editable=False)
    offset = models.PositiveIntegerField(default=0, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    heartbeat_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "url", "username"], name="library_account_once"),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class LibrarySong(Gated):
    """One song of a library, as its server told it. That somebody has it is no play."""

    account = models.ForeignKey(LibraryAccount, on_delete=models.CASCADE, related_name="songs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    naming = models.ForeignKey(Naming, on_delete=models.CASCADE, related_name="songs")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="songs")
    song = models.CharField(max_length=KEY_LENGTH)  # the server's name of it …
    cover = models.CharField(max_length=KEY_LENGTH, blank=True)  # … and of its picture
    genre = models.CharField(max_length=TAG_LENGTH, blank=True)
    moods = models.JSONField(default=list, blank=True)  # words
    bpm = models.PositiveSmallIntegerField(null=True, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    seen = models.PositiveIntegerField(default=0, editable=False)  # in which reading

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "song"], name="library_song_once"),)
        indexes = (models.Index(fields=["user", "track"]),)

    def __str__(self) -> str:
        return f"{self.account_id} has {self.track_id}"
