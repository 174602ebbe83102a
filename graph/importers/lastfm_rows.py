"""The five files of the Last.fm HetRec 2011 set, and what a row of each must be.

Tab-separated with a header line and, but for the artists, CRLF. Tags are latin-1, the rest is UTF-8.
"""

import re
from datetime import date
from typing import NamedTuple

from discovery.platform.errors import InvalidInput
from discovery.platform.names import name_clean, tag_clean
from graph.importers.tables import Table

WHOLE = re.compile(r"-?[0-9]{1,18}")  # int() alone takes "1_000", " 7" and digits of any script
COUNT_LIMIT = 2_147_483_647  # of a positive integer field


class ArtistRow(NamedTuple):
    artist: str
    name: str


class TagRow(NamedTuple):
    tag: str
    name: str


class CountRow(NamedTuple):
    listener: str
    artist: str
    plays: int


class FriendRow(NamedTuple):
    """``low`` and ``high`` in the order of their numbers, so that both directions are one friendship."""

    low: str
    high: str


class TaggingRow(NamedTuple):
    listener: str
    artist: str
    tag: str
    on: date


def _number(text: str, name: str) -> int:
    if not WHOLE.fullmatch(text):
        raise InvalidInput(f"{name} is not a whole number")
    return int(text)


def _id(text: str, name: str) -> str:
    number = _number(text, name)
    if number < 0:
        raise InvalidInput(f"{name} is negative")
    return str(number)


def _artist(columns: list[str]) -> ArtistRow:
    return ArtistRow(_id(columns[0], "id"), name_clean(columns[1], field="name"))


def _tag(columns: list[str]) -> TagRow:
    return TagRow(_id(columns[0], "tagID"), tag_clean(columns[1]))


def _count(columns: list[str]) -> CountRow:
    count = _number(columns[2], "weight")
    if count <= 0:
        raise InvalidInput("weight is not positive")
    if count > COUNT_LIMIT:
        raise InvalidInput("weight is too large")
    return CountRow(_id(columns[0], "userID"), _id(columns[1], "artistID"), count)


def _friend(columns: list[str]) -> FriendRow:
    low, high = sorted((_id(columns[0], "userID"), _id(columns[1], "friendID")), key=int)
    if low == high:
        raise InvalidInput("friend of oneself")
    return FriendRow(low, high)


def _tagging(columns: list[str]) -> TaggingRow:
    listener, artist, tag = (
        _id(text, name) for text, name in zip(columns[:3], TAGGINGS.columns[:3], strict=True)
    )
    day, month, year = (
        _number(text, name) for text, name in zip(columns[3:], TAGGINGS.columns[3:], strict=True)
    )
    try:
        on = date(year, month, day)
    except (ValueError, OverflowError):
        raise InvalidInput("day, month and year are no date") from None
    return TaggingRow(listener, artist, tag, on)


ARTISTS = Table("artists.dat", "utf-8", ("id", "name", "url", "pictureURL"), _artist)
TAGS = Table("tags.dat", "latin-1", ("tagID", "tagValue"), _tag)
COUNTS = Table("user_artists.dat", "utf-8", ("userID", "artistID", "weight"), _count)
FRIENDS = Table("user_friends.dat", "utf-8", ("userID", "friendID"), _friend)
TAGGINGS = Table(
    "user_taggedartists.dat", "utf-8", ("userID", "artistID", "tagID", "day", "month", "year"), _tagging
)
TABLES = (ARTISTS, TAGS, COUNTS, FRIENDS, TAGGINGS)
