"""What kinds of listener people do not want to be taken for."""

from django.conf import settings
from django.db import models

from accounts.intake import Gated


class SegmentRefusal(Gated):
    """``user`` is not taken for this kind of listener (`discovery.segments.kinds`), whatever their plays say."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="segment_refusals"
    )
    segment = models.CharField(max_length=20)
    refused_at = models.DateTimeField(null=True, blank=True)  # none: in a private session

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "segment"], name="segment_refusal_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} is no {self.segment}"
