"""The one door to listening data for training and analysis.

`GraphSnapshot` is a frozen, numpy-backed copy of the graph that holds only what consent allows
for training, with id maps, a content hash and the position in the consent ledger it was taken at. Who is nobody
("Various Artists"), and what they alone are credited with, is not in it: hence in no model, list, radio or reason.
Rows (``user``, ``item``, ``tag``) index the id arrays; ids are database primary keys.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import scipy.sparse as sp
from django.db.models import BigIntegerField, F, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from accounts import policies
from accounts.models import ConsentEvent, Friendship, User
from discovery.platform.one_moment import one_moment
from graph import reach
from graph.arrays import Doubles, Floats, Ids, Mask, ShortRows
from graph.elsewhere.held import sums_elsewhere
from graph.elsewhere.sums import Sums
from graph.models import (
    HEARD,
    LIKE_AS_PLAYS,
    Artist,
    ArtistPlayCount,
    Deletion,
    Feedback,
    FeedbackKind,
    ItemKind,
    Listen,
    PlaylistEntry,
    Standing,
    Tag,
    Tagging,
    Track,
    TrackGuest,
    counted,
)
from graph.packed_names import NO_NAMES, PackedNames
from graph.phrases import STOP_WORDS, words_of


@dataclass(frozen=True, kw_only=True)
class Plays:
    """Listener–item edges of one item kind, one row a pair, sorted by (user, item)."""

    user: ShortRows  # [E] rows into GraphSnapshot.users
    item: ShortRows  # [E] rows into GraphSnapshot.artists or .tracks
    count: Floats  # [E] how often played, > 0


@dataclass(frozen=True, kw_only=True)
class Taggings:
    """Who called which item what. ``user`` is -1 for the catalog's own tags."""

    user: ShortRows  # [E]
    item: ShortRows  # [E]
    tag: ShortRows  # [E]


_NOBODY = np.zeros(0, dtype=np.int32)
NOTHING_SAID = Taggings(user=_NOBODY, item=_NOBODY, tag=_NOBODY)


