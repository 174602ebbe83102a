from django.db import migrations, models

from discovery.platform.index_beside import AddIndexBeside


class Migration(migrations.Migration):

    atomic = False  # as an index that is built beside has to be

    dependencies = [
        ('accounts', '0033_name_starts_filled'),
    ]

    operations = [
        AddIndexBeside(
            model_name='user',
            index=models.Index(condition=models.Q(('guardian__isnull', False)), fields=['guardian'], name='user_guardian'),
        ),
    ]
