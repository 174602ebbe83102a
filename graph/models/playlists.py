"""Playlists and their entries."""

from django.conf import settings
from django.db import models

from graph.models.catalog import Track


class Playlist(models.Model):
    """A listener's ordered list of tracks."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="playlists")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.title


class PlaylistEntry(models.Model):
    """One place in a playlist. The same track may stand in several places."""

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="entries")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("position", "id")
        # Not unique: SQLite cannot defer it through a reorder. Writers lock the playlist's row instead.
        indexes = (models.Index(fields=["playlist", "position"]),)

    def __str__(self) -> str:
        return f"{self.playlist_id}[{self.position}]"
