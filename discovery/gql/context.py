"""Who is asking: the typed context that every resolver gets, and the base of each room's part of ``Viewer``."""

from dataclasses import dataclass

import strawberry
from django.utils.translation import gettext as _
from strawberry.django.context import StrawberryDjangoContext

from accounts.models import User
from discovery.errors import SignInRequired


@dataclass
class Context(StrawberryDjangoContext):
    """``request`` and ``response`` of Django, and the person who signed in."""

    @property
    def viewer(self) -> User | None:
        """The person asking, or ``None`` for everybody who is not signed in."""
        user = self.request.user
        return user if isinstance(user, User) and user.is_active else None

    @property
    def signed_in(self) -> User:
        """The person asking.

        Raises:
            SignInRequired: nobody is signed in.

        """
        if (viewer := self.viewer) is None:
            raise SignInRequired(_("Sign in to do this."))
        return viewer


Info = strawberry.Info[Context, None]


@strawberry.type
class ViewerPart:
    """What each room's part of ``Viewer`` builds on: the person who signed in."""

    user: strawberry.Private[User]
