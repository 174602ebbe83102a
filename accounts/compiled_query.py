"""Queries that are asked with every request, turned into SQL once a process instead of once a question.

A rule stays a queryset, written where all rules stand; the ORM spends several times as much CPU on making
SQL of it as the database on answering. A `CompiledQuery` lets it do so once, with marks where the person, the
keys and the moment belong, and from then on only puts these in. It keeps no answer of anybody.

    _GRANTED = CompiledQuery(lambda person, now: Consent.objects.filter(user=person, ...).values_list("purpose"), PERSON)
    _GRANTED.rows(ada)

    _NAMES = CompiledQuery(lambda keys, now: Artist.objects.filter(Among("pk", keys)), KEYS)
    _NAMES.instances([3, 5, 8])
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from django.db import NotSupportedError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import get_related_populators
from django.db.models.signals import post_init, pre_init
from django.db.models.sql.compiler import SQLCompiler

from accounts.models import User
from discovery.platform import clock

Keys = Collection[int]
Asked = User | Keys | str | int | dt.datetime

# The marks: nobody and nothing has these keys, and nothing happened at that moment.
PERSON = User(pk=-(2**53) + 1)
KEYS: Keys = (-(2**53) + 2,)
OTHER_KEYS: Keys = (-(2**53) + 3,)
NUMBER = -(2**53) + 4
OTHER_NUMBER = -(2**53) + 5
TEXT = "a text that stands nowhere"
_MOMENT = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
SINCE = dt.datetime(1, 1, 3, tzinfo=dt.UTC)
UNTIL = dt.datetime(1, 1, 4, tzinfo=dt.UTC)

# From the marks, and the moment as the last, to rows of values or to instances.
Rule = Callable[..., QuerySet[Any, Any]]


class Among(Func):
    """Whether a column holds one of many keys: a condition with one parameter, however many they are."""

    output_field = BooleanField()

    def __init__(self, column: str, keys: Keys) -> None:
        super().__init__(F(column))
        self._keys = keys

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        return self._written(compiler, connection, "%(expressions)s = ANY(%%s::bigint[])")

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, tuple[Any, ...]]:
        return self._written(compiler, connection, "%(expressions)s IN (SELECT value FROM json_each(%%s))")

    def as_sql(self, *_: Any, **__: Any) -> NoReturn:
        raise NotSupportedError("one parameter for many keys is written for PostgreSQL and SQLite")

    def _written(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, template: str
    ) -> tuple[str, tuple[Any, ...]]:
        sql, given = super().as_sql(compiler, connection, template=template)
        return sql, (*given, _parameter(connection, self._keys))


@dataclass(frozen=True)
class _Statement:
    sql: str
    given: Sequence[Any]  # the parameters, marks among them
    places: Sequence[tuple[int, int]]  # which parameter is which mark
    compiler: SQLCompiler  # that made it: it knows what the columns are

    def parameters(self, asked: Sequence[Any]) -> list[Any]:
        """The parameters with ``asked`` where the marks are."""
        parameters = list(self.given)
        for place, mark in self.places:
            parameters[place] = asked[mark]
        return parameters

    @cached_property
    def converters(self) -> dict[int, tuple[list[Any], Any]]:
        """How a column's values are converted, by its place."""
        assert self.compiler.select is not None  # noqa: S101  # it has made its SQL
        return self.compiler.get_converters([column[0] for column in self.compiler.select])


class CompiledQuery:
    """A query of some people, keys, texts, numbers or moments, and of the moment of asking."""

    def __init__(self, rule: Rule, *marks: Asked) -> None:
        self._rule = rule
        self._marks = marks
        self._statements: dict[str, _Statement] = {}

    def rows(self, *asked: Asked) -> list[tuple[Any, ...]]:
        """The answer about what is ``asked`` now, one value a mark, as the database gives it: no field converts it."""
        return self._answer(asked)[0]

    def values(self, *asked: Asked) -> list[list[Any]]:
        """The answer about what is ``asked`` now, converted as the ORM would."""
        rows, statement, _connection = self._answer(asked)
        return list(map(list, statement.compiler.apply_converters(rows, statement.converters)))

    def instances(self, *asked: Asked) -> list[Any]:
        """The answer as instances of the rule's model, with what it selects as related."""
        rows, statement, connection = self._answer(asked)
        return _instances(rows, statement, connection)

    def _answer(
        self, asked: Sequence[Asked]
    ) -> tuple[list[tuple[Any, ...]], _Statement, BaseDatabaseWrapper]:
        connection = connections[router.db_for_read(User)]
        if (statement := self._statements.get(connection.vendor)) is None:
            statement = self._statements[connection.vendor] = self._compiled(connection)
        if len(asked) != len(self._marks):
            raise TypeError(f"the query asks about {len(self._marks)} things, not {len(asked)}")
        values = [_parameter(connection, value) for value in (*asked, clock.now())]
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.parameters(values))
            return cursor.fetchall(), statement, connection

    def _compiled(self, connection: BaseDatabaseWrapper) -> _Statement:
        marks = (*self._marks, _MOMENT)
        compiler = self._rule(*marks).query.get_compiler(connection=connection)
        sql, given = compiler.as_sql()
        held = [_parameter(connection, mark) for mark in marks]
        places = [
            (place, mark)
            for place, value in enumerate(given)
            for mark, its in enumerate(held)
            if type(value) is type(its) and value == its
        ]
        return _Statement(sql, tuple(given), places, compiler)


def _parameter(connection: BaseDatabaseWrapper, value: Asked) -> Any:
    """A person, a text, a number, keys or a moment as this database's parameters hold them."""
    if isinstance(value, User):
        return value.pk
    if isinstance(value, str | int):
        return value
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return list(value) if connection.vendor == "postgresql" else json.dumps(list(value))


def _instances(
    rows: Iterable[tuple[Any, ...]], statement: _Statement, connection: BaseDatabaseWrapper
) -> list[Model]:
    """Rows as the ORM would make instances of them."""
    compiler, converters = statement.compiler, statement.converters
    assert compiler.select is not None and compiler.klass_info is not None  # noqa: S101, PT018 it has made its SQL
    related = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg]  # the stubs are of a later Django
    model, places = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    own = slice(places[0], places[-1] + 1)
    names = [column[0].target.attname for column in compiler.select[own]]
    plain = _is_plain(model)
    made = []
    for row in rows:
        values = list(row)
        for place, (converting, expression) in converters.items():
            for convert in converting:
                values[place] = convert(values[place], expression, connection)
        if plain:
            instance = model.__new__(model)
            instance.__dict__.update(zip(names, values[own], strict=True))
            instance._state = state = ModelState()  # noqa: SLF001  # as from_db does
            state.adding, state.db = False, connection.alias
        else:
            instance = model.from_db(connection.alias, names, values[own])
        for populator in related:
            populator.populate(values, instance)
        made.append(instance)
    return made


def _is_plain(model: type[Model]) -> bool:
    """Whether nothing else is done where an instance is made from its columns, so that it may be made without asking."""
    return (
        model.__init__ is Model.__init__
        and model.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]  # a class method
        and not pre_init.has_listeners(model)
        and not post_init.has_listeners(model)
    )
