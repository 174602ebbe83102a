"""Files as services write them, and what is read from them."""

import json
import zipfile

from graph.formats.recognize import recognized

EXTENDED = {
    "ts": "2021-05-04T12:03:00Z", "username": "ada", "platform": "Android OS 9", "ms_played": 180_000, "conn_country": "DE",
    "ip_addr_decrypted": "192.0.2.7", "user_agent_decrypted": "SecretAgent", "master_metadata_track_name": "Quiet Rivers",
    "master_metadata_album_artist_name": "Nerloo Choir", "master_metadata_album_album_name": "Windows",
    "spotify_track_uri": "spotify:track:1", "episode_name": None, "episode_show_name": None, "spotify_episode_uri": None,
    "reason_start": "trackdone", "reason_end": "trackdone", "shuffle": False, "skipped": False, "offline": False,
    "offline_timestamp": 0, "incognito_mode": False,
}  # fmt: skip
SHORT = {
    "endTime": "2021-05-04 12:03",
    "artistName": "Nerloo Choir",
    "trackName": "Quiet Rivers",
    "msPlayed": 60_000,
}
LISTEN = {
    "inserted_at": 1_620_130_000, "listened_at": 1_620_129_600,
    "track_metadata": {
        "track_name": "Quiet Rivers", "artist_name": "Nerloo Choir feat. Vesna", "release_name": "Windows",
        "recording_msid": "m-1", "additional_info": {"duration_ms": 200_000, "isrc": "USRC17607839",
            "spotify_id": "https://open.spotify.com/track/1", "media_player": "Secret Player"},
        "mbid_mapping": {"recording_mbid": "b-1", "artists": [
            {"artist_credit_name": "Nerloo Choir", "artist_mbid": "a-1", "join_phrase": " feat. "},
            {"artist_credit_name": "Vesna", "artist_mbid": "a-2", "join_phrase": ""}]},
    },
}  # fmt: skip


def extended(**changed):
    return EXTENDED | changed


def archive(path, **members):
    """A zip of these files; what is no text is written as JSON. A double underscore is a slash."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            file.writestr(name.replace("__", "/"), text)
    return path


def read(path, content=None):
    """(format, [(place, what)])."""
    if content is not None:
        data = content if isinstance(content, bytes | str) else json.dumps(content)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    with recognized(path) as file:
        return file.format.value, [(tuple(place), what) for place, what in file.rows]


def whats(path, content=None):
    return [what for _place, what in read(path, content)[1]]


def codes(path, content=None):
    return [getattr(what, "code", "") for what in whats(path, content)]
