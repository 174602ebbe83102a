"""Keys of names as they are made now: shorter, and apart where scripts hold apart."""

from typing import Any

from django.db import migrations

from discovery.platform.names import name_key

BATCH = 1_000


def keys_anew(apps: Any, _editor: Any) -> None:
    for model, name in (("Artist", "name"), ("Track", "title")):
        rows = apps.get_model("graph", model).objects
        changed = []
        for row in rows.only("pk", "key", name).iterator(BATCH):
            key = name_key(getattr(row, name))
            if key != row.key:
                row.key = key
                changed.append(row)
        rows.bulk_update(changed, ["key"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("graph", "0020_whose_words")]

    operations = [migrations.RunPython(keys_anew, migrations.RunPython.noop, elidable=True)]
