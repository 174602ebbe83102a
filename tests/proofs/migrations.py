"""What a migration does to code of the release before it that still runs: it may neither fail, nor wait, nor miss what it names.

complaints(migration, state) → what that code does not survive, in words; none where ``survives`` says why it does
one_by_one() → the migrations as they go on where some of them were applied
left_out(squashed, replaced) → what ``replaced`` do by hand and the one that stands for them does not
"""

import re
from collections.abc import Iterator

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection
from django.db.migrations import operations as ops
from django.db.migrations.loader import MigrationLoader
from django.db.models import UniqueConstraint
from django.db.models.fields import NOT_PROVIDED

NO_LONGER = {
    ops.RemoveField: "the column is still read and written",
    ops.DeleteModel: "the table is still read and written",
    ops.RenameField: "the column is still known by its old name",
    ops.RenameModel: "the table is still known by its old name",
    ops.AlterModelTable: "the table is still known by its old name",
    ops.AlterOrderWithRespectTo: "its column is filled by new code alone",
    ops.RunSQL: "nobody can tell what it does",
    ops.RunPython: "what is written meanwhile is as before",
}
SIZED = re.compile(r"varchar\((\d+)\)")


def one_by_one():
    """Without those that stand for others: Django takes them where all or none of these were applied, and nowhere else."""
    loader = MigrationLoader(None, replace_migrations=False)
    for key, migration in loader.disk_migrations.items():
        if migration.replaces:
            loader.graph.remove_replacement_node(key, migration.replaces)
    return loader


def left_out(squashed, replaced):
    """What moves rows (elidable) has none to move where an app begins."""
    done = [_by_hand(operation) for operation in squashed.operations]
    return [
        f"{squashed.app_label}.{squashed.name}: {operation.describe()} of {migration.name}"
        for migration in replaced
        for operation in migration.operations
        if _by_hand(operation) and not (squashed.initial and operation.elidable)
        if _by_hand(operation) not in done
    ]


def _by_hand(operation):
    match operation:
        case ops.RunPython(code=code):
            return code
        case ops.RunSQL(sql=sql):
            return sql
    return None


def complaints(migration, state):
    """``state`` as it is before ``migration``; tables that it makes itself are nobody's yet."""
    told = [] if getattr(migration, "survives", "").strip() else list(_complaints(migration, state.clone()))
    return [f"{migration.app_label}.{migration.name}: {each}" for each in told]


def _complaints(migration, state) -> Iterator[str]:
    made: set[str] = set()
    for operation in migration.operations:
        parts = (
            operation.database_operations
            if isinstance(operation, ops.SeparateDatabaseAndState)
            else [operation]
        )
        for part in parts:
            if not migration.atomic and not isinstance(part, AddIndexConcurrently | RemoveIndexConcurrently):
                yield f"{part.describe()}: where a migration is not atomic, it waits for a table without end"
            if isinstance(part, ops.CreateModel):
                made.add(part.name_lower)
            elif _table(part) not in made:
                yield from (f"{part.describe()}: {why}" for why in _breaks(part, migration.app_label, state))
        operation.state_forwards(migration.app_label, state)


def _table(operation):
    name = getattr(operation, "model_name", None) or getattr(operation, "name", None)
    return name.lower() if isinstance(name, str) else None


def _breaks(operation, label, state) -> Iterator[str]:
    for kind, why in NO_LONGER.items():
        if isinstance(operation, kind):
            yield why
    match operation:
        case ops.AddField(field=field):
            yield from _added(field)
        case ops.AlterField(name=name, field=field):
            yield from _altered(state.models[label, operation.model_name_lower].fields[name], field)
        case AddIndexConcurrently():
            return
        case ops.AddIndex():
            yield "nobody writes while it is built: AddIndexConcurrently"
        case _:
            yield from _constrained(operation, label, state)


def _constrained(operation, label, state) -> Iterator[str]:
    match operation:
        case ops.AlterUniqueTogether(option_value=value) if value:
            yield "what is written meanwhile may be there twice, and the table stands still while it is looked through"
        case ops.AddConstraint():
            yield "what is written meanwhile may break it, and the table stands still while it is looked through"
        case ops.RemoveConstraint(name=name):
            there = state.models[label, operation.model_name_lower].options["constraints"]
            if any(each.name == name and isinstance(each, UniqueConstraint) for each in there):
                yield "ON CONFLICT of what still runs may name it"


def _added(field) -> Iterator[str]:
    if field.many_to_many:
        return
    if not field.null and field.db_default is NOT_PROVIDED:
        yield "what inserts rows leaves it empty: null=True or db_default"
    if field.unique:
        yield "the table stands still while its index is built"


def _altered(before, field) -> Iterator[str]:
    if before.null and not field.null and field.db_default is NOT_PROVIDED:
        yield "what still runs writes NULL into it"
    if before.db_default is not NOT_PROVIDED and field.db_default is NOT_PROVIDED and not field.null:
        yield "what still runs leaves it to the database"
    if field.unique and not before.unique:
        yield "what is written meanwhile may be there twice"
    if not _holds(before, field):
        yield f"from {_type(before)} to {_type(field)} the whole table is written anew"


def _type(field):
    """A key's is that of what it points at, which a state without models does not know."""
    return field.related_model if field.is_relation else field.db_type(connection)


def _holds(before, field):
    """Whether a column of the new type takes all of the old one as it stands."""
    one, other = _type(before), _type(field)
    if one == other:
        return True
    sizes = [SIZED.fullmatch(each) for each in (one, other) if isinstance(each, str)]
    if len(sizes) == 2 and sizes[0]:
        return other == "text" or (sizes[1] is not None and int(sizes[0][1]) <= int(sizes[1][1]))
    return False
