"""Who may use a field at all, declared on the field. What a person may see is ``accounts/policies.py``'s to say."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from strawberry.extensions import FieldExtension

from discovery.errors import NotAllowed
from discovery.gql.context import Info


class SignedIn(FieldExtension):
    """Refuses with ``SIGN_IN_REQUIRED`` when nobody is signed in."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        info.context.signed_in  # noqa: B018
        return next_(source, info, **kwargs)


class Staff(FieldExtension):
    """Refuses with ``NOT_ALLOWED`` for everybody who does not run this installation."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        if not info.context.signed_in.is_staff:
            raise NotAllowed(_("This is for the people who run this installation."))
        return next_(source, info, **kwargs)
