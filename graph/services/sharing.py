"""Recommending an item to a friend, by one's own hand."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.intake import deliberate
from accounts.models import User
from accounts.policies import friend_keys
from discovery.platform.errors import LimitExceeded, NotFound
from discovery.platform.names import prose_clean
from graph.models import Artist, ItemRecommendation, Track, item_column

NOTE_LENGTH = 500
MAX_A_DAY = 100  # recommendations of one sender


@transaction.atomic
def item_recommend(
    *, sender: User, recipient: User, item: Track | Artist, note: str = ""
) -> ItemRecommendation:
    """Recommend ``item`` to a friend; done again it is the same recommendation, with the new note and time.

    Raises NotFound where they are no friends (whoever else they are to each other), InvalidInput for the note,
    and LimitExceeded beyond ``MAX_A_DAY``.
    """
    act = deliberate(sender)  # its lock lets one of two at once be new
    if recipient.pk not in friend_keys(sender):
        raise NotFound(_("There is no such friend."), field="listenerId")
    cleaned = prose_clean(note, field="note", length=NOTE_LENGTH)
    now = timezone.now()
    lately = Q(sent_at__gt=now - timedelta(days=1)) | (Q(sent_at=None) if act.private else Q())
    about = item_column(item)
    known = ItemRecommendation.objects.filter(sender=sender, recipient=recipient, **about)
    if not known.exists() and ItemRecommendation.objects.filter(lately, sender=sender).count() >= MAX_A_DAY:
        raise LimitExceeded(_("At most %(most)d recommendations are sent a day.") % {"most": MAX_A_DAY})
    with act.write():
        sent, _created = ItemRecommendation.objects.update_or_create(
            sender=sender, recipient=recipient, **about, defaults={"note": cleaned, "sent_at": act.moment}
        )
    return sent


@transaction.atomic
def recommendation_remove(*, user: User, recommendation_id: int) -> None:
    """Take back what one recommended, or put away what was recommended to one. Raises NotFound."""
    recommendations = ItemRecommendation.objects.filter(pk=recommendation_id)
    deleted, _rows = (recommendations.filter(sender=user) | recommendations.filter(recipient=user)).delete()
    if not deleted:
        raise NotFound(_("There is no such recommendation."), field="recommendationId")
