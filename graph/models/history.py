"""Files of listening that people handed in, and what of each was not stored."""

from django.conf import settings
from django.db import models

from accounts.intake import Gated


class History(Gated):
    """One import of one person. What the file was called is not kept, and nor is the file behind its end."""

    class State(models.TextChoices):
        WAITING = "WAITING"
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"  # ``error`` says why; what was stored until then stays
        UNDONE = "UNDONE"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="histories")
    upload = models.UUIDField(null=True, blank=True)  # the file while there is one
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    format = models.CharField(max_length=13, blank=True)  # graph.formats.recognize.FileFormat
    error = models.CharField(max_length=32, blank=True)  # a code
    asked_at = models.DateTimeField()  # in a private session, the day alone
    finished_at = models.DateTimeField(null=True, blank=True)  # none: not yet, or in a private session
    rows_read = models.PositiveIntegerField(
        default=0
    )  # each has its verdict; a later worker goes on behind them
    stored = models.PositiveIntegerField(default=0)  # plays
    duplicates = models.PositiveIntegerField(default=0)
    corrected = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    playlists_made = models.PositiveIntegerField(default=0)
    words_said = models.PositiveIntegerField(default=0)  # likes and dislikes
    bytes_done = models.PositiveBigIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    # Who reads it: as with a training, a claim that ends by itself. ``attempts`` since something was stored.
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class HistoryRow(Gated):
    """Rows of an import, one behind the other, that were not stored for one reason. What stood in them is not kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    history = models.ForeignKey(History, on_delete=models.CASCADE, related_name="rows")
    part = models.PositiveSmallIntegerField()  # of an archive, from 1
    first = models.PositiveIntegerField()  # from 1; 0 is the whole part
    last = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9)  # graph.ingest.incoming.Outcome
    code = models.CharField(max_length=32, blank=True)
    field = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = (models.Index(fields=["history", "outcome", "id"]),)

    def __str__(self) -> str:
        return f"{self.history_id} {self.part}:{self.first}–{self.last} {self.outcome} {self.code}"


class HistoryWord(models.Model):
    """That a like or dislike came by an import: it goes with the last that told it, unless it was said anew since."""

    history = models.ForeignKey(History, on_delete=models.CASCADE, related_name="words")
    feedback = models.ForeignKey("graph.Feedback", on_delete=models.CASCADE, related_name="+")
    said_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["history", "feedback"], name="history_word_once"),)

    def __str__(self) -> str:
        return f"{self.history_id} brought {self.feedback_id}"


class HistoryCorrection(models.Model):
    """That an import told a play that was there: undone, what the others told stays, or stands again.

    In their order these are all that told the play after the one that brought it, up to now.
    """

    history = models.ForeignKey(History, on_delete=models.CASCADE, related_name="corrections")
    listen = models.ForeignKey("graph.Listen", on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(null=True)  # what it said until then: words, moment and length; none: the same
    track = models.ForeignKey(  # where it had no words
        "graph.Track", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.history_id} told {self.listen_id}"
