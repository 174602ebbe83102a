"""What is kept about showing things to people: whose plays reached whom, exports, erasures, a radio's choices, rooms."""

import uuid
from pathlib import Path

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


class DataExport(models.Model):
    """A zip of everything that is kept about ``user``, at their request; the file lies in ``EXPORT_DIR``."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        READY = "READY"
        EXPIRED = "EXPIRED"  # the file is deleted

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_exports")
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requested_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    size = models.PositiveBigIntegerField(default=0)  # bytes
    sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.id} {self.state}"

    @property
    def path(self) -> Path:
        return Path(settings.EXPORT_DIR) / f"{self.id}.zip"

    @property
    def drafts(self) -> list[Path]:
        """What workers write now, or began and were killed."""
        return sorted(self.path.parent.glob(f"{self.id}.*.draft"))


class Erasure(models.Model):
    """An erasure on its way. It outlives the account and names it by the ledger's pseudonym only.

    REQUESTED → FROZEN (the account permits nothing, from the next request on) → PURGED (every row and
    file is gone) → RETRAINED (a model without them serves, older ones are deleted) → CLOSED (receipt).
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        FROZEN = "FROZEN"
        PURGED = "PURGED"
        RETRAINED = "RETRAINED"
        CLOSED = "CLOSED"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    subject = models.UUIDField(unique=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requested_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ledger_position = models.PositiveBigIntegerField(default=0)  # a model must know the ledger up to here
    deleted = models.JSONField(default=dict)  # rows by store
    edges = models.BinaryField(
        default=b""
    )  # graph.edges of the person, until a model is found not to have them
    clean_model = models.JSONField(null=True, blank=True)  # id and manifest hash; null: none was needed
    receipt = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class Room(models.Model):
    """Several people with one queue. Who came first of those in it is its host; without anybody it is deleted.

    The queue itself is nowhere: it is added up anew for each answer from what the people in the room
    allow one another then. What is kept is what happened.
    """

    title = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=6, choices=ItemKind.choices)
    step = models.PositiveIntegerField(default=0)  # how often it moved on
    now_id = models.PositiveBigIntegerField(null=True, blank=True)  # the item that plays
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = (models.Index(fields=["touched_at"]),)

    def __str__(self) -> str:
        return self.title or f"Room {self.pk}"


class RoomMember(models.Model):
    """Somebody in a room, or (without ``joined_at``) invited to it."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rooms")
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    invited_at = models.DateTimeField(auto_now_add=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["room", "user"], name="room_member_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"


class RoomWord(models.Model):
    """A vote for an item or a veto against it. It counts for as long as who said it is in the room."""

    class Kind(models.TextChoices):
        VOTE = "VOTE"
        VETO = "VETO"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="words")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="room_words")
    item_id = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=4, choices=Kind.choices)
    said_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["room", "user", "item_id"], name="room_word_once"),)

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
