"""Listening rooms: who is in them, what they said, what was played."""

from django.conf import settings
from django.db import models

from accounts.intake import Gated
from graph.models import ItemKind


class Room(models.Model):
    """Several people with one queue. Who came first of those in it is its host; without anybody it is deleted.

    The queue itself is nowhere: it is added up anew for each answer from what the people in the room
    allow one another then. What is kept is what happened.
    """

    title = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=6, choices=ItemKind.choices)
    step = models.PositiveIntegerField(default=0)  # how often it moved on
    now_id = models.PositiveBigIntegerField(null=True, blank=True)  # the item that plays
    now_marks = models.JSONField(default=list)  # of whose plays it was chosen by (recommend.provenance)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = (models.Index(fields=["touched_at"]),)

    def __str__(self) -> str:
        return self.title or f"Room {self.pk}"


class RoomMember(models.Model):
    """Somebody in a room, or (without ``joined_at``) invited to it.

    Who enters in a private session keeps no moment of their own: the day's beginning, or when the last one entered before.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rooms")
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    joined_at = models.DateTimeField(null=True, blank=True)
    lets_in = models.BooleanField(default=False)  # of the host: friends of theirs who have the room's link

    class Meta:
        constraints = (models.UniqueConstraint(fields=["room", "user"], name="room_member_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"


class RoomVote(Gated):
    """A vote for an item or a veto against it. It counts for as long as who said it is in the room."""

    class Kind(models.TextChoices):
        VOTE = "VOTE"
        VETO = "VETO"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="room_votes")
    item_id = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=4, choices=Kind.choices)
    said_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["room", "user", "item_id"], name="room_vote_once"),)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind} {self.item_id}"


class RoomPlay(models.Model):
    """What a room played, and what came of it; whoever skipped is not kept."""

    class Outcome(models.TextChoices):
        PLAYED = "PLAYED"
        SKIPPED = "SKIPPED"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="plays")
    step = models.PositiveIntegerField()
    item_id = models.PositiveBigIntegerField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    ended_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["room", "step"], name="room_play_once_per_step"),)

    def __str__(self) -> str:
        return f"{self.room_id}[{self.step}] {self.outcome}"
