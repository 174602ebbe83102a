"""Whose plays are kept on their own device alone. The column may be null, so that SQLite adds it and keeps the table with its triggers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0030_invitations")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="on_device_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
