"""What people's devices told of moments that are coming: a word of a short list, and when. Nothing else is taken."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.intake import Gated
from accounts.models import Purpose


class MomentLabel(models.TextChoices):
    """What a moment is, as its device recognized it. What is none of these is not told."""

    RUN = "RUN", _("Run")
    WALK = "WALK", _("Walk")
    CYCLE = "CYCLE", _("Bike ride")
    SPORT = "SPORT", _("Workout")
    YOGA = "YOGA", _("Yoga")
    COMMUTE = "COMMUTE", _("Way to work")
    TRAVEL = "TRAVEL", _("Journey")
    WORK = "WORK", _("Work")
    STUDY = "STUDY", _("Study")
    COOK = "COOK", _("Cooking")
    CHORES = "CHORES", _("Housework")
    DINNER = "DINNER", _("Dinner")
    PARTY = "PARTY", _("Party")
    RELAX = "RELAX", _("Time to relax")
    SLEEP = "SLEEP", _("Sleep")


class OccasionPurpose(models.TextChoices):
    """On whose word a moment is told; the purposes of these names."""

    CALENDAR = Purpose.CALENDAR.value
    LOCATION = Purpose.LOCATION.value


class Moment(Gated):
    """A moment of ``user``, told on the word of ``purpose``. It goes when it is over, and with that permission.

    ``readied``: a playlist was made for it, so that none is made twice.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="moments")
    label = models.CharField(max_length=8, choices=MomentLabel.choices)
    purpose = models.CharField(max_length=12, choices=OccasionPurpose.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    readied = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "purpose", "label", "starts_at"], name="moment_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="moment_ends_after_it_starts"
            ),
        )
        indexes = (models.Index(fields=["user", "starts_at"]), models.Index(fields=["ends_at"]))

    def __str__(self) -> str:
        return f"{self.user_id}: {self.label} from {self.starts_at}"

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


class ReadyPlaylists(Gated):
    """``user`` wants a playlist ready for each of their moments."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ready_playlists"
    )

    def __str__(self) -> str:
        return f"playlists for {self.user_id}"
