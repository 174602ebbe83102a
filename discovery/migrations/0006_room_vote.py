"""A vote is called a vote."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [  # noqa: RUF012
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("discovery", "0005_marks_of_what_plays"),
    ]

    operations = [  # noqa: RUF012
        migrations.RemoveConstraint(model_name="roomword", name="room_word_once"),
        migrations.RenameModel(old_name="RoomWord", new_name="RoomVote"),
        migrations.AlterField(
            model_name="roomvote",
            name="room",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="votes", to="discovery.room"
            ),
        ),
        migrations.AlterField(
            model_name="roomvote",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="room_votes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="roomvote",
            constraint=models.UniqueConstraint(fields=("room", "user", "item_id"), name="room_vote_once"),
        ),
    ]
