"""Models that were trained, and the runs that trained them."""

import uuid

from django.db import models
from django.db.models import Q


class ModelVersion(models.Model):
    """One published or refused recommender. Its vectors lie in ``ARTIFACT_DIR/<id>/``."""

    class State(models.TextChoices):
        ACTIVE = "ACTIVE"  # served now; at most one
        RETIRED = "RETIRED"  # was served
        REJECTED = "REJECTED"  # its promotion was refused, with the reason
        DAMAGED = "DAMAGED"  # was served until its files could not be read; the previous one took its place

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=8, choices=State.choices)
    data_hash = models.CharField(max_length=64)
    ledger_position = models.PositiveBigIntegerField()
    deletion_position = models.PositiveBigIntegerField(default=0)  # of the last Deletion before its snapshot
    manifest_hash = models.CharField(max_length=64, blank=True)
    config = models.JSONField()
    metrics = models.JSONField()
    rejected_because = models.TextField(blank=True)
    damaged_at = models.DateTimeField(null=True, blank=True)  # when that was found; a training follows
    damage = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="ACTIVE"), name="model_version_one_active"
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class TrainingRun(models.Model):
    """A claim on training: a lease with a heartbeat and a fencing token.

    A delivery that finds a live lease exits; one that finds a dead lease takes it over with a higher
    ``fence``, and whoever holds an older one can no longer publish.
    """

    class State(models.TextChoices):
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"

    key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    holder = models.CharField(max_length=120)
    fence = models.PositiveBigIntegerField(default=1)
    heartbeat_at = models.DateTimeField()
    progress = models.FloatField(default=0.0)  # 0 to 1
    step = models.CharField(max_length=80, blank=True)
    model_version = models.ForeignKey(ModelVersion, on_delete=models.SET_NULL, null=True, related_name="runs")
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
