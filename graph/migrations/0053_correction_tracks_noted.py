"""The track that a corrected play was of moves to the column of its own."""

from typing import Any

from django.db import migrations


def tracks_noted(apps: Any, _editor: Any) -> None:
    corrections = apps.get_model("graph", "HistoryCorrection").objects
    there = apps.get_model("graph", "Track").objects
    for row in corrections.iterator():
        before = dict(row.before)
        track = before.pop("track", None)
        if before.get("words") is None and there.filter(pk=track).exists():
            row.track_id = track
        row.before = before
        row.save(update_fields=["before", "track"])


class Migration(migrations.Migration):
    dependencies = [("graph", "0052_correction_tracks")]

    operations = [migrations.RunPython(tracks_noted, migrations.RunPython.noop, elidable=True)]
