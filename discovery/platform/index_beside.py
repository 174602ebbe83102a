"""An index that is built beside (CONCURRENTLY) where the database can do so: for migrations of tables that are written meanwhile."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex
from django.db.migrations.state import ProjectState


class AddIndexBeside(AddIndexConcurrently):
    """As its base; on SQLite, where one writes at a time, an index like any other. Its migration is not atomic."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, *given: Any) -> None:
        schema_editor = given[1]
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(*given)
        else:
            AddIndex.database_backwards(self, *given)
