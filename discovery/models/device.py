"""What devices say of whole days in private aggregates: counts that lead to nobody, and that somebody reported today."""

from django.conf import settings
from django.db import models

from accounts.intake import Gated


class DeviceTally(models.Model):
    """How many devices answered a question on a day, and how many said yes, each answer made uncertain before it was sent."""

    day = models.DateField()  # on which the answers came
    question = models.CharField(max_length=20)  # discovery.device.feedback.Question
    answers = models.PositiveIntegerField(default=0)
    yes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["day", "question"], name="device_tally_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.question}"


class DeviceReport(Gated):
    """That ``user``'s device reported on this day, and nothing of what it said: nobody is counted twice in a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "day"], name="device_report_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"
