"""What people are looked for by. The column may be null, so that SQLite adds it and keeps the table with its triggers."""

from django.db import migrations

import discovery.platform.key_field
from discovery.platform.names import name_key

AT_ONCE = 2_000


def fill(apps, _):
    people = apps.get_model("accounts", "User").objects.filter(name_key=None).only("pk", "display_name")
    while some := list(people[:AT_ONCE]):
        for person in some:
            person.name_key = name_key(person.display_name)
        people.model.objects.bulk_update(some, ["name_key"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0025_idempotency")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="name_key",
            field=discovery.platform.key_field.KeyField(
                db_index=True, editable=False, max_length=200, null=True, of="display_name"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
