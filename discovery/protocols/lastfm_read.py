"""Last.fm's API 2.0, as players read: one's own recent tracks, and who one is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from accounts.presentation import rows_shown
from discovery.protocols.asking import Player
from discovery.protocols.bodies import number_of
from discovery.protocols.lastfm_answers import INVALID_PARAMETERS, LastFmError, Node
from discovery.together.playing import playing_own
from graph.models import Listen
from graph.selectors import listen_list

USUAL, MOST = 50, 1_000  # of a page
LATEST = 4_102_444_800  # the year 2100


def recent_tracks(player: Player, said: Mapping[str, str]) -> Node:
    """``user.getRecentTracks``: latest first, what plays now before them on the first page."""
    ensure_own(player, said.get("user"))
    page = _whole(said, "page", least=1, most=2**31, otherwise=1)
    limit = _whole(said, "limit", least=1, most=MOST, otherwise=USUAL)
    rows = listen_list(owner=player.user).select_related("track__artist")
    for name, lookup in (("from", "listened_at__gte"), ("to", "listened_at__lte")):
        if (moment := number_of(said.get(name))) is not None:
            rows = rows.filter(**{lookup: datetime.fromtimestamp(max(0, min(moment, LATEST)), UTC)})
    total = rows.count()
    shown = rows_shown(player.user, rows).answer[(page - 1) * limit : page * limit]
    told = [_played(row) for row in shown]
    if page == 1 and (now := playing_own(player.user)) is not None:
        told.insert(0, _track(now.artist, now.title, now.album, "", {"nowplaying": "true"}))
    counts = {
        "user": player.user.username, "page": str(page), "perPage": str(limit),
        "totalPages": str(math.ceil(total / limit)), "total": str(total),
    }  # fmt: skip
    return Node("recenttracks", attributes=counts, children=told)


def user_info(player: Player, said: Mapping[str, str]) -> Node:
    """``user.getInfo``: by which a player finds out whether its session holds."""
    ensure_own(player, said.get("user"))
    count = str(listen_list(owner=player.user).count())
    name = Node("name", player.user.username)
    return Node("user", children=(name, Node("playcount", count), Node("subscriber", "0")))


def ensure_own(player: Player, name: str | None) -> None:
    """Raises LastFmError for every name but that of the player's owner: of others nothing is told by this way."""
    if name and name.lower() != player.user.username.lower():
        raise LastFmError(INVALID_PARAMETERS, "User not found")


def _played(row: Listen) -> Node:
    track = row.track_as_told
    seconds = str(int(row.listened_at.timestamp()))
    date = Node("date", row.listened_at.strftime("%d %b %Y, %H:%M"), {"uts": seconds})
    return _track(track.artist.name, track.title, track.album, track.mbid, {}, date)


def _track(
    artist: str, title: str, album: str, mbid: str, attributes: Mapping[str, str], *more: Node
) -> Node:
    parts = (
        Node("artist", artist, {"mbid": ""}), Node("name", title), Node("mbid", mbid),
        Node("album", album, {"mbid": ""}), Node("url"), *more,
    )  # fmt: skip
    return Node("track", attributes=attributes, children=parts, listed=True)


def _whole(said: Mapping[str, str], name: str, *, least: int, most: int, otherwise: int) -> int:
    number = number_of(said.get(name))
    return otherwise if number is None else max(least, min(int(number), most))
