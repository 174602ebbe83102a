"""The database refuses to change what became of a model; it lets the name of who did it go, as an erasure asks."""

from django.db import migrations

TABLE = "graph_modelevent"
MESSAGE = "what became of a model is append-only"
FIXED = "id, model, was, became, why, at"

POSTGRESQL = (
    f"""
    CREATE FUNCTION model_event_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    f"""
    CREATE TRIGGER model_event_append_only BEFORE UPDATE OF {FIXED} ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION model_event_refuse()
    """,
)
SQLITE = (
    f"""
    CREATE TRIGGER model_event_append_only BEFORE UPDATE OF {FIXED} ON {TABLE}
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
    f"""
    CREATE TRIGGER model_event_no_replace BEFORE INSERT ON {TABLE}
    WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
)
UNDO_POSTGRESQL = (f"DROP TRIGGER model_event_append_only ON {TABLE}", "DROP FUNCTION model_event_refuse()")
UNDO_SQLITE = ("DROP TRIGGER model_event_append_only", "DROP TRIGGER model_event_no_replace")


def guard(apps, schema_editor):
    for statement in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    for statement in {"postgresql": UNDO_POSTGRESQL, "sqlite": UNDO_SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    survives = "the table is new: no earlier code writes into it"
    dependencies = [("graph", "0074_models_by_state")]
    operations = [migrations.RunPython(guard, unguard)]
