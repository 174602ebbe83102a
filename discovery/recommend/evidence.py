"""Gathers the evidence a viewer permits right now: the index set of the sum.

What may enter is decided by `accounts.policies`; this room only fetches it, for one viewer or for
all at once through the same few queries. What is not gathered here cannot shape anything.

"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from accounts import hearing, pairs, policies
from accounts.hearing import SocialSource
from accounts.models import PersonalizationLevel, User
from accounts.policies import Use
from graph import histories, libraries
from graph.arrays import Codes, Floats, Ids, Mask, Rows
from graph.histories import FEEDBACK_KINDS, NOTHING_EXCLUDED, Excluded
from graph.libraries import Holdings
from graph.models import LIKE_AS_PLAYS, FeedbackKind, ItemKind
from graph.serving import channels
from graph.serving import index as vectors
from graph.serving.channels import Channel
from graph.words.sense import sense_of

if TYPE_CHECKING:
    from discovery.recommend.prompt import Word

NEGATIVE = {FeedbackKind.DISLIKE: 3.0, FeedbackKind.HIDE: 3.0, FeedbackKind.SKIP: 1.0}
# What a viewer has turned away is not proposed again; a skip only sinks.
TURNED_AWAY = (FeedbackKind.DISLIKE, FeedbackKind.HIDE)

# By place in `FEEDBACK_KINDS`: how strongly a word counts, below zero for a refusal, and which turn something away.
_STRENGTH = np.array(
    [LIKE_AS_PLAYS if word == FeedbackKind.LIKE else -NEGATIVE[word] for word in FEEDBACK_KINDS], np.float32
)
_TURNED_AWAY = np.array([word in TURNED_AWAY for word in FEEDBACK_KINDS])

# The last two are words that a request brought along; their ids are places among its words.
KEY_ITEM, KEY_ARTIST, KEY_TAG, KEY_WORD, KEY_OCCASION = range(5)
_KEY_NAMES: dict[int, vectors.KeyKind] = {KEY_ITEM: "item", KEY_ARTIST: "artist", KEY_TAG: "tag"}


@dataclass(frozen=True, kw_only=True, eq=False)
class PermittedEvidence:
    """One viewer's permitted evidence for items of one kind, one row an entry [E]."""

    use: Use
    kind: ItemKind
    key_kind: Codes  # KEY_ITEM, or KEY_ARTIST where a track view hears of an artist
    key_id: Ids  # database id of what was played, liked, skipped
    amount: Floats  # plays, or how strongly it was refused
    channel: Codes  # graph.serving.channels.Channel
    friend: Ids  # whose play it is; 0 for the viewer's own
    friends: dict[int, SocialSource] = field(default_factory=dict)
    known: frozenset[int] = frozenset()  # items the viewer has played, liked, turned away or excluded
    turned_away: frozenset[int] = frozenset()  # of these, what the viewer disliked or hid
    liked: frozenset[int] = frozenset()  # of these, what the viewer liked and did not play
    liked_artists: frozenset[int] = frozenset()  # the same of artists, where a track view hears of them
    excluded: Excluded = NOTHING_EXCLUDED  # what counts for nothing, whoever says it
    held: Holdings = libraries.NOTHING  # what the viewer's own libraries hold: proposed to them alone
    picked: frozenset[tuple[int, int]] = (
        frozenset()
    )  # (key kind, key id) of what the viewer chose to begin from
    words: tuple[Word, ...] = ()  # of a prompt or an occasion

    def __len__(self) -> int:
        return len(self.key_id)

    def where(self, mask: Mask) -> PermittedEvidence:
        """The same evidence, only the rows of ``mask`` [E]."""
        return replace(
            self,
            key_kind=self.key_kind[mask], key_id=self.key_id[mask], amount=self.amount[mask],
            channel=self.channel[mask], friend=self.friend[mask],
        )  # fmt: skip

    def rows_in(self, index: vectors.ItemIndex) -> Rows:
        """The key's row of each entry [E] in ``index``; -1 where it has none."""
        rows = np.full(len(self), -1, dtype=np.int64)
        for key_kind, name in _KEY_NAMES.items():
            mask = self.key_kind == key_kind
            if mask.any():
                rows[mask] = index.key_rows(name, self.key_id[mask])
        said = self.key_kind >= KEY_WORD
        rows[said] = index.key_count + self.key_id[said]
        return rows

    def in_index(self, index: vectors.ItemIndex) -> tuple[PermittedEvidence, channels.Evidence]:
        """The part of this evidence that ``index`` has vectors for, and its form for the index."""
        rows = self.rows_in(index)
        known = rows >= 0
        part = self if known.all() else self.where(known)
        said = sense_of(index).spoken([word.phrase for word in self.words]) if self.words else None
        return part, channels.Evidence(
            key_row=rows[known], amount=part.amount, channel=part.channel, said=said
        )