@dataclass(frozen=True, kw_only=True)
class GraphSnapshot:
    """What may be learned from, at one position of the consent ledger."""

    users: Ids  # [U] people who granted CONTRIBUTE and whose accounts are old enough, ascending
    discoverable: Mask  # [U] who also granted DISCOVERABLE
    artists: Ids  # [A] the whole catalog but for who is nobody, ascending
    tracks: Ids  # [T] and what nobody made, ascending
    tags: Ids  # [G] ascending
    artists_open: Mask  # [A] what everybody may see: what else there is, is shown to its listeners alone
    tracks_open: Mask  # [T]
    track_artist: ShortRows  # [T] row of each track's artist
    artist_plays: Plays  # track plays rolled up, plus counts imported by artist
    track_plays: Plays
    artist_tags: Taggings
    track_tags: Taggings
    friendships: ShortRows  # [F, 2] accepted, low < high, both ends contribute
    ledger_position: int
    deletion_position: int = 0  # of the last graph.Deletion before it
    # What everything is called, in the order of its ids; none where a graph was made for measuring.
    tag_names: PackedNames = NO_NAMES
    artist_names: PackedNames = NO_NAMES
    track_titles: PackedNames = NO_NAMES
    track_texts: PackedNames = NO_NAMES  # a line of lyric or description, where the catalog has one
    # Words of titles of contributors' playlists, of which enough owners have each, and which tracks stand in them.
    title_words: PackedNames = NO_NAMES
    titled: Taggings = NOTHING_SAID  # ``tag``: rows into title_words
    # By kind, what installations elsewhere added up of their listeners' plays; its hash tells of which documents.
    elsewhere: Mapping[str, Sums] = field(default_factory=dict)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over every array, hence equal for equal content (hex)."""
        digest = hashlib.sha256()
        for name, array in self._arrays():
            digest.update(f"{name}:{array.dtype}:{array.shape};".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        for kind, sums in sorted(self.elsewhere.items()):
            digest.update(f"elsewhere.{kind}:".encode() + sums.digest)
        return digest.hexdigest()

    def without(self, people: Mask) -> GraphSnapshot:
        """The same graph with nothing that these people [U] played, said or know."""
        kept = ~people
        return replace(
            self,
            artist_plays=_plays_of(self.artist_plays, kept),
            track_plays=_plays_of(self.track_plays, kept),
            artist_tags=_taggings_of(self.artist_tags, kept),
            track_tags=_taggings_of(self.track_tags, kept),
            titled=_taggings_of(self.titled, kept),
            friendships=self.friendships[kept[self.friendships].all(axis=1)],
        )

    def _arrays(self) -> list[tuple[str, NDArray[np.generic]]]:
        arrays: list[tuple[str, NDArray[np.generic]]] = []
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                arrays.append((each.name, value))
            elif isinstance(value, Plays | Taggings | PackedNames):
                arrays += [(f"{each.name}.{f.name}", getattr(value, f.name)) for f in fields(value)]
        return arrays


def _plays_of(plays: Plays, kept: Mask) -> Plays:
    there = kept[plays.user]
    return Plays(user=plays.user[there], item=plays.item[there], count=plays.count[there])


def _taggings_of(said: Taggings, kept: Mask) -> Taggings:
    there = (said.user < 0) | kept[said.user]
    return Taggings(user=said.user[there], item=said.item[there], tag=said.tag[there])


# Of what contributors did, what they did not exclude from their taste.
_COUNTED = {
    ItemKind.TRACK: counted(track="track", artist="track__artist"),
    ItemKind.ARTIST: counted(artist="artist"),
}
CHUNK = 10_000  # rows fetched at a time

_EDGE = np.dtype([("user", np.int64), ("item", np.int64), ("count", np.float64)])
_PLAY = np.dtype(
    [
        ("user", np.int64),
        ("track", np.int64),
        ("artist", np.int64),
        ("start", np.float64),
        ("seconds", np.float64),
    ]
)
_TAGGING = np.dtype([("user", np.int64), ("item", np.int64), ("tag", np.int64)])
_TRACK = np.dtype([("key", np.int64), ("artist", np.int64), ("standing", np.int64)])
_PAIR = np.dtype([("low", np.int64), ("high", np.int64)])


def take(*, passed_on: bool = False) -> GraphSnapshot:
    """Everything that CONTRIBUTE permits, as it stood at one moment.

    ``passed_on``: what sums for other installations may be made of. Then it is of people who granted THIRD_PARTY as well,
    knows no friendships and no words of playlists, and nothing that installations elsewhere said.
    A play counts once, as far as it counts for others (`graph.reach`); a listen too short to be a play (see ``HEARD``)
    does not count. A like counts as ``LIKE_AS_PLAYS`` plays. The plays of an artist are those of the tracks plus the imported counts.
    """
    with one_moment():
        contributors = reach.grown_up(policies.passed_on() if passed_on else policies.contributors())
        users = _ids(contributors)
        tags = _ids(Tag.objects.all())
        artists, artists_open = _artists()
        tracks, track_artist_ids, tracks_open = _tracks()
        track_artist = _rows(artists, track_artist_ids)
        track_edges = _track_edges(contributors)
        track_plays = _plays(
            user=_rows(users, track_edges["user"]),
            item=_rows(tracks, track_edges["item"]),
            count=track_edges["count"],
            items=tracks.size,
        )
        artist_plays = _artist_plays(
            track_plays,
            track_artist,
            _guests(tracks, artists),
            _artist_edges(contributors),
            users=users,
            artists=artists,
        )
        named = contributors.none() if passed_on else contributors
        title_words, titled = _titled(named, users=users, tracks=tracks)
        return GraphSnapshot(
            users=users,
            discoverable=np.isin(users, _ids(policies.discoverable())),
            artists=artists,
            tracks=tracks,
            tags=tags,
            artists_open=artists_open,
            tracks_open=tracks_open,
            track_artist=track_artist,
            artist_plays=artist_plays,
            track_plays=track_plays,
            artist_tags=_taggings(contributors, ItemKind.ARTIST, users=users, items=artists, tags=tags),
            track_tags=_taggings(contributors, ItemKind.TRACK, users=users, items=tracks, tags=tags),
            friendships=_friendships(named, users),
            ledger_position=ConsentEvent.objects.aggregate(last=Max("id"))["last"] or 0,
            deletion_position=Deletion.objects.aggregate(last=Max("id"))["last"] or 0,
            tag_names=_names(Tag.objects.all(), "name"),
            artist_names=_names(_somebodies(), "name"),
            track_titles=_names(_made_by_somebody(), "title"),
            track_texts=_names(_made_by_somebody(), "description"),
            title_words=title_words,
            titled=titled,
            elsewhere={} if passed_on else sums_elsewhere(artists, tracks, tags),
        )


def _read(rows: QuerySet[Any, Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """A values_list query as one array, fetched in chunks and without an object kept for a row."""
    return np.fromiter(rows.iterator(chunk_size=CHUNK), dtype=dtype)


def _ids(rows: QuerySet[Any]) -> Ids:
    return _read(rows.order_by("pk").values_list("pk", flat=True), np.dtype(np.int64))


def _rows(ids: Ids, wanted: Ids) -> ShortRows:
    """Where each wanted id stands in ``ids`` (ascending, holds every wanted one)."""
    return np.searchsorted(ids, wanted).astype(np.int32)


def _names(rows: QuerySet[Any], column: str) -> PackedNames:
    return PackedNames.of(rows.order_by("pk").values_list(column, flat=True).iterator(chunk_size=CHUNK))


def _somebodies() -> QuerySet[Artist]:
    return Artist.objects.filter(placeholder=False)


def _made_by_somebody() -> QuerySet[Track]:
    return Track.objects.filter(artist__placeholder=False)


def _artists() -> tuple[Ids, Mask]:
    """Keys, and who of them everybody may be shown."""
    rows = _read(_somebodies().order_by("pk").values_list("pk", "standing"), _PAIR)
    return rows["low"].copy(), rows["high"] > Standing.LISTENERS


def _tracks() -> tuple[Ids, Ids, Mask]:
    rows = _read(_made_by_somebody().order_by("pk").values_list("pk", "artist_id", "standing"), _TRACK)
    return rows["key"].copy(), rows["artist"].copy(), rows["standing"] > Standing.LISTENERS


def _track_edges(contributors: QuerySet[User]) -> NDArray[Any]:
    heard = [
        np.rec.fromarrays(reach.weights(told), dtype=_EDGE) for told in _told(contributors)
    ]  # of whole people each, so that no more than one's plays are held beside the sums
    return np.concatenate([*heard, _likes(contributors, ItemKind.TRACK)])


def _told(contributors: QuerySet[User]) -> Iterator[reach.Told]:
    """What contributors played, in blocks of whole people."""
    rows = (
        Listen.objects.filter(
            HEARD, _COUNTED[ItemKind.TRACK], user__in=contributors, track__artist__placeholder=False
        )
        .order_by("user_id", "listened_at", "pk")
        .values_list("user_id", "track_id", "track__artist_id", "listened_at", "ms_played")
    )
    read = (
        (user, track, artist, begun.timestamp(), (ms or 0) / 1000)
        for user, track, artist, begun, ms in rows.iterator(chunk_size=CHUNK)
    )
    rest = np.zeros(0, dtype=_PLAY)
    while len(more := np.fromiter(islice(read, CHUNK), dtype=_PLAY)):
        rest = np.concatenate([rest, more])
        whole = int(np.searchsorted(rest["user"], rest["user"][-1]))
        yield _block(rest[:whole])
        rest = rest[whole:]
    yield _block(rest)


def _block(plays: NDArray[Any]) -> reach.Told:
    return reach.Told(*(plays[name].copy() for name in reach.Told._fields))


def _artist_edges(contributors: QuerySet[User]) -> NDArray[Any]:
    imported = (
        ArtistPlayCount.objects.filter(
            _COUNTED[ItemKind.ARTIST], user__in=contributors, artist__placeholder=False
        )
        .order_by()
        .values_list("user_id", "artist_id")
        .annotate(total=Sum("count"))
    )
    return np.concatenate([_read(imported, _EDGE), _likes(contributors, ItemKind.ARTIST)])


def _likes(contributors: QuerySet[User], kind: ItemKind) -> NDArray[Any]:
    item = f"{kind.value.lower()}_id"
    likes = Feedback.objects.filter(
        _COUNTED[kind], user__in=contributors, kind=FeedbackKind.LIKE, **{f"{item}__isnull": False}, **_somebodys(kind)
    )  # fmt: skip
    return _read(likes.values_list("user_id", item, Value(LIKE_AS_PLAYS)), _EDGE)


def _somebodys(kind: ItemKind) -> dict[str, bool]:
    """A condition for rows about an item of this kind: that somebody made it, or is it."""
    return {f"{'artist' if kind is ItemKind.ARTIST else 'track__artist'}__placeholder": False}


def _plays(*, user: ShortRows, item: ShortRows, count: Doubles, items: int) -> Plays:
    """Edges sorted by (user, item), the counts of equal pairs added up."""
    pairs, edge = np.unique(user.astype(np.int64) * max(items, 1) + item, return_inverse=True)
    return Plays(
        user=(pairs // max(items, 1)).astype(np.int32),
        item=(pairs % max(items, 1)).astype(np.int32),
        count=np.bincount(edge, weights=count, minlength=pairs.size).astype(np.float32),
    )


def _artist_plays(
    track_plays: Plays,
    track_artist: ShortRows,
    guests: ShortRows,
    imported: NDArray[Any],
    *,
    users: Ids,
    artists: Ids,
) -> Plays:
    """Plays by artist: of whoever stands in a track's credit, and as imports counted them."""
    on_track = sp.csr_matrix(
        (np.ones(len(guests), np.int8), (guests[:, 0], guests[:, 1])), shape=(len(track_artist), len(artists))
    )
    credited = on_track[track_plays.item].tocoo()  # [plays, artists]: guests of what was played
    user = np.concatenate([track_plays.user, track_plays.user[credited.row], _rows(users, imported["user"])])
    item = np.concatenate([track_artist[track_plays.item], credited.col, _rows(artists, imported["item"])])
    count = np.concatenate([track_plays.count, track_plays.count[credited.row], imported["count"]])
    return _plays(user=user, item=item, count=count, items=artists.size)


