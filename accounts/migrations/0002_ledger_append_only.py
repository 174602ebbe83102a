"""The database itself refuses to change or delete a line of the consent ledger.

Who may drop the trigger can do all the same; the hash chains, and the signed heads of them, are what shows that.
"""

from django.db import migrations

TABLE = "accounts_consentevent"
MESSAGE = "the consent ledger is append-only"

POSTGRESQL = (
    f"""
    CREATE FUNCTION consent_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    f"""
    CREATE TRIGGER consent_ledger_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION consent_ledger_refuse()
    """,
)
SQLITE = tuple(
    f"""
    CREATE TRIGGER consent_ledger_no_{action.lower()} BEFORE {action} ON {TABLE}
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """
    for action in ("UPDATE", "DELETE")
)
UNDO_POSTGRESQL = (
    f"DROP TRIGGER consent_ledger_append_only ON {TABLE}",
    "DROP FUNCTION consent_ledger_refuse()",
)
UNDO_SQLITE = ("DROP TRIGGER consent_ledger_no_update", "DROP TRIGGER consent_ledger_no_delete")


def guard(apps, schema_editor):
    for statement in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    for statement in {"postgresql": UNDO_POSTGRESQL, "sqlite": UNDO_SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
