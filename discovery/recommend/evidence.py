"""Gathers the evidence a viewer permits right now: the index set of the sum.

What may enter is decided by `accounts.policies`; this room only fetches it, for one viewer or for
all at once through the same few queries. What is not gathered here cannot shape anything.

"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from accounts import policies
from accounts.models import PersonalizationLevel, User
from accounts.policies import SocialSource, Use
from graph import selectors
from graph.arrays import Codes, Floats, Ids, Mask
from graph.models import LIKE_AS_PLAYS, FeedbackKind, ItemKind
from graph.serving import index as vectors
from graph.serving.index import Channel

NEGATIVE = {FeedbackKind.DISLIKE: 3.0, FeedbackKind.HIDE: 3.0, FeedbackKind.SKIP: 1.0}
# What a viewer has turned away is not proposed again; a skip only sinks.
TURNED_AWAY = (FeedbackKind.DISLIKE, FeedbackKind.HIDE)

KEY_ITEM, KEY_ARTIST, KEY_TAG = 0, 1, 2
_KEY_NAMES: dict[int, vectors.KeyKind] = {KEY_ITEM: "item", KEY_ARTIST: "artist", KEY_TAG: "tag"}


@dataclass(frozen=True, kw_only=True, eq=False)
class PermittedEvidence:
    """One viewer's permitted evidence for items of one kind, one row an entry [E]."""

    use: Use
    kind: ItemKind
    key_kind: Codes  # KEY_ITEM, or KEY_ARTIST where a track view hears of an artist
    key_id: Ids  # database id of what was played, liked, skipped
    amount: Floats  # plays, or how strongly it was refused
    channel: Codes  # graph.serving.index.Channel
    friend: Ids  # whose play it is; 0 for the viewer's own
    friends: dict[int, SocialSource] = field(default_factory=dict)
    known: frozenset[int] = frozenset()  # items the viewer has played or turned away
    turned_away: frozenset[int] = frozenset()  # of these, what the viewer disliked or hid

    def __len__(self) -> int:
        return len(self.key_id)

    def where(self, mask: Mask) -> PermittedEvidence:
        """The same evidence, only the rows of ``mask`` [E]."""
        return PermittedEvidence(
            use=self.use, kind=self.kind, friends=self.friends, known=self.known, turned_away=self.turned_away,
            key_kind=self.key_kind[mask], key_id=self.key_id[mask], amount=self.amount[mask],
            channel=self.channel[mask], friend=self.friend[mask],
        )  # fmt: skip

    def in_index(self, index: vectors.ItemIndex) -> tuple[PermittedEvidence, vectors.Evidence]:
        """The part of this evidence that ``index`` has vectors for, and its form for the index."""
        rows = np.full(len(self), -1, dtype=np.int64)
        for key_kind, name in _KEY_NAMES.items():
            mask = self.key_kind == key_kind
            if mask.any():
                rows[mask] = index.key_rows(name, self.key_id[mask])
        found = rows >= 0
        part = self.where(found)
        return part, vectors.Evidence(key_row=rows[found], amount=part.amount, channel=part.channel)


def gather(viewer: User, kind: ItemKind, *, level: PersonalizationLevel | None = None) -> PermittedEvidence:
    """What ``viewer`` permits for items of ``kind``, at most at ``level``."""
    return gather_many([viewer], kind, level=level)[0]


def gather_many(
    viewers: Sequence[User], kind: ItemKind, *, level: PersonalizationLevel | None = None
) -> list[PermittedEvidence]:
    """`gather` for each viewer, in their order, in a number of queries that does not depend on it."""
    uses = policies.effective_uses(viewers, level)
    friends = _friends(viewers, uses)
    own = [v.pk for v, use in zip(viewers, uses, strict=True) if use.own]
    people = set(own).union(*friends.values())
    excluding = selectors.excluding_among(people) if people else frozenset()
    plays = _Plays(people, kind, excluding)
    words = selectors.feedback_of(own, kind, excluding=excluding)
    excluded = selectors.excluded_items(excluding.intersection(own), kind) if excluding else {}
    return [
        _assemble(
            use, kind,
            own=plays.of(viewer.pk) if use.own else None,
            words=words.get(viewer.pk, ()) if use.own else (),
            friends=friends.get(viewer.pk, {}), plays=plays, excluded=excluded.get(viewer.pk, set()),
        )
        for viewer, use in zip(viewers, uses, strict=True)
    ]  # fmt: skip


def nothing(kind: ItemKind) -> PermittedEvidence:
    """No evidence at all: what level OFF means."""
    use = Use(level=PersonalizationLevel.OFF, own=False, friends=False, not_used=())
    return _evidence(use, kind, [])


def together(one: PermittedEvidence, other: PermittedEvidence) -> PermittedEvidence:
    """Both lists as one; permission, friends and what is known are ``one``'s."""
    return replace(
        one,
        key_kind=np.concatenate([one.key_kind, other.key_kind]),
        key_id=np.concatenate([one.key_id, other.key_id]),
        amount=np.concatenate([one.amount, other.amount]),
        channel=np.concatenate([one.channel, other.channel]),
        friend=np.concatenate([one.friend, other.friend]),
    )


def stated(
    permitted: PermittedEvidence, rows: Sequence[tuple[int, int, float, Channel]]
) -> PermittedEvidence:
    """What a person just said, under the same permission: rows of (key kind, key id, amount, channel)."""
    parts: list[Part] = [
        (np.array([k], np.int8), np.array([i], np.int64), np.array([a], np.float32), channel, 0)
        for k, i, a, channel in rows
    ]
    return _evidence(permitted.use, permitted.kind, parts, friends=permitted.friends, known=permitted.known)