def _guests(tracks: Ids, artists: Ids) -> ShortRows:
    """Rows of tracks and of artists who stand in their credit behind the first [G, 2]."""
    somebodies = TrackGuest.objects.filter(artist__placeholder=False, track__artist__placeholder=False)
    pairs = _read(somebodies.order_by("track_id", "artist_id").values_list("track_id", "artist_id"), _PAIR)
    return np.stack([_rows(tracks, pairs["low"]), _rows(artists, pairs["high"])], axis=1)


def _taggings(contributors: QuerySet[User], kind: ItemKind, *, users: Ids, items: Ids, tags: Ids) -> Taggings:
    """The catalog's words and the contributors', sorted by (user, item, tag)."""
    item = f"{kind.value.lower()}_id"
    nobody = Value(-1, output_field=BigIntegerField())
    permitted = Tagging.objects.filter(
        Q(user=None) | Q(user__in=contributors), _COUNTED[kind], **{f"{item}__isnull": False}, **_somebodys(kind)
    ).values_list(Coalesce("user_id", nobody), item, "tag_id")  # fmt: skip
    taggings = _read(permitted, _TAGGING)
    user = np.where(taggings["user"] < 0, np.int32(-1), _rows(users, taggings["user"]))
    rows = np.stack([user, _rows(items, taggings["item"]), _rows(tags, taggings["tag"])])
    user, row, tag = rows[:, np.lexsort(rows[::-1])]
    return Taggings(user=user, item=row, tag=tag)


