"""The track that a corrected play was of stands in a column of its own, so that it goes along where tracks are joined."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("graph", "0051_outbox")]

    operations = [
        migrations.AddField(
            model_name="historycorrection",
            name="track",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="graph.track"
            ),
        ),
    ]
