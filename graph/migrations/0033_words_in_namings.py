"""The words of plays stand in their namings."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("graph", "0032_namings_of_plays")]

    operations = [
        migrations.RemoveField(model_name="listen", name="title"),
        migrations.RemoveField(model_name="listen", name="artist_name"),
    ]
