"""What follows from a play or a like, until it has left: written in the transaction that it follows from."""

from django.conf import settings
from django.db import models


class FriendNews(models.Model):
    """That friends of ``user`` are to hear of plays and likes, each by its key; what they are is asked when it is told.

    The row goes when they were told (`graph.ingest.outbox`), which is at once, or an hour later untold.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    listens = models.JSONField(default=list)  # keys of reports
    likes = models.JSONField(default=list)  # keys of feedback
    made_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.user_id}: {len(self.listens)} plays, {len(self.likes)} likes"
