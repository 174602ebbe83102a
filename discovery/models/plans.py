"""The plans that playlists were made by, kept beside them: what was asked for, never who was heard."""

from django.conf import settings
from django.db import models

from accounts.intake import Gated
from graph.models import LibraryAccount, Playlist


class PlaylistPlanKept(Gated):
    """What ``playlist`` was made by, and how often it is made anew.

    ``grammar`` is in the owner's own words (`discovery.plans.grammar`), without friends: whom it is also for stands in
    `PlanCompanion`, and goes with them.
    """

    class Refresh(models.TextChoices):
        NEVER = "NEVER"
        DAILY = "DAILY"
        WEEKLY = "WEEKLY"

    playlist = models.OneToOneField(Playlist, on_delete=models.CASCADE, related_name="plan")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="playlist_plans"
    )
    grammar = models.TextField()
    version = models.PositiveSmallIntegerField()  # of the grammar and the lists (`discovery.plans.lists`)
    refresh = models.CharField(max_length=6, choices=Refresh.choices, default=Refresh.NEVER)
    # To which music server it is handed after each refresh; none: to no one.
    library = models.ForeignKey(
        LibraryAccount, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)  # none: by nobody but its owner
    refreshed_at = models.DateTimeField(null=True, blank=True)  # none: not yet, or in a private session

    def __str__(self) -> str:
        return f"plan of {self.playlist_id}"


class PlanCompanion(Gated):
    """A friend whom a kept plan is also for. Whether their plays enter is asked anew each time."""

    plan = models.ForeignKey(PlaylistPlanKept, on_delete=models.CASCADE, related_name="companions")
    friend = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["plan", "friend"], name="plan_companion_once"),)

    def __str__(self) -> str:
        return f"{self.friend_id} in {self.plan_id}"
