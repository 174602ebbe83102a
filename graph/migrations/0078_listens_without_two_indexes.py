import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GONE = ('graph_listen_echo_of_id_e6e53446', 'graph_listen_user_id_6f75d960')


class Migration(migrations.Migration):

    # Two indexes that others stand in for go by their names: SQLite would write the whole table anew for them.
    survives = "an index is no part of what code asks for"

    dependencies = [
        ('graph', '0077_listens_by_listener'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL([f'DROP INDEX IF EXISTS "{name}"' for name in GONE], migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='listen',
                    name='echo_of',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='echoes', to='graph.listen'),
                ),
                migrations.AlterField(
                    model_name='listen',
                    name='user',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='listens', to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
    ]