def _titled(contributors: QuerySet[User], *, users: Ids, tracks: Ids) -> tuple[PackedNames, Taggings]:
    """Words of playlists' titles that ``SMALLEST_AGGREGATE`` contributors use, and who put which track under each.

    What others put into a playlist is no word of its owner's, and neither is what a plan chose: a model would hear itself.
    """
    rows = (
        PlaylistEntry.objects.annotate(user=F("playlist__owner"))
        .filter(
            _COUNTED[ItemKind.TRACK],
            user__in=contributors.filter(pk__in=policies.titling_contributors()),
            added_by=F("user"),
            playlist__plan=None,
            track__artist__placeholder=False,
        )
        .order_by("playlist_id", "track_id")
    )
    said: dict[str, list[tuple[int, int]]] = defaultdict(list)
    told = rows.values_list("user", "track_id", "playlist__title")
    for owner, track, title in told.iterator(chunk_size=CHUNK):
        for word in set(words_of(title)) - STOP_WORDS:
            said[word].append((owner, track))
    kept = sorted(
        word
        for word, pairs in said.items()
        if len({owner for owner, _ in pairs}) >= policies.SMALLEST_AGGREGATE
    )
    pairs = np.array([pair for word in kept for pair in said[word]], dtype=np.int64).reshape(-1, 2)
    tag = np.repeat(np.arange(len(kept), dtype=np.int32), [len(said[word]) for word in kept])
    rows_of = np.unique(np.stack([_rows(users, pairs[:, 0]), _rows(tracks, pairs[:, 1]), tag]), axis=1)
    return PackedNames.of(kept), Taggings(user=rows_of[0], item=rows_of[1], tag=rows_of[2])


def _friendships(contributors: QuerySet[User], users: Ids) -> ShortRows:
    accepted = Friendship.objects.filter(
        state=Friendship.State.ACCEPTED, low__in=contributors, high__in=contributors
    )
    pairs = _read(accepted.order_by("low_id", "high_id").values_list("low_id", "high_id"), _PAIR)
    return np.stack([_rows(users, pairs["low"]), _rows(users, pairs["high"])], axis=1)
