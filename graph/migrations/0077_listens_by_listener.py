from django.db import migrations, models

from discovery.platform.index_beside import AddIndexBeside


class Migration(migrations.Migration):

    atomic = False  # as an index that is built beside has to be

    dependencies = [
        ('graph', '0076_bundles'),
    ]

    operations = [
        AddIndexBeside(
            model_name='listen',
            index=models.Index(condition=models.Q(('echo_of', None)), fields=['user', 'track', 'ms_played'], name='listen_by_listener'),
        ),
        AddIndexBeside(
            model_name='listen',
            index=models.Index(condition=models.Q(('echo_of__isnull', False)), fields=['echo_of'], name='listen_echo_of'),
        ),
    ]
