"""The proof of upgrades: what still runs of the release before survives every migration that came since (docs/operations.md, Upgrade).

A migration that cannot be so says on its class why it does no harm: ``survives = "…"``. Planted ones show that each kind is refused.
"""

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.db import connection, connections, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now

from discovery.management.commands import migrate
from tests.proofs.migrations import complaints, one_by_one

# Where the release before this one ended: whoever makes a release moves it to the newest migration of each app.
RELEASED = {"accounts": "0030_invitations", "discovery": "0060_room_link", "graph": "0073_models_that_heal"}


def test_every_migration_since_the_last_release_lets_its_code_live():
    loader = one_by_one()  # whoever has the last release goes this way
    before = {each for node in RELEASED.items() for each in loader.graph.forwards_plan(node)}
    leaves = [node for node in loader.graph.leaf_nodes() if node[0] in RELEASED]
    plan = loader.graph._generate_plan(leaves, at_end=True)
    told = [
        each
        for key in plan
        if key not in before and key[0] in RELEASED
        for each in complaints(loader.get_migration(*key), loader.project_state(key, at_end=False))
    ]
    assert told == []
    assert len(before) > 50, "the marks are there"


# -- shown to refuse


def planted(*operations, **said):
    """A migration of an app that had a table of its own before, and the state that it meets."""
    class_ = type("Migration", (migrations.Migration,), {"operations": list(operations), **said})
    state = ProjectState()
    begin = migrations.Migration("0001_initial", "planted")
    begin.operations = [
        migrations.CreateModel(
            "Row",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("word", models.CharField(max_length=20, null=True)),
                ("kind", models.CharField(max_length=20, db_default="")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=["kind"], name="kind_once")]},
        )
    ]
    return class_("0002_planted", "planted"), begin.mutate_state(state)


def check():
    return models.CheckConstraint(condition=models.Q(word__gt=""), name="worded")


REFUSED = {
    "RemoveField": migrations.RemoveField("Row", "word"),
    "DeleteModel": migrations.DeleteModel("Row"),
    "RenameField": migrations.RenameField("Row", "word", "words"),
    "RenameModel": migrations.RenameModel("Row", "Line"),
    "AlterModelTable": migrations.AlterModelTable("Row", "lines"),
    "AddField not null": migrations.AddField("Row", "more", models.CharField(default="", max_length=20)),
    "AddField unique": migrations.AddField(
        "Row", "more", models.CharField(null=True, unique=True, max_length=20)
    ),
    "AlterField not null": migrations.AlterField("Row", "word", models.CharField(max_length=20)),
    "AlterField without its default": migrations.AlterField("Row", "kind", models.CharField(max_length=20)),
    "AlterField unique": migrations.AlterField(
        "Row", "word", models.CharField(null=True, unique=True, max_length=20)
    ),
    "AlterField shorter": migrations.AlterField("Row", "word", models.CharField(null=True, max_length=10)),
    "AlterField of another type": migrations.AlterField("Row", "word", models.IntegerField(null=True)),
    "AddConstraint unique": migrations.AddConstraint(
        "Row", models.UniqueConstraint(fields=["word"], name="word_once")
    ),
    "AddConstraint check": migrations.AddConstraint("Row", check()),
    "RemoveConstraint unique": migrations.RemoveConstraint("Row", "kind_once"),
    "AlterUniqueTogether": migrations.AlterUniqueTogether("Row", {("word", "kind")}),
    "AddIndex": migrations.AddIndex("Row", models.Index(fields=["word"], name="row_word")),
    "RunSQL": migrations.RunSQL("SELECT 1"),
    "RunPython": migrations.RunPython(migrations.RunPython.noop),
    "behind the state's back": migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RemoveField("Row", "word")]
    ),
}
ALLOWED = {
    "null": migrations.AddField("Row", "more", models.CharField(null=True, max_length=20)),
    "db_default": migrations.AddField("Row", "more", models.DateTimeField(db_default=Now())),
    "an index beside": AddIndexConcurrently("Row", models.Index(fields=["word"], name="row_word")),
    "longer": migrations.AlterField("Row", "word", models.CharField(null=True, max_length=40)),
    "any length": migrations.AlterField("Row", "word", models.TextField(null=True)),
    "not null any more, with a default": migrations.AlterField(
        "Row", "word", models.CharField(db_default="", max_length=20)
    ),
    "state alone": migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField("Row", "word")]
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_old_code_does_not_survive_is_refused_unless_it_is_said_why(name):
    (told,) = complaints(*planted(REFUSED[name]))
    assert told.startswith("planted.0002_planted: ")
    assert (
        complaints(*planted(REFUSED[name], survives="Nobody has called it since the release before.")) == []
    )
    assert len(complaints(*planted(REFUSED[name], survives=" "))) == 1, "a word, not a blank"


@pytest.mark.parametrize("name", ALLOWED)
def test_what_old_code_survives_passes(name):
    assert complaints(*planted(ALLOWED[name])) == []


def test_a_table_is_nobodys_before_it_is_made():
    new = migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    same = (
        migrations.AddField("New", "word", models.TextField()),
        migrations.AddConstraint("New", check()),
    )
    assert complaints(*planted(new, *same)) == []
    assert len(complaints(*planted(new, *same, migrations.RemoveField("Row", "word")))) == 1


def test_what_waits_without_end_does_nothing_else():
    beside = AddIndexConcurrently("Row", models.Index(fields=["word"], name="row_word"))
    assert complaints(*planted(beside, atomic=False)) == []
    (told,) = complaints(*planted(beside, ALLOWED["null"], atomic=False))
    assert "without end" in told


# -- and waits for nobody so long that others wait behind it


@pytest.mark.django_db(transaction=True)
def test_migrate_gives_up_on_a_lock_and_tries_again(monkeypatch, capsys):
    monkeypatch.setattr(migrate, "BOUND", "50ms")
    monkeypatch.setattr(migrate, "TRIES", 3)
    slept = []
    other = connections.create_connection("default")
    held = other.cursor()

    def tried(*_, **__):
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE graph_listen IN ACCESS EXCLUSIVE MODE")

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == free_after:
            other.rollback()

    monkeypatch.setattr(migrate.Migrate, "handle", lambda *_, **__: in_transaction(tried))
    monkeypatch.setattr(migrate.time, "sleep", sleep)
    try:
        other.set_autocommit(False)
        held.execute("LOCK TABLE graph_listen IN ACCESS SHARE MODE")
        free_after = None
        with pytest.raises(CommandError, match="3 times"):
            call_command("migrate")
        assert len(slept) == 2
        free_after = 3
        call_command("migrate")
        assert len(slept) == 3
        assert capsys.readouterr().err.count("trying again") == 3
    finally:
        other.close()
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",), "what comes after on this connection waits as ever"


def in_transaction(act):
    with transaction.atomic():
        act()
