"""What people hand to one another by name."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.intake import Gated
from graph.models.catalog import Artist, Track


class ItemRecommendation(Gated):
    """A track or artist that one listener recommends to a friend, with a note. One row a pair and item."""

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recommendations_sent"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recommendations_received"
    )
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)  # none: in a private session

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(artist=None, track__isnull=False) | Q(artist__isnull=False, track=None),
                name="recommendation_of_one_item",
            ),
            models.CheckConstraint(condition=~Q(sender=F("recipient")), name="recommendation_not_to_oneself"),
            models.UniqueConstraint(
                fields=["sender", "recipient", "artist"], name="recommendation_artist_once"
            ),
            models.UniqueConstraint(
                fields=["sender", "recipient", "track"], name="recommendation_track_once"
            ),
        )
        indexes = (
            models.Index(fields=["recipient", "-sent_at", "-id"]),
            models.Index(fields=["sender", "-sent_at"]),
        )

    def __str__(self) -> str:
        return f"{self.sender_id} recommends {self.artist_id or self.track_id} to {self.recipient_id}"
