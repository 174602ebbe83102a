"""Models that were trained, and the runs that trained them."""

import uuid

from django.db import models
from django.db.models import Q


class ModelVersion(models.Model):
    """One version of what answers are made with. A recommender's vectors lie in ``ARTIFACT_DIR/<id>/``.

    Its state changes by `graph.serving.lifecycle` alone, which writes a `ModelEvent` with it.
    """

    class Kind(models.TextChoices):
        RECOMMENDER = "RECOMMENDER"

    class State(models.TextChoices):
        CANDIDATE = "CANDIDATE"  # passed its gate and serves nobody
        SHADOW = "SHADOW"  # scored beside the active one and shown to nobody
        CANARY = "CANARY"  # serves a share of the people who agreed to experiments
        ACTIVE = "ACTIVE"  # served now; at most one of its kind
        RETIRED = "RETIRED"  # was served, or a later one came before it could be
        REJECTED = "REJECTED"  # its promotion was refused, with the reason
        DAMAGED = "DAMAGED"  # was served until its files could not be read; the previous one took its place
        STOPPED = "STOPPED"  # was taken out by the watch or by hand, with the reason

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(
        max_length=16, choices=Kind.choices, default=Kind.RECOMMENDER, db_default="RECOMMENDER"
    )
    state = models.CharField(max_length=12, choices=State.choices)
    share = models.FloatField(default=0.0, db_default=0.0)  # of those who may be asked, whom a canary serves
    data_hash = models.CharField(max_length=64)
    ledger_position = models.PositiveBigIntegerField()
    deletion_position = models.PositiveBigIntegerField(default=0)  # of the last Deletion before its snapshot
    manifest_hash = models.CharField(max_length=64, blank=True)
    config = models.JSONField()
    metrics = models.JSONField()
    rejected_because = models.TextField(blank=True)
    damaged_at = models.DateTimeField(null=True, blank=True)  # when that was found; a training follows
    damage = models.TextField(blank=True)
    lineage = models.TextField(
        blank=True, db_default=""
    )  # signed JSON; models from before it was kept have none
    staged_at = models.DateTimeField(
        null=True, blank=True
    )  # when it came into the state in which it is tried
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["kind"], condition=Q(state="ACTIVE"), name="model_version_active_by_kind"
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(state__in=("SHADOW", "CANARY")),
                name="model_version_tried_by_kind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class ModelEvent(models.Model):
    """One move of a model from a state to another: who made it, and why. The database lets none be changed.

    ``who`` is an operator's name, "clock" or "watch"; of whoever is erased it says no more than that it was somebody.
    It names its model by the id alone, which outlives the model's row.
    """

    model = models.UUIDField()
    was = models.CharField(max_length=12, blank=True)  # empty where the model came into being
    became = models.CharField(max_length=12)
    who = models.CharField(max_length=150)
    why = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["model", "at"], name="model_event_of_model"),)

    def __str__(self) -> str:
        return f"{self.model} {self.was or '-'} → {self.became}"


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
