"""That people deleted what models had learned from."""

from typing import Any

from django.conf import settings
from django.db import models


class Deletion(models.Model):
    """Somebody whose plays train models deleted so many rows of theirs; what they were is kept nowhere.

    The subject is a pseudonym, as in the consent ledger. Rows are added and never changed: a model names the last
    one that its snapshot was taken after, and a later one makes a training due.
    """

    subject = models.UUIDField(db_index=True)
    rows = models.PositiveIntegerField()
    deleted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.subject} deleted {self.rows}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("a deletion is written once")
        super().save(*args, **kwargs)


class DeletedPlay(models.Model):
    """That a listener deleted a play, so that a source which tells it again is not believed.

    One row for each name of what was played. What that was, and when, can be read from none of the numbers: they are
    digests with a key of the installation's.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deleted_plays")
    told = models.BigIntegerField()  # of source and source id
    near = models.BigIntegerField()  # of a name of what was played, and within which two minutes
    second = models.PositiveSmallIntegerField(
        null=True
    )  # of these, shifted by a digest; older rows know none
    source = models.BigIntegerField()  # of the source

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "told", "near"], name="deleted_play_once"),)
        indexes = (models.Index(fields=["user", "near"]),)

    def __str__(self) -> str:
        return f"{self.user_id} deleted a play"
