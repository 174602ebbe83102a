"""To whom a person's plays were shown."""

from django.conf import settings
from django.db import models


class SocialUse(models.Model):
    """On that day, an answer to ``recipient`` was shaped by plays of ``source``: the source's right to know.

    ``named``: the source stood in a reason, with the item that was cited (of the source's own plays).
    Otherwise they were one of several, and no item is kept. One row a day for each such use; nothing of
    what the recipient was shown beyond that is kept, and everything is deleted after ``SOCIAL_USE_KEPT``.
    """

    source = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    named = models.BooleanField()
    item_kind = models.CharField(max_length=6, blank=True)  # graph's ItemKind, or nothing
    item_id = models.PositiveBigIntegerField(default=0)  # 0: no item is named

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "recipient", "day", "named", "item_kind", "item_id"],
                name="social_use_once_a_day",
            ),
        )
        indexes = (
            models.Index(fields=["day"]),
            models.Index(fields=["item_id"], condition=~models.Q(item_id=0), name="social_use_of_item"),
        )

    def __str__(self) -> str:
        return f"{self.source_id} → {self.recipient_id} on {self.day}"
