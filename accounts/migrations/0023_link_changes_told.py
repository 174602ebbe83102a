"""The database writes down, with the change itself, whose links changed: friendships, blocks, and who can be found.

One line names one person: whoever reads it asks for all of that person's links anew, and so one end of a pair is
enough. A row that permitted nothing before and permits nothing now is no change. On SQLite a row that REPLACE takes
away fires no trigger, so that it is told before.
"""

from django.db import migrations

LOG = "accounts_linkchange"
FOUND = "purpose = 'DISCOVERABLE' AND {row}.state = 'GRANTED' AND {row}.friend_id IS NULL"
# By table: whom its rows are about, which rows count, and what of them.
TOLD = {
    "accounts_friendship": ("low_id", "{row}.state = 'ACCEPTED'", ("id", "low_id", "high_id", "state")),
    "accounts_block": ("blocker_id", "1 = 1", ("id", "blocker_id", "blocked_id")),
    "accounts_consent": (
        "user_id", "{row}." + FOUND, ("id", "user_id", "friend_id", "purpose", "state", "valid_until"),
    ),
    "accounts_user": ("id", "1 = 1", ("id", "is_active", "is_minor", "guardian_id")),
}  # fmt: skip


def postgresql():
    yield f"""
        CREATE FUNCTION links_told() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            INSERT INTO {LOG} (person, mark, at)
            SELECT DISTINCT told.person, pg_current_xact_id()::text::bigint, clock_timestamp()
            FROM (VALUES
                (CASE WHEN TG_OP <> 'INSERT' THEN (to_jsonb(OLD) ->> TG_ARGV[0])::bigint END),
                (CASE WHEN TG_OP <> 'DELETE' THEN (to_jsonb(NEW) ->> TG_ARGV[0])::bigint END)
            ) told (person) WHERE told.person IS NOT NULL;
            RETURN NULL;
        END $$
        """
    yield f"""
        CREATE FUNCTION links_all_told() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            DELETE FROM {LOG};
            INSERT INTO {LOG} (person, mark, at) VALUES (0, pg_current_xact_id()::text::bigint, clock_timestamp());
            RETURN NULL;
        END $$
        """
    for table, (person, counts, columns) in TOLD.items():
        old, new = counts.format(row="OLD"), counts.format(row="NEW")
        before, after = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
        changed = f"(({old}) OR ({new})) AND ({before}) IS DISTINCT FROM ({after})"
        for action, when in (("INSERT", new), ("UPDATE", changed), ("DELETE", old)):
            yield f"""
                CREATE TRIGGER links_told_{action.lower()} AFTER {action} ON {table}
                FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION links_told('{person}')
                """
        yield f"""
            CREATE TRIGGER links_told_truncate AFTER TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION links_all_told()
            """
    yield f"INSERT INTO {LOG} (person, mark, at) VALUES (0, pg_current_xact_id()::text::bigint, clock_timestamp())"


def sqlite():
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    for table, (person, counts, columns) in TOLD.items():
        old, new = counts.format(row="OLD"), counts.format(row="NEW")
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
        tell = f"INSERT INTO {LOG} (person, mark, at) SELECT {{row}}.{person}, random(), {now}"
        for action, when, rows in (
            ("INSERT", new, ("NEW",)),
            ("UPDATE", f"(({old}) OR ({new})) AND ({changed})", ("OLD", "NEW")),
            ("DELETE", old, ("OLD",)),
        ):
            told = "; ".join(tell.format(row=row) for row in rows)
            yield f"""
                CREATE TRIGGER {table}_links_told_{action.lower()} AFTER {action} ON {table}
                WHEN {when} BEGIN {told}; END
                """
        yield f"""
            CREATE TRIGGER {table}_links_told_replace BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
            BEGIN {tell.format(row="gone")} FROM {table} gone WHERE gone.id = NEW.id; END
            """
    yield f"INSERT INTO {LOG} (person, mark, at) VALUES (0, random(), {now})"


def undo_postgresql():
    for table in TOLD:
        for action in ("insert", "update", "delete", "truncate"):
            yield f"DROP TRIGGER links_told_{action} ON {table}"
    yield "DROP FUNCTION links_told()"
    yield "DROP FUNCTION links_all_told()"


def undo_sqlite():
    for table in TOLD:
        for action in ("insert", "update", "delete", "replace"):
            yield f"DROP TRIGGER {table}_links_told_{action}"


def tell(apps, schema_editor):
    for statement in {"postgresql": postgresql, "sqlite": sqlite}[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


def untell(apps, schema_editor):
    for statement in {"postgresql": undo_postgresql, "sqlite": undo_sqlite}[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_link_changes")]
    operations = [migrations.RunPython(tell, untell)]
