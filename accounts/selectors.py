"""What is read about people; every answer starts from what ``policies`` lets the viewer see."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.conditions import Viewer
from accounts.invitations import Invitation
from accounts.models import Consent, ConsentEvent, ConsentState, Device, Friendship, Purpose, User
from accounts.name_starts import by_handle
from accounts.policies import findable_by, friends_of, sees
from discovery.platform.names import name_clean, name_key

LONGEST_LOOKED_FOR = 80  # characters, as of a name


def friend_list(*, viewer: User) -> QuerySet[User]:
    """The viewer's friends by handle."""
    return friends_of(viewer).order_by("username", "pk")


def people_found(*, viewer: Viewer, text: str) -> QuerySet[User]:
    """Whom ``text`` finds among the people whom ``viewer`` may find, by handle.

    It is the beginning of a handle or of a word of a name, whatever its case and accents. Raises InvalidInput.
    """
    key = name_key(name_clean(text, field="text", length=LONGEST_LOOKED_FOR))
    return by_handle(findable_by(viewer), key)


def child_list(*, guardian: User) -> QuerySet[User]:
    """Minors whom ``guardian`` answers for, by handle."""
    return User.objects.filter(guardian=guardian, is_minor=True, is_active=True).order_by("username", "pk")


def friend_request_list(*, viewer: User) -> QuerySet[Friendship]:
    """Requests between the viewer and people they may see, newest first, both directions."""
    return (
        Friendship.objects.filter(Q(low=viewer) | Q(high=viewer), state=Friendship.State.REQUESTED)
        .filter(sees(viewer, "low"), sees(viewer, "high"))
        .order_by("-requested_at", "-pk")
    )


def consent_list(*, user: User) -> list[Consent]:
    """Everything ``user`` answered, in general and about single friends, in one query."""
    return list(Consent.objects.filter(user=user).select_related("friend").order_by("pk"))


def consent_event_list(*, user: User) -> QuerySet[ConsentEvent]:
    """The user's lines of the ledger, newest first."""
    return ConsentEvent.objects.filter(subject=user.pseudonym).order_by("-pk")


@dataclass(frozen=True)
class Span:
    """Positions of the ledger from one on (inclusive) to another (exclusive) or, None, to its end."""

    start: int
    stop: int | None

    def __contains__(self, position: object) -> bool:
        return (
            isinstance(position, int)
            and self.start <= position
            and (self.stop is None or position < self.stop)
        )


def contribution_spans(user: User) -> Sequence[Span]:
    """Where in the ledger CONTRIBUTE stood granted, oldest first."""
    events = ConsentEvent.objects.filter(subject=user.pseudonym, purpose=Purpose.CONTRIBUTE, scope=None)
    spans: list[Span] = []
    start: int | None = None
    for event in events.order_by("pk"):
        if event.new_state == ConsentState.GRANTED:
            start = event.pk if start is None else start
        elif start is not None:
            spans.append(Span(start, event.pk))
            start = None
    return spans if start is None else [*spans, Span(start, None)]


def friend_key_of_scope() -> Subquery:
    """To annotate ledger lines with: the key of the friend a line is about, null where it is about none."""
    return Subquery(User.objects.filter(pseudonym=OuterRef("scope")).values("pk"))


def device_list(*, user: User) -> QuerySet[Device]:
    """What ``user`` is signed in with now, latest seen first; an app counts for as long as it is let in."""
    now = Q(expires_at__gt=timezone.now()) | Q(kind=Device.Kind.APP)
    devices = Device.objects.filter(now, user=user).select_related("token")
    return devices.order_by(F("last_seen_on").desc(nulls_last=True), "-pk")


def invitation_list(*, user: User) -> QuerySet[Invitation]:
    """Links of ``user`` that still let somebody in, the one that ends first first."""
    still = Invitation.objects.filter(made_by=user, uses_left__gt=0, expires_at__gt=timezone.now())
    return still.order_by("expires_at", "pk")
