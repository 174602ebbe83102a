"""Accounts at music servers: connected, read again, disconnected; and who reads one at a time.

A password is kept sealed under the installation's key, together with whose it is and for which server, so that no row can
be given another's. It leaves this machine for that server alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.intake import Deliberation, deliberate
from accounts.models import User
from discovery.library.guarded import base_url
from discovery.library.signals import library_requested
from discovery.library.subsonic import WRONG_PASSWORD, Server, Subsonic, refusal
from discovery.platform import clock
from discovery.platform.errors import InvalidInput, LeaseLost, LimitExceeded, NotFound
from discovery.platform.secrets import sealed, unsealed
from graph.models import LibraryAccount
from graph.models.library import KEY_LENGTH, fresh_version

MOST_LIBRARIES = 5  # of one person
MOST_ATTEMPTS = 5  # of workers that died without having read anything
_PURPOSE = "library secret"

State = LibraryAccount.State
OPEN = (State.WAITING, State.READING)


def library_connect(*, user: User, url: str, username: str, password: str) -> LibraryAccount:
    """Sign in to a server and have read what it holds; the same account again brings a new password.

    Raises InvalidInput for what is no address, LimitExceeded beyond ``MOST_LIBRARIES``, and whatever the server refuses.
    """
    server = Server(base_url(url), _word(username, "username"), _word(password, "password"))
    _ensure_room(user, server)
    with Subsonic(server) as client:
        server, kind = client.sign_in()
    secret = sealed(
        [user.pk, server.url, server.password, server.clear], purpose=_PURPOSE, key=settings.SIGNING_KEY
    )
    with transaction.atomic():
        act = deliberate(user)
        _ensure_room(user, server)
        with act.write():
            account, _created = LibraryAccount.objects.update_or_create(
                user=act.user, url=server.url, username=server.username,
                defaults={"secret": secret, "name": _name(server, kind)},
            )  # fmt: skip
        return _ask(act, account)


@transaction.atomic
def library_refresh(*, user: User, library_id: int) -> LibraryAccount:
    """Have it read again; one that is read at this moment goes on. Raises NotFound."""
    act = deliberate(user)
    account = _own(user, library_id)
    return account if account.state == State.READING and _is_live(account) else _ask(act, account)


@transaction.atomic
def library_disconnect(*, user: User, library_id: int) -> None:
    """Forget it: password, songs, and that there was one. What only it named, the clock sweeps. Raises NotFound."""
    deliberate(user)
    _own(user, library_id).delete()


def library_get(*, user: User, library_id: int) -> LibraryAccount:
    """Raises NotFound."""
    account = LibraryAccount.objects.filter(user=user, pk=library_id).first()
    if account is None:
        raise NotFound(_("There is no such library."), field="id")
    return account


def server_of(account: LibraryAccount) -> Server:
    """How to sign in to it. Raises NotAllowed where the installation's key is another by now."""
    try:
        told = unsealed(account.secret, purpose=_PURPOSE, key=settings.SIGNING_KEY)
    except ValueError:
        raise refusal(WRONG_PASSWORD) from None
    person, url, password, clear = told
    if (person, url) != (account.user_id, account.url):
        raise refusal(WRONG_PASSWORD)
    return Server(url, account.username, password, clear)


def _own(user: User, library_id: int) -> LibraryAccount:
    library_get(user=user, library_id=library_id)
    return LibraryAccount.objects.select_for_update().get(pk=library_id)


def _ensure_room(user: User, server: Server) -> None:
    others = LibraryAccount.objects.filter(user=user).exclude(url=server.url, username=server.username)
    if others.count() >= MOST_LIBRARIES:
        raise LimitExceeded(_("One listener connects at most %(most)d libraries.") % {"most": MOST_LIBRARIES})


