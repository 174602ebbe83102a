"""One process that edits a playlist: ``python -m tests.graph.playlist_editor USER PLAYLIST EDITS SEED``.

Adds, removes and moves at random, and prints as JSON which entries it added and which it removed.
``TEST_DATABASE`` names the database (JSON of Django's settings).
"""

import json
import os
import random
import sys

import django
from django.conf import settings


def main(user_id, playlist_id, edits, seed):
    from accounts.models import User
    from discovery.platform.errors import Refusal
    from graph.models import Playlist, Track
    from graph.services.playlists import playlist_entry_add, playlist_entry_move, playlist_entry_remove

    user, rng = User.objects.get(pk=user_id), random.Random(seed)  # noqa: S311
    playlist, track = Playlist.objects.get(pk=playlist_id), Track.objects.first()
    added, removed, refused = [], [], 0
    for _ in range(edits):
        entries = list(playlist.entries.values_list("pk", flat=True))
        place = rng.randrange(len(entries) + 1)
        kind = rng.choice(("add", "add", "move", "remove")) if entries else "add"
        try:
            if kind == "add":
                entry = playlist_entry_add(
                    user=user, playlist_id=playlist_id, track_id=track.pk, position=rng.choice((None, place))
                )
                added.append(entry.pk)
            elif kind == "move":
                playlist_entry_move(user=user, entry_id=rng.choice(entries), position=max(place - 1, 0))
            else:
                entry_id = rng.choice(entries)
                playlist_entry_remove(user=user, entry_id=entry_id)
                removed.append(entry_id)
        except Refusal:  # the other one was quicker: the place or the entry is gone
            refused += 1
    print(json.dumps({"added": added, "removed": removed, "refused": refused}))


if __name__ == "__main__":
    settings.DATABASES["default"].update(json.loads(os.environ["TEST_DATABASE"]))
    django.setup()
    main(*map(int, sys.argv[1:]))
