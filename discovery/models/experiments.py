"""Experiments: what two arms are, what was shown of each to those who agreed to it, and what was reported."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.intake import Gated
from graph.models import ItemKind


class ExperimentKind(models.TextChoices):
    """How people meet the arms."""

    INTERLEAVING = "INTERLEAVING"  # everybody both, item by item
    AB = "AB"  # everybody one of them


class Team(models.TextChoices):
    """An arm: ``A`` is what is served to everybody else, mostly."""

    A = "A"
    B = "B"


class StopReason(models.TextChoices):
    """Why an experiment ended."""

    BY_HAND = "BY_HAND"
    HARM = "HARM"  # B does worse, beyond doubt
    GUARDRAIL = "GUARDRAIL"  # skips, degraded answers or latency went over their bound
    SAMPLE_RATIO = "SAMPLE_RATIO"  # people are not in the arms as they were to be: nothing can be told


class Experiment(models.Model):
    """Two ways to make ``discover``, compared among those who granted EXPERIMENT. One runs at a time."""

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=12, choices=ExperimentKind.choices)
    arm_a = models.JSONField()  # discovery.experiments.arms.Arm
    arm_b = models.JSONField()
    salt = models.CharField(max_length=32)  # so that no two experiments draw alike
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_because = models.CharField(max_length=12, choices=StopReason.choices, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                models.Value(1), condition=Q(stopped_at=None), name="experiment_one_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Exposure(Gated):
    """That somebody was shown something of an experiment on a day, and what making it took.

    ``team`` is the person's arm; empty where both are interleaved.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exposures")
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="exposures")
    day = models.DateField()
    team = models.CharField(max_length=1, choices=Team.choices, blank=True)
    shown_at = models.DateTimeField()  # the first time that day
    answers = models.PositiveIntegerField()
    degraded_a = models.PositiveIntegerField()  # answers to which the arm had nothing
    degraded_b = models.PositiveIntegerField()
    seconds_a = models.FloatField()  # that ranking by the arm took, all answers together
    seconds_b = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["experiment", "user", "day"], name="exposure_once_a_day"),
        )
        indexes = (models.Index(fields=["day"]),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.experiment_id} on {self.day}"


class ExposedItem(Gated):
    """Which arm brought an item that somebody was shown. What they did with it stands among their plays alone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exposed_items")
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="exposed_items")
    day = models.DateField()
    item_kind = models.CharField(max_length=6, choices=ItemKind.choices)
    item_id = models.PositiveBigIntegerField()
    team = models.CharField(max_length=1, choices=Team.choices)
    shown_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["experiment", "user", "day", "item_kind", "item_id"], name="exposed_item_once_a_day"
            ),
        )
        indexes = (models.Index(fields=["day"]), models.Index(fields=["item_id"]))

    def __str__(self) -> str:
        return f"{self.item_kind} {self.item_id} by {self.team}"


class ExperimentReport(models.Model):
    """What was known of an experiment at a fixed time: sums over people, and nobody's own figures."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="reports")
    at = models.DateTimeField()
    figures = models.JSONField()  # discovery.experiments.report

    class Meta:
        constraints = (models.UniqueConstraint(fields=["experiment", "at"], name="experiment_report_once"),)

    def __str__(self) -> str:
        return f"{self.experiment_id} at {self.at}"
