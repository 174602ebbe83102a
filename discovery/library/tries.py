"""How often music servers are signed in to from here, so that nobody guesses passwords or floods a server through it.

Enters: who tries which account at which server. Leaves: that it may go on, or a refusal. Kept in the cache, for as long
as it counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.entrance.limits import tries_counted, try_succeeded
from accounts.models import User
from discovery.library.guarded import base_url
from discovery.platform.errors import LimitExceeded

# Tries in so long: of one person, and wrong ones for one account at a server, whoever makes them.
PERSON, ACCOUNT = "10/15m/key", "20/1h/key"


@contextmanager
def library_tried(*, request: HttpRequest, user: User, url: str, username: str) -> Iterator[None]:
    """Count a try before the server is asked; what goes well does not count for the account.

    Raises LimitExceeded where it is one too many, and InvalidInput for what is no address.
    """
    account = f"{base_url(url).lower()} {username.strip().lower()}"
    mine = tries_counted(request, (("library", PERSON, str(user.pk)),))
    if mine is None:
        raise LimitExceeded(_("Too many tries to connect a library. Try again in a quarter of an hour."))
    theirs = tries_counted(request, (("library-account", ACCOUNT, account),))
    if theirs is None:
        try_succeeded(mine)  # what is refused is no try
        raise LimitExceeded(_("Too many tries to connect a library. Try again in an hour."))
    yield
    try_succeeded(theirs)
