import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    # The index that another stands in for goes by its name: SQLite would write the whole table and its triggers anew.
    survives = "an index is no part of what code asks for"

    dependencies = [
        ('accounts', '0034_guardians_beside'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL('DROP INDEX IF EXISTS "accounts_user_guardian_id_8c0f36c1"', migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='user',
                    name='guardian',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
    ]
