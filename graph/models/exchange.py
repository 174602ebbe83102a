"""Documents of other installations that are learned from here."""

from django.db import models


class Bundle(models.Model):
    """A signed file as it came: a model to begin with (the newest counts), or an installation's sums (one of each).

    Taken back is what is deleted: a training adds up those that are there, and nothing is kept of what others said before.
    """

    class Kind(models.TextChoices):
        MODEL = "MODEL"
        SUMS = "SUMS"

    kind = models.CharField(max_length=5, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the file
    signer = models.CharField(max_length=44)  # public key (base64)
    made_at = models.DateTimeField()  # as it says itself
    body = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["signer"], condition=models.Q(kind="SUMS"), name="bundle_sums_once_by_signer"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]} by {self.signer}"
