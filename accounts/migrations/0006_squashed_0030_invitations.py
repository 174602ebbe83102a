"""What 0006 to 0030 come to, for a database that has none of them; where some were applied, those go on one by one.

A database that stopped at 0005 has rows, so that what moves those is here too, behind all that changes tables: PostgreSQL
changes none whose rows it still looks at. The triggers come after the tables: SQLite makes a table anew to change it, and
would lose them. What other apps do to tables around people goes before ours: each step there has Django build every model
anew that points at them.
"""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import discovery.platform.key_field
from django.conf import settings
from django.db import migrations, models

digests = import_module("accounts.migrations.0007_secrets_as_digests")
ledger = import_module("accounts.migrations.0012_ledger_guarded")
breaches = import_module("accounts.migrations.0016_breach_log_append_only")
links = import_module("accounts.migrations.0023_link_changes_told")
names = import_module("accounts.migrations.0026_name_key")


class Migration(migrations.Migration):
    replaces = [
        ('accounts', '0006_devices'),
        ('accounts', '0007_secrets_as_digests'),
        ('accounts', '0008_deletions'),
        ('accounts', '0010_level_chosen'),
        ('accounts', '0011_ledger_heads'),
        ('accounts', '0012_ledger_guarded'),
        ('accounts', '0013_policy_published_last'),
        ('accounts', '0014_minors'),
        ('accounts', '0015_breaches'),
        ('accounts', '0016_breach_log_append_only'),
        ('accounts', '0020_company_of_the_unnamed'),
        ('accounts', '0021_moments_kept_or_not'),
        ('accounts', '0022_link_changes'),
        ('accounts', '0023_link_changes_told'),
        ('accounts', '0024_player_secret'),
        ('accounts', '0025_idempotency'),
        ('accounts', '0026_name_key'),
        ('accounts', '0030_invitations'),
    ]
    dependencies = [
        ('accounts', '0005_earlier_private_sessions'),
        ('mfa', '0003_authenticator_type_uniq'),
        ('oauth2_provider', '0022_refreshtoken_token_family_index'),
        ('sessions', '0001_initial'),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='friendship',
            name='high_hears_from',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='friendship',
            name='low_hears_from',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='guardian',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='user',
            name='is_minor',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='user',
            name='level_chosen',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='user',
            name='name_key',
            field=discovery.platform.key_field.KeyField(db_index=True, editable=False, max_length=200, null=True, of='display_name'),
        ),
        migrations.AddField(
            model_name='user',
            name='password_tried_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='password_tries',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='user',
            name='records_deleted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='unnamed_silent_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='block',
            name='created_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='friendship',
            name='requested_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='published_at',
            field=models.DateTimeField(auto_now=True),
        ),
        migrations.CreateModel(
            name='BreachEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('breach', models.PositiveIntegerField(db_index=True)),
                ('kind', models.CharField(choices=[('FOUND', 'Found'), ('DONE', 'Done'), ('AUTHORITY', 'Authority')], max_length=9)),
                ('text', models.TextField()),
                ('at', models.DateTimeField()),
                ('noticed_at', models.DateTimeField(blank=True, null=True)),
                ('concerns', models.CharField(blank=True, max_length=200)),
                ('written_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'FOUND')), fields=('breach',), name='breach_found_once')],
            },
        ),
        migrations.CreateModel(
            name='BreachConcern',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('breach', models.PositiveIntegerField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='breaches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('breach', 'user'), name='breach_concern_once')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
                ('befriends', models.BooleanField()),
                ('uses_left', models.PositiveSmallIntegerField()),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('befriends', False), ('made_by__isnull', False), _connector='OR'), name='invitation_befriends_somebody')],
            },
        ),
        migrations.CreateModel(
            name='Guest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='guest', to=settings.AUTH_USER_MODEL)),
                ('invitation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='guests', to='accounts.invitation')),
            ],
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(choices=[('BROWSER', 'Browser'), ('TOKEN', 'Token'), ('APP', 'App')], max_length=7)),
                ('name', models.CharField(max_length=80)),
                ('token', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='device', to=settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL)),
                ('session_digest', models.CharField(max_length=40, null=True, unique=True)),
                ('player_secret', models.CharField(editable=False, max_length=200, null=True)),
                ('created_on', models.DateField()),
                ('last_seen_on', models.DateField(null=True)),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('session_digest__isnull', False), ('token', None)), models.Q(('session_digest', None), ('token__isnull', False)), _connector='OR'), name='device_opened_by_one_secret')],
            },
        ),
        migrations.CreateModel(
            name='LedgerHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(unique=True)),
                ('position', models.PositiveBigIntegerField()),
                ('hash', models.CharField(max_length=64, unique=True)),
                ('document', models.JSONField()),
                ('published_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='LedgerTombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveBigIntegerField(unique=True)),
                ('chain', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('head', models.PositiveBigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='RepeatableCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('key', models.CharField(max_length=64)),
                ('said', models.CharField(max_length=64)),
                ('answer', models.JSONField(null=True)),
                ('day', models.DateField()),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='accounts_re_day_0a4eae_idx')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='repeatable_call_once')],
            },
        ),
        migrations.CreateModel(
            name='LinkChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.BigIntegerField()),
                ('mark', models.BigIntegerField(db_index=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True)),
            ],
        ),
        migrations.RunPython(ledger.guard, ledger.unguard),
        migrations.RunPython(breaches.guard, breaches.unguard),
        migrations.RunPython(links.tell, links.untell),
        migrations.RunPython(digests.tokens, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(digests.sessions, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(names.fill, migrations.RunPython.noop, elidable=True),
    ]