def _friends(viewers: Sequence[User], uses: Sequence[Use]) -> dict[int, dict[int, SocialSource]]:
    """The friends whose plays enter, by viewer and friend."""
    if not any(use.friends for use in uses):
        return {}
    if len(viewers) == 1:
        sources = {viewers[0].pk: policies.social_sources(viewers[0], uses[0])}
    else:
        everybody = policies.social_pairs()
        sources = {
            viewer.pk: everybody.get(viewer.pk, [])
            for viewer, use in zip(viewers, uses, strict=True)
            if use.friends
        }
    return {
        viewer_id: {source.user_id: source for source in policies.tellable(found)}
        for viewer_id, found in sources.items()
    }


@dataclass(frozen=True, eq=False)
class _Lines:
    """Some people's plays as arrays [L]: what, how often, and how often it was cut short."""

    key_kind: Codes
    key_id: Ids
    plays: Floats
    skips: Floats


class _Plays:
    """The plays of everyone concerned, fetched once and looked up by person."""

    def __init__(self, people: Collection[int], kind: ItemKind, excluding: Collection[int]) -> None:
        rows = [
            (c.user_id, KEY_ITEM, c.item_id, c.plays, c.skips)
            for c in selectors.play_counts(people, kind, excluding=excluding)
        ]
        if kind is ItemKind.TRACK:  # an artist's imported play count is evidence for the artist's tracks
            rows += [
                (c.user_id, KEY_ARTIST, c.item_id, c.plays, 0)
                for c in selectors.imported_counts(people, excluding=excluding)
            ]
        table = np.array(rows, dtype=np.float64).reshape(-1, 5)
        table = table[np.argsort(table[:, 0], kind="stable")]
        self._users = table[:, 0].astype(np.int64)
        self._lines = _Lines(
            table[:, 1].astype(np.int8), table[:, 2].astype(np.int64),
            table[:, 3].astype(np.float32), table[:, 4].astype(np.float32),
        )  # fmt: skip

    def of(self, user_id: int) -> _Lines:
        start, stop = np.searchsorted(self._users, [user_id, user_id + 1])
        lines = self._lines
        return _Lines(
            lines.key_kind[start:stop], lines.key_id[start:stop],
            lines.plays[start:stop], lines.skips[start:stop],
        )  # fmt: skip


Part = tuple[Codes, Ids, Floats, Channel, int]


def _assemble(
    use: Use,
    kind: ItemKind,
    *,
    own: _Lines | None,
    words: Sequence[selectors.FeedbackRow],
    friends: dict[int, SocialSource],
    plays: _Plays,
    excluded: Collection[int],
) -> PermittedEvidence:
    parts: list[Part] = []
    turned_away = frozenset(word.item_id for word in words if word.kind in TURNED_AWAY)
    known = {*turned_away, *excluded}  # excluded: neither evidence nor proposed, whether played or not
    if own is not None:
        parts += _own_parts(own, words)
        known.update(own.key_id[own.key_kind == KEY_ITEM].tolist())
    for friend_id in sorted(friends):
        theirs = plays.of(friend_id)
        played = theirs.plays > 0
        parts.append(
            (theirs.key_kind[played], theirs.key_id[played], theirs.plays[played], Channel.FRIEND, friend_id)
        )
    return _evidence(use, kind, parts, friends=friends, known=frozenset(known), turned_away=turned_away)


def _own_parts(own: _Lines, words: Sequence[selectors.FeedbackRow]) -> list[Part]:
    """The viewer's own plays and likes (positive), skips and dislikes (negative)."""
    played, cut_short = own.plays > 0, (own.plays == 0) & (own.skips > 0)
    liked = [w.item_id for w in words if w.kind == FeedbackKind.LIKE]
    refused = [(w.item_id, NEGATIVE[FeedbackKind(w.kind)]) for w in words if w.kind in NEGATIVE]
    return [
        (own.key_kind[played], own.key_id[played], own.plays[played], Channel.OWN, 0),
        (own.key_kind[cut_short], own.key_id[cut_short], own.skips[cut_short], Channel.NEGATIVE, 0),
        _said(liked, [LIKE_AS_PLAYS] * len(liked), Channel.OWN),
        _said([item for item, _ in refused], [strength for _, strength in refused], Channel.NEGATIVE),
    ]


def _said(items: list[int], amounts: list[float], channel: Channel) -> Part:
    key_kind = np.full(len(items), KEY_ITEM, dtype=np.int8)
    return key_kind, np.array(items, dtype=np.int64), np.array(amounts, dtype=np.float32), channel, 0


def _evidence(
    use: Use,
    kind: ItemKind,
    parts: list[Part],
    *,
    friends: dict[int, SocialSource] | None = None,
    known: frozenset[int] = frozenset(),
    turned_away: frozenset[int] = frozenset(),
) -> PermittedEvidence:
    sizes = [len(part[1]) for part in parts]
    return PermittedEvidence(
        use=use,
        kind=kind,
        key_kind=np.concatenate([np.empty(0, np.int8), *(part[0] for part in parts)]),
        key_id=np.concatenate([np.empty(0, np.int64), *(part[1] for part in parts)]),
        amount=np.concatenate([np.empty(0, np.float32), *(part[2] for part in parts)]),
        channel=np.repeat(np.array([part[3] for part in parts], dtype=np.int8), sizes),
        friend=np.repeat(np.array([part[4] for part in parts], dtype=np.int64), sizes),
        friends=friends or {},
        known=known,
        turned_away=turned_away,
    )
