"""What is kept about showing things to people: whose plays reached whom, exports, erasures, a radio's choices."""

from django.conf import settings
from django.db import models

from graph.models import ItemKind


class SocialUse(models.Model):
    """On that day, an answer to ``recipient`` was shaped by plays of ``source``: the source's right to know.

    ``named``: the source stood in a reason, with the item that was cited (of the source's own plays).
    Otherwise they were one of several, and no item is kept. One row a day for each such use; nothing of
    what the recipient was shown beyond that is kept, and everything is deleted after ``SOCIAL_USE_KEPT``.
    """

    source = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    named = models.BooleanField()
    item_kind = models.CharField(max_length=6, blank=True)  # graph's ItemKind, or nothing
    item_id = models.PositiveBigIntegerField(default=0)  # 0: no item is named

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "recipient", "day", "named", "item_kind", "item_id"],
                name="social_use_once_a_day",
            ),
        )
        indexes = (models.Index(fields=["day"]),)

    def __str__(self) -> str:
        return f"{self.source_id} → {self.recipient_id} on {self.day}"


class RadioChoice(models.Model):
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
    outcome = models.CharField(max_length=8, blank=True)  # empty until something happened
    reward = models.FloatField(null=True, blank=True)  # 0 to 1
    chosen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["radio", "step"], name="radio_choice_once_per_step"),)
        indexes = (models.Index(fields=["-chosen_at"]),)

    def __str__(self) -> str:
        return f"{self.radio}[{self.step}]"
