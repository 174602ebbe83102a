"""That people deleted what models had learned from."""

from typing import Any

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
