"""Invitations: links that let people sign up, and make friends of who sent one and who follows it.

The inviter asks by making the link, and the guest says yes by following it and pressing a button. A link that is
unknown, expired, used up, taken back, one's own, or between people of whom one blocks the other is answered alike.
"""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.intake import deliberate
from accounts.invitations import Guest, Invitation
from accounts.models import User
from accounts.selectors import invitation_list
from accounts.services.friendship import friendship_by_invitation
from discovery.platform.errors import LimitExceeded, NotFound

LIFETIME, LONGEST = timedelta(days=14), timedelta(days=90)
MOST_INVITATIONS = 20  # of one person at once
MOST_USES = 100


@transaction.atomic
def invitation_create(
    *, user: User | None, befriends: bool, uses: int = 1, lifetime: timedelta = LIFETIME
) -> tuple[Invitation, str]:
    """A link of ``user``, or without one of the operator's, and its secret, which nobody is told again.

    Raises:
        LimitExceeded: there are ``MOST_INVITATIONS`` already.

    """
    begins = timezone.now()
    if user is not None:
        begins = deliberate(user).about_when
        if invitation_list(user=user).count() >= MOST_INVITATIONS:
            raise LimitExceeded(_("At most %(most)d invitations.") % {"most": MOST_INVITATIONS})
    secret = secrets.token_urlsafe(24)
    made = Invitation.objects.create(
        digest=_digest(secret),
        made_by=user,
        befriends=befriends,
        uses_left=uses,
        expires_at=begins + lifetime,
    )
    return made, secret


@transaction.atomic
def invitation_revoke(*, user: User, invitation_id: int) -> Invitation:
    """Take a link back; return what it was. Raises NotFound."""
    made = invitation_list(user=user).select_for_update().filter(pk=invitation_id).first()
    if made is None:
        raise NotFound(_("There is no such invitation."), field="id")
    key = made.pk
    made.delete()
    made.pk = key
    return made


def invitation_get(secret: str, *, viewer: User | None = None) -> Invitation | None:
    """The link with this secret, where it lets somebody in now: it is not the viewer's own, and nobody blocks them."""
    found = _open(Q(digest=_digest(secret))).select_related("made_by")
    if viewer is not None:
        found = found.exclude(made_by=viewer).exclude(_parted(viewer))
    return found.first()


@transaction.atomic
def invitation_accept(*, user: User, secret: str) -> User:
    """Become a friend of whoever made this link; return them. Friends stay friends, and no use is taken.

    Raises NotFound (INVALID_INVITATION) for every link that makes no friend of anybody.
    """
    invitation = invitation_get(secret, viewer=user)
    if invitation is None or not invitation.befriends or invitation.made_by is None:
        raise _invalid()
    _use(invitation, user)
    return invitation.made_by


def guest_note(*, user: User, secret: str) -> None:
    """Remember by which link somebody signed up. Nothing is used yet, so that nobody sees whether they had an account."""
    Guest.objects.create(user=user, invitation=invitation_get(secret))


@transaction.atomic
def guest_enter(*, user: User) -> bool:
    """Use the link by which ``user`` signed up, now that the address is shown to be theirs; whether they may come in."""
    guest = Guest.objects.select_for_update().filter(user=user).first()
    if guest is None:
        return True
    if settings.SIGN_UP == "closed":
        return False
    invitation = _open(Q(pk=guest.invitation_id)).select_related("made_by").first()
    if invitation is not None:
        try:
            with transaction.atomic():
                _use(invitation, user)
        except NotFound:
            invitation = None
    if invitation is None and settings.SIGN_UP != "open":
        return False
    guest.delete()
    return True


@transaction.atomic
def invitations_forget() -> int:
    """Delete links that are over; return how many."""
    return Invitation.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _invalid() -> NotFound:
    return NotFound(
        _("This invitation is not valid, or not any more."), field="secret", code="INVALID_INVITATION"
    )


def _use(invitation: Invitation, user: User) -> None:
    """Take one use, and make friends where it is that kind of link. Raises NotFound."""
    host = invitation.made_by
    if host is not None and invitation.befriends:
        try:
            befriended = friendship_by_invitation(host=host, guest=user)
        except NotFound:
            raise _invalid() from None
        if not befriended:
            return
    taken = Invitation.objects.filter(pk=invitation.pk, uses_left__gt=0).update(uses_left=F("uses_left") - 1)
    if not taken:  # somebody was quicker
        raise _invalid()


def _parted(viewer: User) -> Q:
    blocks = Q(made_by__blocks_given__blocked=viewer) | Q(made_by__blocks_received__blocker=viewer)
    return Q(pk__in=Invitation.objects.filter(blocks).values("pk"))


def _open(which: Q) -> QuerySet[Invitation]:
    host = Q(made_by=None) | Q(made_by__is_active=True)
    return Invitation.objects.filter(which, host, uses_left__gt=0, expires_at__gt=timezone.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
