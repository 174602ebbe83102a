"""What a radio chose, for those who let it be kept."""

from django.conf import settings
from django.db import models

from accounts.intake import Gated
from graph.models import ItemKind


class RadioChoice(Gated):
    """One choice of a radio with the probability it was made with, and what came of it.

    Written only while the listener grants EXPERIMENT. It is what off-policy evaluation reads, and what
    the bandit has learned from people so far.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="radio_choices")
    radio = models.CharField(max_length=32)
    step = models.PositiveIntegerField()  # from 0
    item_kind = models.CharField(max_length=6, choices=ItemKind.choices)
    item_id = models.PositiveBigIntegerField()
    source = models.PositiveSmallIntegerField()  # discovery.radio.sources.Source
    propensity = models.FloatField()  # of the item
    arm_propensity = models.FloatField()  # of the source
    features = models.JSONField()
    marks = models.JSONField(default=list)  # of whose plays were permitted then (recommend.provenance)
    outcome = models.CharField(max_length=8, blank=True)  # empty until something happened
    reward = models.FloatField(null=True, blank=True)  # 0 to 1
    chosen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["radio", "step"], name="radio_choice_once_per_step"),)
        indexes = (models.Index(fields=["-chosen_at"]), models.Index(fields=["item_id"]))

    def __str__(self) -> str:
        return f"{self.radio}[{self.step}]"