def gather(viewer: User, kind: ItemKind, *, level: PersonalizationLevel | None = None) -> PermittedEvidence:
    """What ``viewer`` permits for items of ``kind``, at most at ``level``."""
    permitted = gather_many([viewer], kind, level=level)[0]
    return replace(permitted, held=libraries.holdings(viewer)) if permitted.use.own else permitted


def gather_many(
    viewers: Sequence[User], kind: ItemKind, *, level: PersonalizationLevel | None = None
) -> list[PermittedEvidence]:
    """`gather` for each viewer, in their order, in a number of queries that does not depend on it."""
    uses = policies.effective_uses(viewers, level)
    friends = _friends(viewers, uses)
    own = {viewer.pk for viewer, use in zip(viewers, uses, strict=True) if use.own}
    people = own.union(*friends.values())
    # Who has no say as a listener may still say something in a session, but nothing of what they exclude.
    stating = {
        viewer.pk
        for viewer, use in zip(viewers, uses, strict=True)
        if use.level > PersonalizationLevel.OFF and not use.own
    }
    if not people and not stating:
        return [_evidence(use, kind, []) for use in uses]
    told = histories.histories(people, own, kind)
    excluding = (told.excluding & own) | stating
    excluded = histories.excluded_items(excluding, kind) if excluding else {}
    lines = _Lines(told)
    return [
        _assemble(
            viewer.pk, use, kind, lines, friends.get(viewer.pk, {}), excluded.get(viewer.pk, NOTHING_EXCLUDED)
        )
        for viewer, use in zip(viewers, uses, strict=True)
    ]


def nothing(kind: ItemKind) -> PermittedEvidence:
    """No evidence at all: what level OFF means."""
    use = Use(level=PersonalizationLevel.OFF, own=False, friends=False, not_used=())
    return _evidence(use, kind, [])


def together(first: PermittedEvidence, second: PermittedEvidence) -> PermittedEvidence:
    """Both lists as one; permission, friends and what is known are ``first``'s; what was picked, both's."""
    return replace(
        first,
        key_kind=np.concatenate([first.key_kind, second.key_kind]),
        key_id=np.concatenate([first.key_id, second.key_id]),
        amount=np.concatenate([first.amount, second.amount]),
        channel=np.concatenate([first.channel, second.channel]),
        friend=np.concatenate([first.friend, second.friend]),
        picked=first.picked | second.picked,
    )


def stated(
    permitted: PermittedEvidence, rows: Sequence[tuple[int, int, float, Channel]]
) -> PermittedEvidence:
    """What a person just said, under the same permission: rows of (key kind, key id, amount, channel).

    Of what they exclude from their taste, nothing was said.
    """
    parts = [
        Part(np.array([k], np.int8), np.array([i], np.int64), np.array([a], np.float32), channel)
        for k, i, a, channel in rows
        if not (k == KEY_ITEM and i in permitted.excluded.items)
        and not (k == KEY_ARTIST and i in permitted.excluded.artists)
    ]
    return replace(permitted, **_columns(parts))


