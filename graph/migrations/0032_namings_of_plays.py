"""What sources called what was played so far becomes namings; rows that plays brought get their identity."""

from typing import Any

from django.db import migrations

from graph.ingest.credits import is_placeholder, title_key
from graph.ingest.identity import name_identity
from discovery.platform.names import digest, name_key

CATALOG = 2  # Standing.CATALOG


def artists_identify(apps: Any) -> None:
    rows = apps.get_model("graph", "Artist").objects
    taken: set[str] = set()
    for artist in rows.order_by("pk").iterator():
        identity = f"mbid:{artist.mbid}" if artist.mbid else name_identity(artist.key, "", "")
        artist.placeholder = is_placeholder(artist.key, artist.mbid)
        if artist.standing < CATALOG and artist.external_id is None and identity not in taken:
            taken.add(identity)
            artist.identity = identity
        if artist.identity or artist.placeholder:
            artist.save(update_fields=["identity", "placeholder"])


def tracks_identify(apps: Any) -> None:
    rows = apps.get_model("graph", "Track").objects.select_related("artist")
    taken: set[str] = set()
    for track in rows.filter(standing__lt=CATALOG, external_id=None).order_by("pk").iterator():
        album = name_key(track.album) if track.album else ""
        named = name_identity(digest(track.artist.key, title_key(track.title)), "", album)
        identity = f"mbid:{track.mbid}" if track.mbid else f"isrc:{track.isrc}" if track.isrc else named
        if identity not in taken:
            taken.add(identity)
            track.identity = identity
            track.save(update_fields=["identity"])


def plays_name(apps: Any) -> None:
    listens = apps.get_model("graph", "Listen").objects
    told = listens.order_by("track", "title", "artist_name").values_list("track", "title", "artist_name").distinct()
    tracks = apps.get_model("graph", "Track").objects.select_related("artist")
    for key, title, artist_name in told.iterator():
        naming = _naming(apps, tracks.get(pk=key), title, artist_name)
        listens.filter(track=key, title=title, artist_name=artist_name).update(naming=naming)


def _naming(apps: Any, track: Any, title: str, artist_name: str) -> Any:
    get = apps.get_model
    title, own = title or track.title, artist_name or track.artist.name
    mbid = "" if artist_name else track.artist.mbid
    artist, _ = get("graph", "ArtistName").objects.get_or_create(
        digest=digest(own, mbid),
        defaults={"name": own, "key": name_key(own), "mbid": mbid, "artist": track.artist},
    )
    whole = digest(title, own, track.album, track.mbid, track.isrc, "", f"{track.duration_ms}", own, mbid)
    naming, made = get("graph", "Naming").objects.get_or_create(
        digest=whole,
        defaults={
            "title": title, "artist_name": own, "album": track.album, "album_key": name_key(track.album) if track.album else "",
            "mbid": track.mbid, "isrc": track.isrc, "duration_ms": track.duration_ms,
            "name": digest(name_key(own), title_key(title)), "track": track,
        },
    )  # fmt: skip
    if made:
        get("graph", "NamingArtist").objects.create(naming=naming, name=artist, position=0)
    return naming


def forwards(apps: Any, _editor: Any) -> None:
    artists_identify(apps)
    tracks_identify(apps)
    plays_name(apps)


class Migration(migrations.Migration):
    dependencies = [("graph", "0031_ingest")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True)]
