"""A database that is away, and how those who ask hear of it. Imports nothing of ours but errors."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from psycopg.errors import QueryCanceled

AGAIN_SECONDS = 5  # a restart takes about as long
AWAY = _("Earshot cannot reach its database for the moment; please try again.")


def database_away(error: BaseException | None) -> bool:
    """Whether the database did not answer, or broke off: nobody knows, then, whether what was asked is done."""
    return isinstance(error, OperationalError | InterfaceError) and not isinstance(
        error.__cause__, QueryCanceled
    )
