"""What 0001 to 0070 come to, for a database that has none of them; where some were applied, those go on one by one."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('discovery', '0001_social_use'),
        ('discovery', '0002_exports_and_erasures'),
        ('discovery', '0002_radio_choice'),
        ('discovery', '0003_room'),
        ('discovery', '0004_erasure_edges'),
        ('discovery', '0005_marks_of_what_plays'),
        ('discovery', '0006_room_vote'),
        ('discovery', '0030_moments_kept_or_not'),
        ('discovery', '0040_items_by_key'),
        ('discovery', '0060_room_link'),
        ('discovery', '0064_experiments'),
        ('discovery', '0070_segments_and_engagement'),
    ]
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SocialUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('day', models.DateField()),
                ('named', models.BooleanField()),
                ('item_kind', models.CharField(blank=True, max_length=6)),
                ('item_id', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='discovery_s_day_a23314_idx'), models.Index(condition=models.Q(('item_id', 0), _negated=True), fields=['item_id'], name='social_use_of_item')],
                'constraints': [models.UniqueConstraint(fields=('source', 'recipient', 'day', 'named', 'item_kind', 'item_id'), name='social_use_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='EngagementReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.DateField(unique=True)),
                ('smallest', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='EngagementFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='figures', to='discovery.engagementreport')),
                ('metric', models.CharField(max_length=30)),
                ('cohort', models.DateField(blank=True, null=True)),
                ('people', models.PositiveIntegerField()),
                ('value', models.FloatField()),
                ('low', models.FloatField()),
                ('high', models.FloatField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('report', 'metric', 'cohort'), name='engagement_figure_once'), models.UniqueConstraint(condition=models.Q(('cohort', None)), fields=('report', 'metric'), name='engagement_figure_of_all_once')],
            },
        ),
        migrations.CreateModel(
            name='Experiment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=60, unique=True)),
                ('kind', models.CharField(choices=[('INTERLEAVING', 'Interleaving'), ('AB', 'Ab')], max_length=12)),
                ('arm_a', models.JSONField()),
                ('arm_b', models.JSONField()),
                ('salt', models.CharField(max_length=32)),
                ('started_at', models.DateTimeField()),
                ('stopped_at', models.DateTimeField(blank=True, null=True)),
                ('stopped_because', models.CharField(blank=True, choices=[('BY_HAND', 'By Hand'), ('HARM', 'Harm'), ('GUARDRAIL', 'Guardrail'), ('SAMPLE_RATIO', 'Sample Ratio')], max_length=12)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('stopped_at', None)), name='experiment_one_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Exposure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exposures', to=settings.AUTH_USER_MODEL)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exposures', to='discovery.experiment')),
                ('day', models.DateField()),
                ('team', models.CharField(blank=True, choices=[('A', 'A'), ('B', 'B')], max_length=1)),
                ('shown_at', models.DateTimeField()),
                ('answers', models.PositiveIntegerField()),
                ('degraded_a', models.PositiveIntegerField()),
                ('degraded_b', models.PositiveIntegerField()),
                ('seconds_a', models.FloatField()),
                ('seconds_b', models.FloatField()),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='discovery_e_day_cb54da_idx')],
                'constraints': [models.UniqueConstraint(fields=('experiment', 'user', 'day'), name='exposure_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='ExposedItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exposed_items', to=settings.AUTH_USER_MODEL)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exposed_items', to='discovery.experiment')),
                ('day', models.DateField()),
                ('item_kind', models.CharField(choices=[('TRACK', 'Track'), ('ARTIST', 'Artist')], max_length=6)),
                ('item_id', models.PositiveBigIntegerField()),
                ('team', models.CharField(choices=[('A', 'A'), ('B', 'B')], max_length=1)),
                ('shown_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='discovery_e_day_eb0865_idx'), models.Index(fields=['item_id'], name='discovery_e_item_id_048d0b_idx')],
                'constraints': [models.UniqueConstraint(fields=('experiment', 'user', 'day', 'item_kind', 'item_id'), name='exposed_item_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='ExperimentReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='discovery.experiment')),
                ('at', models.DateTimeField()),
                ('figures', models.JSONField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('experiment', 'at'), name='experiment_report_once')],
            },
        ),
        migrations.CreateModel(
            name='DataExport',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='data_exports', to=settings.AUTH_USER_MODEL)),
                ('state', models.CharField(choices=[('REQUESTED', 'Requested'), ('READY', 'Ready'), ('EXPIRED', 'Expired')], default='REQUESTED', max_length=9)),
                ('requested_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('user', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject', models.UUIDField(unique=True)),
                ('state', models.CharField(choices=[('REQUESTED', 'Requested'), ('FROZEN', 'Frozen'), ('PURGED', 'Purged'), ('RETRAINED', 'Retrained'), ('CLOSED', 'Closed')], default='REQUESTED', max_length=9)),
                ('requested_at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('ledger_position', models.PositiveBigIntegerField(default=0)),
                ('deleted', models.JSONField(default=dict)),
                ('edges', models.BinaryField(default=b'')),
                ('clean_model', models.JSONField(blank=True, null=True)),
                ('receipt', models.JSONField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RadioChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='radio_choices', to=settings.AUTH_USER_MODEL)),
                ('radio', models.CharField(max_length=32)),
                ('step', models.PositiveIntegerField()),
                ('item_kind', models.CharField(choices=[('TRACK', 'Track'), ('ARTIST', 'Artist')], max_length=6)),
                ('item_id', models.PositiveBigIntegerField()),
                ('source', models.PositiveSmallIntegerField()),
                ('propensity', models.FloatField()),
                ('arm_propensity', models.FloatField()),
                ('features', models.JSONField()),
                ('marks', models.JSONField(default=list)),
                ('outcome', models.CharField(blank=True, max_length=8)),
                ('reward', models.FloatField(blank=True, null=True)),
                ('chosen_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'indexes': [models.Index(fields=['-chosen_at'], name='discovery_r_chosen__167bd6_idx'), models.Index(fields=['item_id'], name='discovery_r_item_id_4f04ea_idx')],
                'constraints': [models.UniqueConstraint(fields=('radio', 'step'), name='radio_choice_once_per_step')],
            },
        ),
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(blank=True, max_length=80)),
                ('kind', models.CharField(choices=[('TRACK', 'Track'), ('ARTIST', 'Artist')], max_length=6)),
                ('step', models.PositiveIntegerField(default=0)),
                ('now_id', models.PositiveBigIntegerField(blank=True, null=True)),
                ('now_marks', models.JSONField(default=list)),
                ('touched_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'indexes': [models.Index(fields=['touched_at'], name='discovery_r_touched_759098_idx')],
            },
        ),
        migrations.CreateModel(
            name='RoomMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='discovery.room')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rooms', to=settings.AUTH_USER_MODEL)),
                ('invited_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('joined_at', models.DateTimeField(blank=True, null=True)),
                ('lets_in', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('room', 'user'), name='room_member_once')],
            },
        ),
        migrations.CreateModel(
            name='RoomVote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='votes', to='discovery.room')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='room_votes', to=settings.AUTH_USER_MODEL)),
                ('item_id', models.PositiveBigIntegerField()),
                ('kind', models.CharField(choices=[('VOTE', 'Vote'), ('VETO', 'Veto')], max_length=4)),
                ('said_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('room', 'user', 'item_id'), name='room_vote_once')],
            },
        ),
        migrations.CreateModel(
            name='RoomPlay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='plays', to='discovery.room')),
                ('step', models.PositiveIntegerField()),
                ('item_id', models.PositiveBigIntegerField()),
                ('outcome', models.CharField(choices=[('PLAYED', 'Played'), ('SKIPPED', 'Skipped')], max_length=7)),
                ('ended_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('room', 'step'), name='room_play_once_per_step')],
            },
        ),
        migrations.CreateModel(
            name='SegmentRefusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='segment_refusals', to=settings.AUTH_USER_MODEL)),
                ('segment', models.CharField(max_length=20)),
                ('refused_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'segment'), name='segment_refusal_once')],
            },
        ),
    ]
