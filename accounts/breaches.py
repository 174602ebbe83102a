"""The operator's log of breaches, and whom each concerns."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class BreachEntry(models.Model):
    """One line of the operator's log of breaches; database triggers refuse UPDATE and DELETE. Lines of one number are one breach."""

    class Kind(models.TextChoices):
        FOUND = "FOUND"  # what happened, and when
        DONE = "DONE"  # what was done about it
        AUTHORITY = "AUTHORITY"  # that the authority was told

    breach = models.PositiveIntegerField(db_index=True)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    text = models.TextField()
    at = models.DateTimeField()  # of what the line says
    noticed_at = models.DateTimeField(null=True, blank=True)  # of FOUND: it begins the authority's 72 hours
    concerns = models.CharField(max_length=200, blank=True)  # of FOUND: whom, in words
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["breach"], condition=Q(kind="FOUND"), name="breach_found_once"),
        )

    def __str__(self) -> str:
        return f"breach {self.breach}: {self.kind}"


class BreachConcern(models.Model):
    """That a breach concerns somebody, who is told in their privacy settings."""

    breach = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="breaches")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["breach", "user"], name="breach_concern_once"),)

    def __str__(self) -> str:
        return f"breach {self.breach} concerns {self.user_id}"
