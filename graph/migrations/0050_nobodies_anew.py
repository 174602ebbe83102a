"""Artists who stand for nobody, by all that players write in their place as it is known now."""

from typing import Any

from django.db import migrations

from graph.ingest.credits import is_placeholder

BATCH = 1_000


def nobodies_anew(apps: Any, _editor: Any) -> None:
    rows = apps.get_model("graph", "Artist").objects
    fields = rows.only("pk", "key", "mbid", "placeholder")
    changed = [row for row in fields.iterator(BATCH) if row.placeholder != is_placeholder(row.key, row.mbid)]
    for row in changed:
        row.placeholder = not row.placeholder
    rows.bulk_update(changed, ["placeholder"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("graph", "0040_rulings")]

    operations = [migrations.RunPython(nobodies_anew, migrations.RunPython.noop, elidable=True)]