def _ask(act: Deliberation, account: LibraryAccount) -> LibraryAccount:
    account.state, account.error, account.heartbeat_at = State.WAITING, "", None
    account.offset, account.attempts, account.version = 0, 0, fresh_version()
    account.reading, account.fence = (
        account.reading + 1,
        account.fence + 1,
    )  # whoever is at it loses the claim
    with act.write():
        account.save()
    key = str(account.pk)
    transaction.on_commit(lambda: library_requested.send_robust(sender=LibraryAccount, key=key))
    return account


def _word(text: str, field: str) -> str:
    if not (0 < len(text) <= KEY_LENGTH and text.isprintable()):
        raise InvalidInput(_("%(field)s is empty or too long") % {"field": field}, field=field)
    return text


def _name(server: Server, kind: str) -> str:
    place = urlsplit(server.url).netloc
    return f"{kind.capitalize()} ({place})"[:KEY_LENGTH] if kind else place[:KEY_LENGTH]


# --- who reads it ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """The right to read one library, as long as nobody holds a higher fence."""

    account_id: int
    user: User
    fence: int


@transaction.atomic
def library_claim(*, account_id: int) -> Claim | None:
    """Claim one that waits; None where it is read already, or somebody alive is at it. One that kills its workers fails."""
    user = User.objects.filter(libraries=account_id, is_active=True).first()
    if user is None:
        return None
    act = deliberate(user)
    account = LibraryAccount.objects.select_for_update().get(pk=account_id)
    if account.state not in OPEN or _is_live(account):
        return None
    account.attempts += 1
    if account.attempts > MOST_ATTEMPTS:
        account.state, account.error = State.FAILED, "GIVEN_UP"
    else:
        account.state, account.heartbeat_at = State.READING, clock.now()
        account.fence += 1
    with act.write():
        account.save()
    return Claim(account.pk, act.user, account.fence) if account.state == State.READING else None


def library_hold(claim: Claim) -> tuple[Deliberation, LibraryAccount]:
    """The person and the account, locked until the transaction ends. Raises LeaseLost where another worker has it."""
    act = deliberate(claim.user)
    account = LibraryAccount.objects.select_for_update().filter(pk=claim.account_id).first()
    if account is None or account.fence != claim.fence or account.state != State.READING:
        raise LeaseLost(f"library {claim.account_id} is no longer ours (fence {claim.fence})")
    return act, account


def library_go_on(act: Deliberation, account: LibraryAccount) -> None:
    """Note how far it is, in the transaction that stored what was read; its songs have changed."""
    account.heartbeat_at, account.attempts = clock.now(), 0
    account.version = fresh_version()
    with act.write():
        account.save()


@transaction.atomic
def library_close(claim: Claim, *, error: str = "") -> LibraryAccount:
    """End a reading, whatever came of it. Raises LeaseLost."""
    act, account = library_hold(claim)
    account.state, account.error = (State.FAILED if error else State.READY), error[:32]
    account.heartbeat_at = None
    if not error:
        account.read_at = act.moment  # in a private session, nothing says when
    with act.write():
        account.save()
    return account


def libraries_waiting() -> list[str]:
    """Keys of those that nobody is at: for the clock, when a message was lost or a worker died."""
    rows = LibraryAccount.objects.filter(state__in=OPEN, user__is_active=True)
    quiet = Q(heartbeat_at=None) | Q(heartbeat_at__lte=_since())
    return [str(key) for key in rows.filter(quiet).order_by("pk").values_list("pk", flat=True)]


def libraries_refresh() -> int:
    """Have all that were read before read again, as the clock does daily; return how many."""
    rows = LibraryAccount.objects.filter(state=State.READY, user__is_active=True).order_by("pk")
    keys = list(rows.values_list("pk", "user"))
    for key, person in keys:
        library_refresh(user=User.objects.get(pk=person), library_id=key)
    return len(keys)


def _is_live(account: LibraryAccount) -> bool:
    return account.heartbeat_at is not None and account.heartbeat_at > _since()


def _since() -> datetime:
    return clock.now() - timedelta(seconds=settings.TRAINING_LEASE_SECONDS)
