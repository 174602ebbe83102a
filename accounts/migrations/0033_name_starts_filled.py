"""The beginnings of names that were there before the triggers of 0032, so many people at a time.

Each lot is a transaction of its own, so that whoever changes their name waits for one lot at most. Who has beginnings has
those of now: a trigger wrote them. On PostgreSQL the people of a lot are held first and read by a statement after it,
which sees what those who held them before wrote.
"""

from importlib import import_module

from django.db import migrations, transaction

starts = import_module("accounts.migrations.0032_name_starts").starts

AT_ONCE = {"postgresql": 20_000, "sqlite": 100_000}  # keys
CACHE = "PRAGMA cache_size = {}"  # kibibytes where negative; entries of indexes come in no order, and would be written over and over


def fill(apps, schema_editor):
    connection = schema_editor.connection
    lot = AT_ONCE[connection.vendor]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA cache_size")
            (before,) = cursor.fetchone()
            cursor.execute(CACHE.format(-(128 << 10)))
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM accounts_user")
        begin, end = cursor.fetchone()
        for low in range(begin, end + 1, lot):
            within = f"id BETWEEN {low} AND {low + lot - 1}"
            missing = (
                f"(SELECT id, username, name_key FROM accounts_user WHERE {within}"
                " AND NOT EXISTS (SELECT 1 FROM accounts_namestart there WHERE there.person_id = accounts_user.id))"
            )
            with transaction.atomic(using=connection.alias):
                if connection.vendor == "postgresql":
                    cursor.execute(f"SELECT id FROM accounts_user WHERE {within} ORDER BY id FOR UPDATE")
                cursor.execute(starts(connection.vendor, missing))
        if connection.vendor == "sqlite":
            cursor.execute(CACHE.format(before))


class Migration(migrations.Migration):
    atomic = False
    survives = "it writes into a table which no earlier code knows, and holds the rows of a lot of people for moments"
    dependencies = [("accounts", "0032_name_starts")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
