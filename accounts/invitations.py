"""Links by which people come in: who made one, and who signed up with one and has not come in yet."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Invitation(models.Model):
    """A link, of which a digest is stored. It lets in as many as it has uses left, or makes them friends of its maker."""

    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(  # none: the operator, at the command line
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="invitations"
    )
    befriends = models.BooleanField()
    uses_left = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField()  # made in a private session: counted from the beginning of that day

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(befriends=False) | Q(made_by__isnull=False), name="invitation_befriends_somebody"
            ),
        )

    def __str__(self) -> str:
        return f"invitation {self.pk} of {self.made_by_id}"


class Guest(models.Model):
    """Somebody who signed up by a link and has not shown yet that their e-mail address is theirs: the link is used then."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="guest")
    invitation = models.ForeignKey(Invitation, on_delete=models.SET_NULL, null=True, related_name="guests")

    def __str__(self) -> str:
        return f"guest {self.user_id}"
