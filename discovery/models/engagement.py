"""What reports on listening said: aggregates of a week, in which nobody stands."""

from django.db import models
from django.db.models import Q


class EngagementReport(models.Model):
    """That a week was measured, when and of how many people at least a figure is. What it says is never changed."""

    week = models.DateField(unique=True)  # its Monday
    smallest = models.PositiveIntegerField()  # the smallest aggregate that was in force
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"week of {self.week}"


class EngagementFigure(models.Model):
    """One metric of one cohort, with its interval. There is no row of fewer people than the report's ``smallest``."""

    report = models.ForeignKey(EngagementReport, on_delete=models.CASCADE, related_name="figures")
    metric = models.CharField(max_length=30)  # discovery.engagement.metrics
    cohort = models.DateField(null=True, blank=True)  # Monday of the week of the first play; none: everybody
    people = models.PositiveIntegerField()
    value = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["report", "metric", "cohort"], name="engagement_figure_once"),
            models.UniqueConstraint(
                fields=["report", "metric"], condition=Q(cohort=None), name="engagement_figure_of_all_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.metric} of {self.cohort or 'everybody'}: {self.value:g}"
