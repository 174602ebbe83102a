"""Who is asking: the typed context that every resolver gets, and what is declared on fields about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from strawberry.django.context import StrawberryDjangoContext
from strawberry.extensions import FieldExtension

from accounts.api.repeats import Again, Once
from accounts.credentials import Credential, credential_of
from accounts.models import User
from accounts.presentation import Presented, row_shown, rows_shown, viewer_key
from discovery.platform.errors import NotFound, NotPresented, SignInRequired
from discovery.platform.graphql import pagination
from discovery.platform.graphql.refusals import RefusalsAsData

Row = TypeVar("Row", bound=Model)
Answer = TypeVar("Answer")


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

    @property
    def credential(self) -> Credential:
        """What the person asking signed in with; without any scope where the request does not say.

        Raises:
            SignInRequired: nobody is signed in.

        """
        user = self.signed_in
        credential = credential_of(self.request)
        return (
            credential
            if credential is not None and credential.user == user
            else Credential(user, frozenset())
        )


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


def opened(answer: Presented[Answer], info: Info) -> Answer:
    """What the pipeline presented to whoever asks here. Raises NotPresented for anything else."""
    if not isinstance(answer, Presented) or answer.viewer_id != viewer_key(info.context.viewer):
        raise NotPresented(f"{info.field_name} answers what was not presented to its viewer")
    return answer.answer


def connection(connection_type: type, **options: Any) -> Any:
    """A field whose resolver returns presented rows, and which answers one page of them.

    Use as ``@connection(Rows[Listener])``; the resolver's rows need a total order of columns. Of ``options``,
    ``moving`` is said of rows that change their places.
    """
    return pagination.connection(connection_type, opened=opened, **options)


class ShownRows:
    """The base of types that stand for rows: by whatever way the rows come, the viewer may see them."""

    @classmethod
    def get_queryset(cls, queryset: QuerySet[Any], info: Info) -> QuerySet[Any]:
        return rows_shown(info.context.viewer, queryset).answer


def shown(row: Row, info: Info) -> Row:
    """A row that an act left behind, for whoever acted. Raises NotFound where they may not see it any more."""
    presented = row_shown(info.context.viewer, row)
    if presented is None:
        raise NotFound(_("There is no such thing."))
    return presented


def mutation(*, again: Again | None = None, **options: Any) -> Any:
    """Declares a mutation of a signed-in person whose refusals go out as ``OperationInfo``.

    One that creates or adds says how it answers ``again`` where it is repeated. Use as ``@mutation(description=…)``; the return annotation is ``Annotated[Success | OperationInfo, strawberry.union("SomethingPayload")]``.
    """
    # The last extension is the outermost: it sees what the others refuse.
    once = [] if again is None else [Once(again)]
    return strawberry.mutation(extensions=[*once, SignedIn(), RefusalsAsData()], **options)
