"""Two people edit one playlist at once, each from a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from graph.models import PlaylistCollaborator
from graph.services.playlists import playlist_create, playlist_share
from tests import factories

# In the suite 50 edits each; EARSHOT_PLAYLIST_EDITS=1000 for a soak.
EDITS = int(os.environ.get("EARSHOT_PLAYLIST_EDITS", "50"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1_800)
def test_no_entry_is_lost_or_stands_twice():
    ada, ben = factories.listener(), factories.listener()
    factories.befriended(ada, ben)
    factories.track()
    playlist = playlist_create(owner=ada, title="Ours")
    playlist_share(owner=ada, playlist_id=playlist.pk, friend=ben, role=PlaylistCollaborator.Role.EDITOR)
    database = {key: connection.settings_dict[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    environment = os.environ | {
        "TEST_DATABASE": json.dumps(database, default=str), "DJANGO_SETTINGS_MODULE": "discovery.settings",
    }  # fmt: skip
    editors = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.graph.playlist_editor",
                *map(str, (user.pk, playlist.pk, EDITS, seed)),
            ],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed, user in enumerate((ada, ben))
    ]
    told = []
    for editor in editors:
        out, problems = editor.communicate()
        assert editor.returncode == 0, problems
        told.append(json.loads(out))
    added = [entry for editor in told for entry in editor["added"]]
    removed = [entry for editor in told for entry in editor["removed"]]
    assert len(added) > EDITS / 2
    assert all(editor["added"] for editor in told)
    assert len(set(removed)) == len(removed)
    rows = list(playlist.entries.order_by("position", "pk").values_list("position", "pk"))
    assert [position for position, _ in rows] == list(range(len(rows)))
    assert sorted(pk for _, pk in rows) == sorted(set(added) - set(removed))