def _friends(viewers: Sequence[User], uses: Sequence[Use]) -> dict[int, dict[int, SocialSource]]:
    """The friends whose plays enter, by viewer and friend."""
    if not any(use.friends for use in uses):
        return {}
    if len(viewers) == 1:
        sources = {viewers[0].pk: hearing.social_sources(viewers[0], uses[0])}
    else:
        everybody = pairs.social_pairs()
        sources = {
            viewer.pk: everybody.get(viewer.pk, [])
            for viewer, use in zip(viewers, uses, strict=True)
            if use.friends
        }
    return {
        viewer_id: {source.user_id: source for source in sharing} for viewer_id, sharing in sources.items()
    }


class _Lines:
    """Everybody's plays and words as arrays, looked up by person."""

    def __init__(self, told: histories.Histories) -> None:
        """An artist's imported play count is evidence for the artist's tracks, where these are asked for."""
        parts = ((told.plays, KEY_ITEM), (told.imported, KEY_ARTIST))
        user = np.concatenate([plays.user for plays, _ in parts])
        order = np.argsort(user, kind="stable")
        self._user = user[order]
        self._key_kind = np.repeat(
            np.array([key_kind for _, key_kind in parts], np.int8), [len(plays.user) for plays, _ in parts]
        )[order]
        self._key_id = np.concatenate([plays.item for plays, _ in parts])[order]
        self._plays = np.concatenate([plays.plays for plays, _ in parts])[order].astype(np.float32)
        self._skips = np.concatenate([plays.skips for plays, _ in parts])[order].astype(np.float32)
        self._words, self._of_artists, self._hidden = told.words, told.of_artists, told.hidden

    def own(self, user_id: int) -> Own:
        """What the viewer did."""
        rows, said = _rows_of(self._user, [user_id]), _rows_of(self._words.user, [user_id])
        of_artists = _rows_of(self._of_artists.user, [user_id])
        played = rows[self._plays[rows] > 0]
        cut_short = rows[(self._plays[rows] == 0) & (self._skips[rows] > 0)]
        parts = [
            Part(self._key_kind[played], self._key_id[played], self._plays[played], Channel.OWN),
            Part(
                self._key_kind[cut_short], self._key_id[cut_short], self._skips[cut_short], Channel.NEGATIVE
            ),
            *_said(self._words, said, KEY_ITEM),
            *_said(self._of_artists, of_artists, KEY_ARTIST),
        ]
        heard = self._key_id[rows[self._key_kind[rows] == KEY_ITEM]]
        items, words = self._words.item[said], self._words.kind[said]
        return Own(
            parts,
            heard=frozenset(heard.tolist()),
            turned_away=frozenset(items[_TURNED_AWAY[words]].tolist())
            | self._hidden.get(user_id, frozenset()),
            liked=frozenset(items[_STRENGTH[words] > 0].tolist()),
            liked_artists=self._liked_artists(of_artists)
            - frozenset(self._key_id[rows[self._key_kind[rows] == KEY_ARTIST]].tolist()),
        )

    def _liked_artists(self, rows: Rows) -> frozenset[int]:
        liked = _STRENGTH[self._of_artists.kind[rows]] > 0
        return frozenset(self._of_artists.item[rows][liked].tolist())

    def of_friends(self, friends: Mapping[int, SocialSource]) -> Part:
        """What friends played; of those without a name, what enough of them each played."""
        rows = _rows_of(self._user, sorted(friends))
        rows = rows[self._plays[rows] > 0]
        unnamed = [key for key, source in friends.items() if not source.named]
        if unnamed:
            rows = rows[self._in_company(rows, np.isin(self._user[rows], unnamed))]
        return Part(
            self._key_kind[rows], self._key_id[rows], self._plays[rows], Channel.FRIEND, self._user[rows]
        )

    def _in_company(self, rows: Rows, unnamed: Mask) -> Mask:
        """Of ``rows`` [R] those of named friends, and of the ``unnamed`` what ``SMALLEST_FRIEND_COUNT`` of them share."""
        keys = self._key_id[rows] * len(_KEY_NAMES) + self._key_kind[rows]
        shared, sharing = np.unique(keys[unnamed], return_counts=True)  # a person has one row a key
        enough = shared[sharing >= hearing.SMALLEST_FRIEND_COUNT]
        return np.asarray(~unnamed | np.isin(keys, enough))


