"""Who is asking: the typed context that every resolver gets, and what is declared on fields about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry
from django.utils.translation import gettext as _
from strawberry.django.context import StrawberryDjangoContext
from strawberry.extensions import FieldExtension

from accounts.models import User
from discovery.platform.errors import SignInRequired
from discovery.platform.graphql.refusals import RefusalsAsData


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


class SignedIn(FieldExtension):
    """Refuses with ``SIGN_IN_REQUIRED`` when nobody is signed in."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        info.context.signed_in  # noqa: B018
        return next_(source, info, **kwargs)


def mutation(**options: Any) -> Any:
    """Declares a mutation of a signed-in person whose refusals go out as ``OperationInfo``.

    Use as ``@mutation(description=…)``; the return annotation is ``Annotated[Success | OperationInfo, strawberry.union("SomethingPayload")]``.
    """
    # The last extension is the outermost: it sees what the others refuse.
    return strawberry.mutation(extensions=[SignedIn(), RefusalsAsData()], **options)
