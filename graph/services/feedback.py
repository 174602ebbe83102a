"""What a listener says of an item."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import User
from discovery.platform.errors import Conflict
from graph.models import Artist, Feedback, FeedbackKind, Track, item_column
from graph.services.news import friends_tell

VERDICTS = frozenset({FeedbackKind.LIKE, FeedbackKind.DISLIKE, FeedbackKind.HIDE})


@transaction.atomic
def feedback_give(*, user: User, item: Track | Artist, kind: FeedbackKind) -> Feedback:
    """Note it, with the time. LIKE, DISLIKE and HIDE replace one another; a SKIP stands beside them.

    Raises Conflict in a private session: it would tell what was played.
    """
    stored = User.objects.select_for_update().get(pk=user.pk)  # two answers at once must not both stand
    if policies.in_private_session(stored):
        raise Conflict(_("This was said in a private session."), code="PRIVATE_SESSION")
    about = item_column(item)
    if kind in VERDICTS:
        Feedback.objects.filter(user=user, kind__in=VERDICTS - {kind}, **about).delete()
    given, created = Feedback.objects.update_or_create(
        user=user, kind=kind, **about, defaults={"given_at": timezone.now()}
    )
    if created and kind is FeedbackKind.LIKE:  # said again, it is no news
        transaction.on_commit(lambda: friends_tell(user, [{"like": given.pk}]))
    return given