def _said(words: histories.Words, rows: Rows, key_kind: int) -> Iterator[Part]:
    """Likes, and then skips and dislikes, of these rows of words."""
    if not len(rows):
        return
    items, strength = words.item[rows], _STRENGTH[words.kind[rows]]
    for channel, sign in ((Channel.OWN, 1), (Channel.NEGATIVE, -1)):
        amount = np.maximum(sign * strength, 0)
        chosen = amount > 0
        yield Part(
            np.full(int(chosen.sum()), key_kind, dtype=np.int8), items[chosen], amount[chosen], channel
        )


def _rows_of(users: Ids, wanted: Sequence[int]) -> Rows:
    """The rows of each of the ``wanted`` people, one person after the other, in ``users``, which ascend."""
    starts, stops = (np.searchsorted(users, wanted, side=side) for side in ("left", "right"))
    sizes = stops - starts
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(sizes.sum()) + np.repeat(starts - before, sizes), dtype=np.int64)


class Part(NamedTuple):
    """Entries of one channel."""

    key_kind: Codes
    key_id: Ids
    amount: Floats
    channel: Channel
    friend: Ids | int = 0  # one for all entries, or each entry's


class Own(NamedTuple):
    """One's own plays and likes (positive), skips and dislikes (negative); and which items they are."""

    parts: list[Part]
    heard: frozenset[int]
    turned_away: frozenset[int]
    liked: frozenset[int]
    liked_artists: frozenset[int]


def _assemble(
    viewer_id: int,
    use: Use,
    kind: ItemKind,
    lines: _Lines,
    friends: dict[int, SocialSource],
    excluded: Excluded,
) -> PermittedEvidence:
    own = lines.own(viewer_id) if use.own else Own([], *4 * [frozenset()])
    parts = [*own.parts, lines.of_friends(friends)] if friends else own.parts
    gathered = _evidence(use, kind, parts)
    if excluded != NOTHING_EXCLUDED:
        gathered = gathered.where(~_about(gathered, excluded))
    return replace(
        gathered,
        friends=friends,
        # Neither evidence nor proposed, whether played or not: what is excluded.
        known=own.heard | own.turned_away | own.liked | (excluded.items if use.own else frozenset()),
        turned_away=own.turned_away,
        liked=own.liked - own.heard,
        liked_artists=own.liked_artists,
        excluded=excluded,
    )


def _about(evidence: PermittedEvidence, excluded: Excluded) -> Mask:
    """Which entries [E] are of what is excluded, whoever played it."""
    about = np.zeros(len(evidence), dtype=bool)
    for key_kind, ids in ((KEY_ITEM, excluded.items), (KEY_ARTIST, excluded.artists)):
        if ids:
            about |= (evidence.key_kind == key_kind) & np.isin(evidence.key_id, sorted(ids))
    return about


def _evidence(use: Use, kind: ItemKind, parts: Sequence[Part]) -> PermittedEvidence:
    return PermittedEvidence(use=use, kind=kind, **_columns(parts))


def _columns(parts: Sequence[Part]) -> dict[str, Any]:
    """The entries of all parts as columns of `PermittedEvidence`."""
    parts = [part for part in parts if len(part.key_id)]
    sizes = [len(part.key_id) for part in parts]
    return {
        "key_kind": np.concatenate([np.empty(0, np.int8), *(part.key_kind for part in parts)]),
        "key_id": np.concatenate([np.empty(0, np.int64), *(part.key_id for part in parts)]),
        "amount": np.concatenate([np.empty(0, np.float32), *(part.amount for part in parts)]),
        "channel": np.repeat(np.array([part.channel for part in parts], dtype=np.int8), sizes),
        "friend": np.concatenate(
            [np.empty(0, np.int64), *(np.broadcast_to(part.friend, len(part.key_id)) for part in parts)]
        ),
    }
