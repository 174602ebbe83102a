"""What listeners played and said, as arrays: the rows that evidence is made of, of many people in one query.

Whose rows may be read is the callers' to ask of `accounts.policies`; what people exclude from their taste is
left out here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
from django.db.models import Case, Count, Exists, F, IntegerField, Q, QuerySet, Value, When

from accounts.compiled_query import KEYS, OTHER_KEYS, Among, CompiledQuery, Keys
from graph.arrays import Ids, Ints
from graph.models import (
    HEARD,
    ArtistPlayCount,
    Feedback,
    FeedbackKind,
    ItemKind,
    Listen,
    TasteExclusion,
    Track,
    TrackGuest,
    counted,
    holding,
)

# What a row of the query is; the numbers are the order of a listener's rows.
_PLAYS, _IMPORTED, _SAID, _EXCLUDES, _SAID_OF_ARTISTS = range(5)
_COLUMNS = ("what", "user_id", "item", "first", "second")

FEEDBACK_KINDS = tuple(FeedbackKind)  # by the numbers that `Words.kind` holds


@dataclass(frozen=True, eq=False)
class Plays:
    """Plays and skips by listener and item [L], in this order."""

    user: Ids
    item: Ids
    plays: Ints
    skips: Ints


@dataclass(frozen=True, eq=False)
class Words:
    """What listeners said of items [W], by listener and item."""

    user: Ids
    item: Ids
    kind: Ints  # places in `FEEDBACK_KINDS`


@dataclass(frozen=True, eq=False)
class Histories:
    """Some listeners' plays and words, without what they exclude.

    ``imported``: plays by artist that a source reported without the plays themselves. For artists they are part of
    ``plays``. ``of_artists``: what was said of artists, where tracks are asked for; ``hidden``: by listener, the tracks of
    those whom they hid.
    """

    plays: Plays
    imported: Plays
    words: Words
    of_artists: Words
    hidden: Mapping[int, frozenset[int]]
    excluding: frozenset[int]  # who of the listeners excludes anything


def histories(listeners: Collection[int], speaking: Collection[int], kind: ItemKind) -> Histories:
    """What ``listeners`` played, and what those who are ``speaking`` said, of items of this kind.

    One query, and others where one of the listeners excludes anything or one who is speaking hides an artist.
    """
    asked = tuple(sorted(listeners)), tuple(sorted(speaking))
    rows = _table(_IF_NOBODY_EXCLUDES[kind].rows(*asked))
    excluding = frozenset(rows[rows[:, 0] == _EXCLUDES, 1].tolist())
    if excluding:
        rows = _table(_COUNTED[kind].rows(*asked))
    of_artists = _words(rows[rows[:, 0] == _SAID_OF_ARTISTS])
    return Histories(
        plays=_plays(rows[rows[:, 0] == _PLAYS]),
        imported=_plays(rows[rows[:, 0] == _IMPORTED]),
        words=_words(rows[rows[:, 0] == _SAID]),
        of_artists=of_artists,
        hidden=_hidden(of_artists),
        excluding=excluding,
    )


def _words(rows: Ints) -> Words:
    return Words(user=rows[:, 1], item=rows[:, 2], kind=rows[:, 3])


def _hidden(said: Words) -> dict[int, frozenset[int]]:
    """The tracks, first named or guest, of artists who are hidden. No query where nobody hides any."""
    hide = said.kind == FEEDBACK_KINDS.index(FeedbackKind.HIDE)
    artists = set(said.item[hide].tolist())
    if not artists:
        return {}
    tracks: dict[int, set[int]] = defaultdict(set)
    for rows in (
        Track.objects.filter(artist__in=artists).values_list("artist", "pk"),
        TrackGuest.objects.filter(artist__in=artists).values_list("artist", "track"),
    ):
        for artist, track in rows.iterator():
            tracks[artist].add(track)
    theirs: dict[int, set[int]] = defaultdict(set)
    for user, artist in zip(said.user[hide].tolist(), said.item[hide].tolist(), strict=True):
        theirs[user] |= tracks[artist]
    return {user: frozenset(keys) for user, keys in theirs.items()}


def amounts(listeners: Collection[int], kind: ItemKind) -> tuple[Ids, Ids, Ints]:
    """(who, what, how often) of the plays of `histories` in no order: one listener's of an item may stand in two rows.

    One query, and another about those of the listeners who exclude anything.
    """
    rows = np.fromiter(chain.from_iterable(_AMOUNTS[kind].rows(tuple(listeners))), np.int64).reshape(-1, 3)
    user, item, plays = rows.T
    excluding = np.unique(user[plays < 0])
    if len(excluding):
        kept = ~np.isin(user, excluding)
        told = histories(excluding.tolist(), (), kind).plays
        user, item, plays = (
            np.concatenate([column[kept], theirs])
            for column, theirs in ((user, told.user), (item, told.item), (plays, told.plays))
        )
    return user, item, plays


@dataclass(frozen=True)
class Excluded:
    """What a listener left out of their taste; ``artists`` that count for tracks as evidence: none in a view of artists."""

    items: frozenset[int] = frozenset()
    artists: frozenset[int] = frozenset()


NOTHING_EXCLUDED = Excluded()


def excluded_items(user_ids: Collection[int], kind: ItemKind) -> dict[int, Excluded]:
    """By listener: what of this kind they excluded from their taste. One query."""
    lookups = (
        ("artist", "track", "artist__tracks", "playlist__entries__track")
        if kind is ItemKind.TRACK
        else ("artist",)
    )
    rows = holding().filter(user_id__in=user_ids).values_list("user_id", *lookups)
    items: dict[int, set[int]] = defaultdict(set)
    artists: dict[int, set[int]] = defaultdict(set)
    for user_id, artist, *things in rows.iterator():
        items[user_id].update(item for item in things if item is not None)
        if artist is not None:
            (items if kind is ItemKind.ARTIST else artists)[user_id].add(artist)
    return {
        user_id: Excluded(frozenset(items[user_id]), frozenset(artists[user_id]))
        for user_id in {*items, *artists}
        if items[user_id] or artists[user_id]
    }


def _table(rows: list[tuple[int, ...]]) -> Ints:
    """Rows as an array [rows, columns], by listener, what they are, item and the rest."""
    width = len(_COLUMNS)
    table = np.fromiter(chain.from_iterable(rows), np.int64, width * len(rows)).reshape(-1, width)
    return table[np.lexsort((table[:, 3], table[:, 2], table[:, 0], table[:, 1]))]


def _plays(rows: Ints) -> Plays:
    """Rows of plays and of all listens, those of one listener and item as one."""
    _, user, item, plays, listens = rows.T
    again = (user[1:] == user[:-1]) & (item[1:] == item[:-1])
    if again.any():
        starts = np.flatnonzero(np.append(True, ~again))
        user, item = user[starts], item[starts]
        plays, listens = np.add.reduceat(plays, starts), np.add.reduceat(listens, starts)
    return Plays(user, item, plays, listens - plays)


# --- the query --------------------------------------------------------------------------------


def _of(rows: QuerySet[Any, Any], what: int, kept: Q, **columns: Any) -> QuerySet[Any, Any]:
    """The columns that all parts of the query have, of these rows as far as they are ``kept``."""
    numbered = {"what": Value(what, output_field=IntegerField()), **columns}
    part: QuerySet[Any, Any] = rows.filter(kept).order_by().annotate(**numbered).values_list(*_COLUMNS)
    return part


def _all(
    kind: ItemKind, listeners: Keys, speaking: Keys, *, of_tracks: Q, of_guests: Q, of_artists: Q
) -> tuple[list[QuerySet[Any, Any]], QuerySet[Any, Any], list[QuerySet[Any, Any]]]:
    """Plays, imported counts and feedback, as far as each ``of_…`` keeps them. What is said of an artist concerns tracks too."""
    tracks, none = kind is ItemKind.TRACK, Value(0, output_field=IntegerField())
    theirs = Among("user_id", listeners)
    # What nobody made ("Various Artists") is its listener's own affair, and evidence of nothing.
    listens = Listen.objects.filter(theirs, of_tracks)
    somebodys = listens.filter(track__artist__placeholder=False)
    if tracks:
        heard = [_heard(somebodys, "track_id")]
    else:  # who stands in a credit, first or as a guest
        guests = listens.filter(of_guests, track__guests__artist__placeholder=False)
        heard = [_heard(somebodys, "track__artist_id"), _heard(guests, "track__guests__artist_id")]
    imported = _of(
        ArtistPlayCount.objects.filter(theirs, artist__placeholder=False), _IMPORTED if tracks else _PLAYS, of_artists,
        item=F("artist_id"), first=F("count"), second=F("count"),
    )  # fmt: skip
    spoken = Feedback.objects.filter(Among("user_id", speaking))
    number = Case(*(When(kind=word, then=Value(place)) for place, word in enumerate(FEEDBACK_KINDS)))
    of_them = spoken.filter(artist__isnull=False, artist__placeholder=False)
    what = _SAID_OF_ARTISTS if tracks else _SAID
    words = [_of(of_them, what, of_artists, item=F("artist_id"), first=number, second=none)]
    if tracks:
        of_these = spoken.filter(track__isnull=False, track__artist__placeholder=False)
        words.append(_of(of_these, _SAID, of_tracks, item=F("track_id"), first=number, second=none))
    return heard, imported, words


def _union(first: QuerySet[Any, Any], *others: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = first.union(*others, all=True)
    return rows


def _heard(listens: QuerySet[Any, Any], item: str) -> QuerySet[Any, Any]:
    """Plays and all listens of each listener, by this item of theirs."""
    rows: QuerySet[Any, Any] = (
        listens.order_by()
        .values("user_id", item=F(item))
        .annotate(
            what=Value(_PLAYS, output_field=IntegerField()),
            first=Count(Value(1), filter=HEARD),  # of no column: the index alone answers
            second=Count(Value(1)),
        )
        .values_list(*_COLUMNS)
    )
    return rows


def _if_nobody_excludes(kind: ItemKind) -> CompiledQuery:
    """Everything, or where one of the listeners excludes anything nothing but who does."""

    def rule(listeners: Keys, speaking: Keys, _now: datetime) -> QuerySet[Any, Any]:
        exclusions = TasteExclusion.objects.filter(Among("user_id", listeners))
        nobody = ~Q(Exists(exclusions))
        heard, imported, words = _all(
            kind, listeners, speaking, of_tracks=nobody, of_guests=nobody, of_artists=nobody
        )
        none = Value(0, output_field=IntegerField())
        return _union(
            *heard, imported, *words, _of(exclusions, _EXCLUDES, Q(), item=none, first=none, second=none)
        )

    return CompiledQuery(rule, KEYS, OTHER_KEYS)


def _counted(kind: ItemKind) -> CompiledQuery:
    """Everything but what each listener excludes: a filter that costs several times as much as the rest."""

    def rule(listeners: Keys, speaking: Keys, _now: datetime) -> QuerySet[Any, Any]:
        heard, imported, words = _all(
            kind, listeners, speaking, of_tracks=counted(track="track", artist="track__artist"),
            of_guests=counted(artist="track__guests__artist"), of_artists=counted(artist="artist"),
        )  # fmt: skip
        return _union(*heard, imported, *words)

    return CompiledQuery(rule, KEYS, OTHER_KEYS)


def _amounts(kind: ItemKind) -> CompiledQuery:
    """All plays, by whomever; and a row of less than none of everyone who excludes anything."""

    def rule(listeners: Keys, _now: datetime) -> QuerySet[Any, Any]:
        heard, imported, _words = _all(kind, listeners, (), of_tracks=Q(), of_guests=Q(), of_artists=Q())
        parts = [*heard, imported] if kind is ItemKind.ARTIST else heard
        excluding = TasteExclusion.objects.filter(Among("user_id", listeners))
        none, less = (Value(number, output_field=IntegerField()) for number in (0, -1))
        columns = ("user_id", "item", "first")
        return _union(
            *(part.values_list(*columns) for part in parts),
            excluding.order_by().annotate(item=none, first=less).values_list(*columns),
        )

    return CompiledQuery(rule, KEYS)


_AMOUNTS = {kind: _amounts(kind) for kind in ItemKind}
_IF_NOBODY_EXCLUDES = {kind: _if_nobody_excludes(kind) for kind in ItemKind}
_COUNTED = {kind: _counted(kind) for kind in ItemKind}
