"""What people asked for about their own data: exports and erasures."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models


class DataExport(models.Model):
    """A zip of everything that is kept about ``user``, at their request; the file lies in ``EXPORT_DIR``."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        READY = "READY"
        EXPIRED = "EXPIRED"  # the file is deleted

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_exports")
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requested_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    size = models.PositiveBigIntegerField(default=0)  # bytes
    sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.id} {self.state}"

    @property
    def path(self) -> Path:
        return Path(settings.EXPORT_DIR) / f"{self.id}.zip"

    @property
    def drafts(self) -> list[Path]:
        """What workers write now, or began and were killed."""
        return sorted(self.path.parent.glob(f"{self.id}.*.draft"))


class Erasure(models.Model):
    """An erasure on its way. It outlives the account and names it by the ledger's pseudonym only.

    REQUESTED → FROZEN (the account permits nothing, from the next request on) → PURGED (every row and
    file is gone) → RETRAINED (a model without them serves, older ones are deleted) → CLOSED (receipt).
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        FROZEN = "FROZEN"
        PURGED = "PURGED"
        RETRAINED = "RETRAINED"
        CLOSED = "CLOSED"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    subject = models.UUIDField(unique=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requested_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ledger_position = models.PositiveBigIntegerField(default=0)  # a model must know the ledger up to here
    deleted = models.JSONField(default=dict)  # rows by store
    edges = models.BinaryField(
        default=b""
    )  # graph.training.training_edges of the person, until a model is found not to have them
    clean_model = models.JSONField(null=True, blank=True)  # id and manifest hash; null: none was needed
    receipt = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.id} {self.state}"
