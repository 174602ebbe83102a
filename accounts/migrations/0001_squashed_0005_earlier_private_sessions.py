"""What 0001 to 0005 come to, for a database that has none of them; where some were applied, those go on one by one.

No more in one file: tables of other apps point at people, and devices, which come next, point at one of those.
"""

from importlib import import_module

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
import uuid6
from django.conf import settings
from django.db import migrations, models

ledger = import_module("accounts.migrations.0002_ledger_append_only")


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_ledger_append_only'),
        ('accounts', '0003_private_session'),
        ('accounts', '0004_policy_versions_and_erased_identities'),
        ('accounts', '0005_earlier_private_sessions'),
    ]
    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('pseudonym', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('external_id', models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ('display_name', models.CharField(blank=True, max_length=80)),
                ('level', models.PositiveSmallIntegerField(choices=[(0, 'Most popular, the same for everyone'), (1, 'This session only'), (2, 'Own history'), (3, 'And consenting friends'), (4, 'And the occasion')], default=0)),
                ('consent_epoch', models.PositiveBigIntegerField(default=0)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('private_from', models.DateTimeField(blank=True, null=True)),
                ('private_until', models.DateTimeField(blank=True, null=True)),
                ('private_before', models.JSONField(blank=True, default=list)),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='ConsentEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField(default=uuid6.uuid7, editable=False, unique=True)),
                ('subject', models.UUIDField(db_index=True)),
                ('purpose', models.CharField(choices=[('RECORD', 'Keep my plays'), ('SELF', 'My plays shape what I am shown'), ('CONTRIBUTE', 'My plays train models and enter counts'), ('SOCIAL_IN', 'Friends shape what I am shown'), ('SOCIAL_OUT', 'My plays shape what friends are shown'), ('NAMED', 'I may be named to friends'), ('DISCOVERABLE', 'I can be found and suggested'), ('CALENDAR', 'My calendar, on my device'), ('LOCATION', 'My location, on my device'), ('FEEDBACK', 'Private aggregate feedback from my devices'), ('EXPERIMENT', 'Measurement and experiments'), ('THIRD_PARTY', 'Dumps and enrichment elsewhere')], max_length=12)),
                ('dpv_iri', models.URLField()),
                ('prior_state', models.CharField(choices=[('UNDEFINED', 'Undefined'), ('GRANTED', 'Granted'), ('DENIED', 'Denied'), ('WITHDRAWN', 'Withdrawn'), ('EXPIRED', 'Expired')], max_length=9)),
                ('new_state', models.CharField(choices=[('UNDEFINED', 'Undefined'), ('GRANTED', 'Granted'), ('DENIED', 'Denied'), ('WITHDRAWN', 'Withdrawn'), ('EXPIRED', 'Expired')], max_length=9)),
                ('scope', models.UUIDField(blank=True, null=True)),
                ('policy_version', models.CharField(max_length=20)),
                ('policy_hash', models.CharField(max_length=64)),
                ('actor', models.CharField(choices=[('user', 'User'), ('guardian', 'Guardian'), ('system', 'System'), ('gpc', 'Gpc'), ('import', 'Import')], max_length=8)),
                ('channel', models.CharField(max_length=40)),
                ('occurred_at', models.DateTimeField()),
                ('valid_until', models.DateTimeField(blank=True, null=True)),
                ('idempotency_key', models.CharField(max_length=64)),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('hash', models.CharField(max_length=64, unique=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('subject', 'idempotency_key'), name='consent_event_once_per_key')],
            },
        ),
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('blocked', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks_received', to=settings.AUTH_USER_MODEL)),
                ('blocker', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks_given', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('blocker', 'blocked'), name='block_once'), models.CheckConstraint(condition=models.Q(('blocker', models.F('blocked')), _negated=True), name='block_not_oneself')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('RECORD', 'Keep my plays'), ('SELF', 'My plays shape what I am shown'), ('CONTRIBUTE', 'My plays train models and enter counts'), ('SOCIAL_IN', 'Friends shape what I am shown'), ('SOCIAL_OUT', 'My plays shape what friends are shown'), ('NAMED', 'I may be named to friends'), ('DISCOVERABLE', 'I can be found and suggested'), ('CALENDAR', 'My calendar, on my device'), ('LOCATION', 'My location, on my device'), ('FEEDBACK', 'Private aggregate feedback from my devices'), ('EXPERIMENT', 'Measurement and experiments'), ('THIRD_PARTY', 'Dumps and enrichment elsewhere')], max_length=12)),
                ('state', models.CharField(choices=[('UNDEFINED', 'Undefined'), ('GRANTED', 'Granted'), ('DENIED', 'Denied'), ('WITHDRAWN', 'Withdrawn'), ('EXPIRED', 'Expired')], max_length=9)),
                ('valid_until', models.DateTimeField(blank=True, null=True)),
                ('policy_version', models.CharField(max_length=20)),
                ('changed_at', models.DateTimeField()),
                ('friend', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['purpose', 'state'], name='accounts_co_purpose_fbc518_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('friend', None)), fields=('user', 'purpose'), name='consent_once_per_purpose'), models.UniqueConstraint(fields=('user', 'purpose', 'friend'), name='consent_once_per_friend')],
            },
        ),
        migrations.CreateModel(
            name='Friendship',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('REQUESTED', 'Requested'), ('ACCEPTED', 'Accepted')], default='REQUESTED', max_length=9)),
                ('requested_at', models.DateTimeField(auto_now_add=True)),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('high', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('low', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['high', 'state'], name='accounts_fr_high_id_4eba44_idx'), models.Index(fields=['low', 'state'], name='accounts_fr_low_id_81d9e9_idx')],
                'constraints': [models.UniqueConstraint(fields=('low', 'high'), name='friendship_once_per_pair'), models.CheckConstraint(condition=models.Q(('low__lt', models.F('high'))), name='friendship_low_before_high'), models.CheckConstraint(condition=models.Q(('requested_by', models.F('low')), ('requested_by', models.F('high')), _connector='OR'), name='friendship_requested_by_a_member')],
            },
        ),
        migrations.CreateModel(
            name='ErasedIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('erased_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=20, unique=True)),
                ('text', models.TextField()),
                ('hash', models.CharField(max_length=64)),
                ('material_for', models.JSONField(default=list)),
                ('published_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.RunPython(ledger.guard, ledger.unguard),
    ]
