"""Rules that are asked with every request, turned into SQL once a process instead of once a question.

A rule stays a queryset, written where all rules stand; the ORM spends several times as much CPU on making
SQL of it as the database on answering. A `Prepared` rule lets it do so once, with marks where the person
and the moment belong, and from then on only puts these in. It keeps no answer of anybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User

_PERSON = User(pk=-(2**53) + 1)  # no key of anybody
_MOMENT = dt.datetime(1, 1, 2, tzinfo=dt.UTC)  # nothing happened then

# The person asked about and the moment of asking; rows of values.
Rule = Callable[[User, dt.datetime], QuerySet[Any, Any]]


class Prepared:
    """A rule of a person and a moment, answered with rows of plain values."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._statements: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def rows(self, person: User) -> list[tuple[Any, ...]]:
        """What the rule answers about ``person`` now."""
        connection = connections[router.db_for_read(User)]
        sql, given = self._statement(connection)
        marks = dict(
            zip(
                _marked(connection, _PERSON.pk, _MOMENT),
                _marked(connection, person.pk, timezone.now()),
                strict=True,
            )
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [marks.get(each, each) for each in given])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _statement(self, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """The SQL of the rule and its parameters, with marks among them."""
        if (known := self._statements.get(connection.vendor)) is None:
            sql, given = self._rule(_PERSON, _MOMENT).query.get_compiler(connection=connection).as_sql()
            known = self._statements[connection.vendor] = sql, tuple(given)
        return known


def _marked(connection: BaseDatabaseWrapper, key: Any, moment: dt.datetime) -> Sequence[Any]:
    """A key and a moment as this database's parameters hold them."""
    return key, connection.ops.adapt_datetimefield_value(moment)
