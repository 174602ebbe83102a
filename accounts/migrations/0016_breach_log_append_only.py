"""The database refuses to change or delete a line of the breach log."""

from django.db import migrations

TABLE = "accounts_breachentry"
MESSAGE = "the breach log is append-only"

POSTGRESQL = (
    f"""
    CREATE FUNCTION breach_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    f"""
    CREATE TRIGGER breach_log_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION breach_log_refuse()
    """,
    f"""
    CREATE TRIGGER breach_log_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION breach_log_refuse()
    """,
)
SQLITE = (
    *(
        f"""
        CREATE TRIGGER breach_log_no_{action.lower()} BEFORE {action} ON {TABLE}
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
        """
        for action in ("UPDATE", "DELETE")
    ),
    f"""
    CREATE TRIGGER breach_log_no_replace BEFORE INSERT ON {TABLE}
    WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR (NEW.kind = 'FOUND' AND kind = 'FOUND' AND breach = NEW.breach))
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
)
UNDO_POSTGRESQL = (
    f"DROP TRIGGER breach_log_no_truncate ON {TABLE}",
    f"DROP TRIGGER breach_log_append_only ON {TABLE}",
    "DROP FUNCTION breach_log_refuse()",
)
UNDO_SQLITE = tuple(f"DROP TRIGGER breach_log_no_{action}" for action in ("update", "delete", "replace"))


def guard(apps, schema_editor):
    for statement in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    for statement in {"postgresql": UNDO_POSTGRESQL, "sqlite": UNDO_SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_breaches")]
    operations = [migrations.RunPython(guard, unguard)]
