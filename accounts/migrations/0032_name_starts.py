"""The database writes down, with the change itself, by which beginnings people are looked for: handles, and names from each word on.

Whoever writes a name, code of before included, writes them so. On SQLite a row that REPLACE takes away fires no trigger:
the one that comes in its place takes its beginnings away first.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE, PEOPLE = "accounts_namestart", "accounts_user"
COLUMNS = ("id", "username", "name_key")  # of the people about whom it is asked

# Names from each word on: of ``{people}``, which has the columns above.
POSTGRESQL_WORDS = """
    SELECT person.id, person.username, array_to_string(split.words[place:], ' ')
    FROM {people} person
    CROSS JOIN LATERAL (SELECT string_to_array(person.name_key, ' ') AS words) split
    CROSS JOIN LATERAL generate_series(1, cardinality(split.words)) place
    """
SQLITE_WORDS = """
    SELECT person.id, person.username, substr(person.name_key, 1 + coalesce(sum(length(word.value) + 1) OVER (
        PARTITION BY person.id ORDER BY word.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))
    FROM {people} person, json_each('[' || replace(json_quote(person.name_key), ' ', '","') || ']') word
    WHERE person.name_key > ''
    """
# Handles are ASCII: other letters are compared as they are, on every database alike.
STARTS = """
    INSERT INTO accounts_namestart (person_id, handle, start, first_one, first_two, first_four)
    SELECT id, username, {bytes}, {one}, {two}, {four}
    FROM (
        SELECT person.id AS id, person.username AS username, {lower} AS start FROM {people} person
        UNION {words}
    ) found WHERE start > ''
    """


def first(size):
    """So many characters of a beginning, where there are so many and no other of the person begins with the same."""
    head = f"substr(start, 1, {size})"
    alone = f"row_number() OVER (PARTITION BY id, {head} ORDER BY start) = 1"
    return f"CASE WHEN length(start) >= {size} AND {alone} THEN {head} END"


def starts(vendor, people):
    """The statement that writes the beginnings of ``people``, a table or a question in brackets."""
    heads = {"one": first(1), "two": first(2), "four": first(4)}
    if vendor == "postgresql":
        own = {
            "bytes": "convert_to(start, 'UTF8')",
            "lower": 'lower(person.username COLLATE "C") COLLATE "default"',
            "words": POSTGRESQL_WORDS.format(people=people),
        }
    else:
        own = {
            "bytes": "CAST(start AS BLOB)",
            "lower": "lower(person.username)",
            "words": SQLITE_WORDS.format(people=people),
        }
    return STARTS.format(people=people, **heads, **own)


NEW = "(SELECT NEW.id AS id, NEW.username AS username, NEW.name_key AS name_key)"


def postgresql():
    yield f"""
        CREATE FUNCTION name_starts_write() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            IF TG_OP <> 'INSERT' THEN DELETE FROM {TABLE} WHERE person_id = OLD.id; END IF;
            IF TG_OP <> 'DELETE' THEN {starts("postgresql", NEW)}; END IF;
            RETURN NULL;
        END $$
        """
    old, new = (", ".join(f"{row}.{column}" for column in COLUMNS) for row in ("OLD", "NEW"))
    for action, when in (("INSERT", ""), ("UPDATE", f"WHEN (({old}) IS DISTINCT FROM ({new}))"), ("DELETE", "")):
        yield f"""
            CREATE TRIGGER name_starts_{action.lower()} AFTER {action} ON {PEOPLE}
            FOR EACH ROW {when} EXECUTE FUNCTION name_starts_write()
            """


def sqlite():
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in COLUMNS)
    gone = f"DELETE FROM {TABLE} WHERE person_id = {{row}}.id"
    write = starts("sqlite", NEW)
    for action, when, done in (
        ("INSERT", "", (gone.format(row="NEW"), write)),
        ("UPDATE", f"WHEN {changed}", (gone.format(row="OLD"), write)),
        ("DELETE", "", (gone.format(row="OLD"),)),
    ):
        yield f"""
            CREATE TRIGGER {PEOPLE}_name_starts_{action.lower()} AFTER {action} ON {PEOPLE}
            {when} BEGIN {"; ".join(done)}; END
            """


def undo_postgresql():
    for action in ("insert", "update", "delete"):
        yield f"DROP TRIGGER name_starts_{action} ON {PEOPLE}"
    yield "DROP FUNCTION name_starts_write()"


def undo_sqlite():
    for action in ("insert", "update", "delete"):
        yield f"DROP TRIGGER {PEOPLE}_name_starts_{action}"


def write(apps, schema_editor):
    for statement in {"postgresql": postgresql, "sqlite": sqlite}[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


def unwrite(apps, schema_editor):
    for statement in {"postgresql": undo_postgresql, "sqlite": undo_sqlite}[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    survives = "triggers write into a table of their own, which no earlier code knows, and refuse nothing"
    dependencies = [("accounts", "0031_on_device_only")]

    operations = [
        migrations.CreateModel(
            name="NameStart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handle", models.CharField(max_length=150)),
                ("start", models.BinaryField()),
                ("first_one", models.CharField(max_length=1, null=True)),
                ("first_two", models.CharField(max_length=2, null=True)),
                ("first_four", models.CharField(max_length=4, null=True)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="name_starts", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["start", "person"], name="name_start"),
                    *(
                        models.Index(
                            condition=models.Q((f"{first}__isnull", False)), fields=[first, "handle", "person"], name=f"name_{first}"
                        )
                        for first in ("first_one", "first_two", "first_four")
                    ),
                ],
            },
        ),
        migrations.RunPython(write, unwrite),
    ]
