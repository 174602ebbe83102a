"""A database in which nothing is yet, told in one line instead of a traceback."""

import sys

from django.db import DatabaseError, connection

NOT_YET = "This database has no tables yet: run `python manage.py migrate` first."


def told_or_raised(error: DatabaseError) -> None:
    """End the process with a word where ``error`` comes of tables that were never made; raise it where they are there."""
    connection.close()  # what it was in the middle of is over
    if "accounts_user" in connection.introspection.table_names():
        raise error
    sys.exit(NOT_YET)
