"""Playlists and their entries."""

from django.conf import settings
from django.db import models

from accounts.intake import Gated
from graph.models.catalog import Track
from graph.models.history import History


class Playlist(Gated):
    """A listener's ordered list of tracks."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="playlists")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(null=True, blank=True)  # none: in a private session
    updated_at = models.DateTimeField(null=True, blank=True)
    # The import that brought it.
    history = models.ForeignKey(
        History, on_delete=models.SET_NULL, null=True, blank=True, related_name="playlists"
    )

    def __str__(self) -> str:
        return self.title


class PlaylistCollaborator(Gated):
    """A friend of the owner who may see a playlist, or change what is in it. The owner has no row."""

    class Role(models.TextChoices):
        EDITOR = "EDITOR"  # adds, removes, reorders
        VIEWER = "VIEWER"  # sees it

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collaborations"
    )
    role = models.CharField(max_length=6, choices=Role.choices)
    since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["playlist", "user"], name="playlist_collaborator_once"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.playlist_id}"


class PlaylistEntry(Gated):
    """One place in a playlist. The same track may stand in several places."""

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="entries")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "id")
        # Not unique: SQLite cannot defer it through a reorder. Writers lock the playlist's row instead.
        indexes = (models.Index(fields=["playlist", "position"]),)

    def __str__(self) -> str:
        return f"{self.playlist_id}[{self.position}]"
