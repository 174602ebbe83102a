"""The doors through which plays come in, each with one way to tell some; and what was kept of them."""

import itertools
import json
from datetime import datetime, timedelta

from django.utils import timezone

from graph.importers.history import history_import
from graph.models import HistoryRow, Listen
from tests.api.client import App
from tests.discovery.protocols.dialects import ListenBrainz, player_of

RECORD = """mutation ($input: [ListenInput!]!) { it: recordListens(input: $input) { ... on RecordedListens {
    stored duplicates corrected refusals { index code field } dropped { index code field } } } }"""
_minutes = itertools.count(1)


class GraphQL:
    """``tell`` returns the places of plays that were not stored."""

    def __init__(self, user):
        self.app = App(user)
        self.answer = None

    def tell(self, *plays):
        self.answer = self.app.data(RECORD, input=[self.listen(**play) for play in plays])["it"]
        return [refusal["index"] for refusal in self.answer["refusals"]]

    def listen(self, at=None, source="app", source_id=None, ms_played=None, **track):
        named = {
            {"artist_mbids": "artistMbids", "duration_ms": "durationMs"}.get(name, name): value
            for name, value in track.items()
        }
        return {
            "source": source, "sourceId": source_id, "msPlayed": ms_played, "track": named,
            "listenedAt": at.isoformat() if isinstance(at, datetime) else at,
        }  # fmt: skip


def listenbrainz(at, *, title, artist, album=None, **more):
    names = {"mbid": "recording_mbid", "artists": "artist_names", "uri": "spotify_id"}
    info = {names.get(name, name): value for name, value in more.items()}
    moment = int(at.timestamp()) if isinstance(at, datetime) else at
    told = {"track_name": title, "artist_name": artist, "release_name": album, "additional_info": info}
    return {"listened_at": moment, "track_metadata": told}


class Submit:
    def __init__(self, user):
        self.client = ListenBrainz(player_of(user, name=f"kitchen{next(_minutes)}"))

    def tell(self, *plays):
        body = {"listen_type": "import", "payload": [listenbrainz(**play) for play in plays]}
        answer = self.client.post("/1/submit-listens", body)
        assert answer.status_code in {200, 400}, answer.content
        return [error["index"] for error in answer.json().get("errors", [])]


class File:
    folder = None

    def __init__(self, user):
        self.user = user

    def tell(self, *plays):
        path = self.folder / f"{next(_minutes)}.jsonl"
        path.write_text("".join(json.dumps(listenbrainz(**play)) + "\n" for play in plays))
        history = history_import(user=self.user, path=path)
        rows = HistoryRow.objects.filter(history=history).order_by("first")
        return [place - 1 for row in rows for place in range(row.first, row.last + 1)]


DOORS = (GraphQL, Submit, File)


def play(title="Ember", artist="Nadir Vale", *, at=None, **more):
    moment = at or timezone.now().replace(microsecond=0) - timedelta(days=2, minutes=10 * next(_minutes))
    return {"title": title, "artist": artist, "at": moment, **more}


def titles():
    return sorted(listen.track_as_told.title for listen in Listen.objects.select_related("track__artist"))


def tracks():
    """By track that is played: how often."""
    played = {}
    for track in Listen.objects.values_list("track", flat=True):
        played[track] = played.get(track, 0) + 1
    return sorted(played.values())
