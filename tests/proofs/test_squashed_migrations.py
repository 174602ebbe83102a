"""A database made anew takes few migrations, each of which stands for many; it becomes the same that those would make.

`tests/soak/soak_migrations.py` compares the databases themselves.
"""

from django.db import migrations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader

from tests.proofs.migrations import left_out, one_by_one


def squashed():
    """Those of ours that stand for others."""
    found = {key: each for key, each in MigrationLoader(None).disk_migrations.items() if each.replaces}
    assert {app for app, _ in found} == {"accounts", "discovery", "graph"}
    return found


def test_both_ways_end_in_the_same_models():
    one, other = MigrationLoader(None), one_by_one()
    assert len(one.graph.nodes) < len(other.graph.nodes) - 50, "they are two ways"
    there, back = one.project_state(), other.project_state()
    assert MigrationAutodetector(there, back).changes(graph=one.graph) == {}
    assert MigrationAutodetector(back, there).changes(graph=one.graph) == {}


def test_they_stand_for_all_from_the_first_on():
    """What comes later stands for itself: whoever took these in a release would miss it, were it put in among them."""
    graph = one_by_one().graph
    for app in ("accounts", "discovery", "graph"):
        (leaf,) = graph.leaf_nodes(app)
        left = [key for key in graph.forwards_plan(leaf) if key[0] == app]
        for _, each in sorted(item for item in squashed().items() if item[0][0] == app):
            here, left = left[: len(each.replaces)], left[len(each.replaces) :]
            assert sorted(here) == sorted(each.replaces)


def test_each_does_by_hand_what_those_did():
    earlier = one_by_one()
    for each in squashed().values():
        assert left_out(each, [earlier.disk_migrations[key] for key in each.replaces]) == []


def test_what_one_does_not_do_is_told():
    def guard(apps, schema_editor): ...

    def moved(apps, schema_editor): ...

    there = migrations.Migration("0001_initial", "planted")
    there.operations = [
        migrations.RunPython(guard),
        migrations.RunPython(moved, elidable=True),
        migrations.RunSQL("SELECT 1"),
    ]
    begins, goes_on = (migrations.Migration(name, "planted") for name in ("0001_squashed", "0002_squashed"))
    begins.initial = True
    assert len(left_out(begins, [there])) == 2
    assert len(left_out(goes_on, [there])) == 3
    begins.operations = [migrations.RunPython(guard), migrations.RunSQL("SELECT 1")]
    assert left_out(begins, [there]) == []
