"""The database refuses more: REPLACE, TRUNCATE, and changes of the ledger's heads and of what is left of old lines.

A line of the ledger may go only where its place and hash are kept as a tombstone and it is older than the policy
keeps it; and, on PostgreSQL, where its subject is nobody any more. SQLite could not change the table of people
afterwards if a trigger of another table named it.
"""

from django.db import migrations

LEDGER, HEADS, GONE, PEOPLE = (
    "accounts_consentevent", "accounts_ledgerhead", "accounts_ledgertombstone", "accounts_user",
)  # fmt: skip
MESSAGE = "the consent ledger is append-only"
# What no two lines share: an INSERT that replaces would delete the one that is there.
UNIQUE = {
    LEDGER: "id = NEW.id OR event_id = NEW.event_id OR hash = NEW.hash"
    " OR (subject = NEW.subject AND idempotency_key = NEW.idempotency_key)",
    HEADS: "id = NEW.id OR number = NEW.number OR hash = NEW.hash",
    GONE: "id = NEW.id OR position = NEW.position",
}
KEPT = f"EXISTS (SELECT 1 FROM {GONE} kept WHERE kept.position = OLD.id AND kept.hash = OLD.hash)"
NOBODY = f"NOT EXISTS (SELECT 1 FROM {PEOPLE} somebody WHERE somebody.pseudonym = OLD.subject)"

POSTGRESQL = (
    f"""
    CREATE OR REPLACE FUNCTION consent_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF TG_OP = 'DELETE' AND TG_TABLE_NAME = '{LEDGER}' THEN
            IF OLD.occurred_at < now() - interval '3 years' AND {KEPT} AND {NOBODY} THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION consent_ledger_refuse()
        """
        for table in (HEADS, GONE)
    ),
    *(
        f"""
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION consent_ledger_refuse()
        """
        for table in (LEDGER, HEADS, GONE)
    ),
)
SQLITE = (
    "DROP TRIGGER consent_ledger_no_delete",
    f"""
    CREATE TRIGGER consent_ledger_no_delete BEFORE DELETE ON {LEDGER}
    WHEN NOT (OLD.occurred_at < datetime('now', '-3 years') AND {KEPT})
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
    *(
        f"""
        CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table}
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
        """
        for table in (HEADS, GONE)
        for action in ("UPDATE", "DELETE")
    ),
    *(
        f"""
        CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
        """
        for table, same in UNIQUE.items()
    ),
)
UNDO_POSTGRESQL = (
    *(f"DROP TRIGGER {table}_no_truncate ON {table}" for table in (LEDGER, HEADS, GONE)),
    *(f"DROP TRIGGER {table}_append_only ON {table}" for table in (HEADS, GONE)),
    f"""
    CREATE OR REPLACE FUNCTION consent_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
)
UNDO_SQLITE = (
    *(f"DROP TRIGGER {table}_no_replace" for table in UNIQUE),
    *(f"DROP TRIGGER {table}_no_{action}" for table in (HEADS, GONE) for action in ("update", "delete")),
    "DROP TRIGGER consent_ledger_no_delete",
    f"""
    CREATE TRIGGER consent_ledger_no_delete BEFORE DELETE ON {LEDGER}
    BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
    """,
)


def guard(apps, schema_editor):
    for statement in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    for statement in {"postgresql": UNDO_POSTGRESQL, "sqlite": UNDO_SQLITE}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_ledger_heads")]
    operations = [migrations.RunPython(guard, unguard)]
