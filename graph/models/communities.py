"""Groups of contributing listeners who play alike, as they were found in one snapshot."""

from django.db import models


class Community(models.Model):
    """Who belongs to it is not stored: only how many they are and what enough of them play."""

    name = models.CharField(max_length=120)
    tags = models.JSONField(default=list)  # words, the most telling first
    size = models.PositiveIntegerField()  # contributors, coarsely
    artists = models.JSONField(default=list)  # ids, the most telling first; each played by enough members
    data_hash = models.CharField(max_length=64)
    ledger_position = models.PositiveBigIntegerField()
    found_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.size})"
