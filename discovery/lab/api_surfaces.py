"""The interactive surfaces as an app asks for them: one operation each, with the fields that a page shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

SOCKET_ONLY = "skipped: a radio's state is told over the socket alone (radioQueue)"


@dataclass(frozen=True, kw_only=True)
class Asker:
    """A viewer with what their operations need: global ids throughout."""

    token: str
    kind: str  # ARTIST or TRACK
    friend: str
    items: Sequence[str]
    radio: str
    room: str

    def item(self, turn: int) -> str:
        return self.items[turn % len(self.items)]


Variables = Callable[[Asker, int], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Surface:
    """One operation. Without a ``query`` it cannot be asked over HTTP; ``needs`` says what it takes."""

    name: str
    query: str | None
    variables: Variables
    needs: str = ""


ITEM = "__typename ... on Artist { id name } ... on Track { id title artist { name } }"
PERSON = "id handle displayName"
PAGE = "pageInfo { hasNextPage endCursor }"
RECOMMENDATION = (
    f"score remainder item {{ {ITEM} }} reasons {{ kind text contribution share evidence {{ __typename id }}"
    " action { kind label purpose target level } }"
)
FEED = f"level degraded variety notUsed modelVersion {{ id }} {PAGE} edges {{ cursor node {{ {RECOMMENDATION} }} }}"
ROOM = (
    f"id title step others degraded members {{ listener {{ {PERSON} }} isHost counts satisfaction }}"
    f" now {{ item {{ {ITEM} }} score }}"
    f" queue {{ item {{ {ITEM} }} score votes votedByYou people {{ listener {{ {PERSON} }} relevance }} }}"
)
RADIO = (
    f"radioId step source variety degraded now {{ {RECOMMENDATION} }} upcoming {{ item {{ {ITEM} }} score }}"
)
LISTENERS = f"edges {{ cursor node {{ {PERSON} }} }} {PAGE}"

OPEN = "query ($kind: ItemKind!, $friend: ID!) { node(id: $friend) { id } viewer { discover(kind: $kind, first: 50) { edges { node { item { ... on Artist { id } ... on Track { id } } } } } } }"
OPENED = (
    "mutation ($kind: ItemKind!, $friend: ID!) { startRadio(kind: $kind) { __typename ... on RadioQueue { radioId } }"
    " createRoom(kind: $kind, with: [$friend]) { __typename ... on Room { id } } }"
)


def _nothing(_asker: Asker, _turn: int) -> dict[str, Any]:
    return {}


def _kind(asker: Asker, _turn: int) -> dict[str, Any]:
    return {"kind": asker.kind}


def _friend(asker: Asker, _turn: int) -> dict[str, Any]:
    return {"id": asker.friend, "kind": asker.kind}


def _item(asker: Asker, turn: int) -> dict[str, Any]:
    return {"id": asker.item(turn)}


def _of_viewer(
    name: str, selection: str, variables: Variables = _nothing, *, given: str = "", needs: str = ""
) -> Surface:
    return Surface(
        name=name.split("(", 1)[0], query=f"query {given} {{ viewer {{ {name} {{ {selection} }} }} }}",
        variables=variables, needs=needs,
    )  # fmt: skip


def _payload(name: str, success: str, variables: Variables, *, given: str) -> Surface:
    return Surface(
        name=name.split("(", 1)[0],
        query=f"mutation {given} {{ {name} {{ __typename ... on {success} ... on OperationInfo {{ messages {{ code message }} }} }} }}",
        variables=variables,
    )  # fmt: skip


KIND, OF_FRIEND = "($kind: ItemKind!)", "($id: ID!, $kind: ItemKind!)"

_READ = (
    _of_viewer("discover(kind: $kind, first: 20)", FEED, _kind, given=KIND),
    _of_viewer("fromFriends(kind: $kind, first: 20)", FEED, _kind, given=KIND),
    Surface(
        name="popular", query=f"query {KIND} {{ popular(kind: $kind, first: 20) {{ {FEED} }} }}", variables=_kind
    ),
    _of_viewer(
        "friendSuggestions(first: 20)",
        f"degraded {PAGE} edges {{ cursor node {{ listener {{ {PERSON} }} score mutualFriends reason }} }}",

    ),
    _of_viewer("similarListeners(first: 20)", LISTENERS),
    _of_viewer(
        "tasteMatch(with: $id, kind: $kind)",
        f"listener {{ {PERSON} }} percent degraded shared {{ item {{ {ITEM} }} yours theirs }} onlyYou {{ {ITEM} }} onlyThem {{ {ITEM} }}",
        _friend, given=OF_FRIEND,
    ),
    _of_viewer(
        "blend(with: [$id], kind: $kind, first: 20)",
        f"match degraded members {{ listener {{ {PERSON} }} satisfaction }} items {{ item {{ {ITEM} }} score people {{ listener {{ {PERSON} }} relevance because {{ {ITEM} }} }} }}",
        _friend, given=OF_FRIEND,
    ),
    _of_viewer(
        "activity(first: 20)", f"{PAGE} edges {{ cursor node {{ id kind at listener {{ {PERSON} }} item {{ {ITEM} }} }} }}"
    ),
    _of_viewer(
        "pathTo(id: $id)", "length nodes { __typename id } links { kind text }", _item, given="($id: ID!)"
    ),
    Surface(name="radio state", query=None, variables=_nothing, needs=SOCKET_ONLY),
    Surface(
        name="room", query=f"query ($id: ID!) {{ room(id: $id) {{ {ROOM} }} }}", variables=lambda asker, _turn: {"id": asker.room}
    ),
    Surface(
        name="communities", query="{ communities { id name tags size artists { id name } foundAt } }", variables=_nothing
    ),
    _of_viewer("community", "id name tags size artists { id name }"),
    _of_viewer(
        "listens(first: 20)", f"{PAGE} edges {{ cursor node {{ id listenedAt source msPlayed track {{ id title artist {{ id name }} }} }} }}"
    ),
    _of_viewer(
        "playlists(first: 20)", f"{PAGE} edges {{ cursor node {{ id title description size role owner {{ {PERSON} }} updatedAt }} }}"
    ),
    _of_viewer("friends(first: 20)", LISTENERS),
    Surface(
        name="search", query=f"query ($text: String!) {{ search(text: $text, first: 20) {{ {PAGE} edges {{ cursor node {{ {ITEM} }} }} }} }}",
        variables=lambda _asker, turn: {"text": "abcdefghijklmnoprstw"[turn % 20] + "a"},
    ),
    _of_viewer(
        "privacy", "level privateUntil signals { gpc } purposes { purpose label state since validUntil policyVersion overrides { state friend { id } } }"
    ),
    _of_viewer(
        "previewRemoval(id: $id, kind: $kind)", f"signals lost {{ {ITEM} }} gained {{ {ITEM} }} after {{ {ITEM} }}", _friend, given=OF_FRIEND
    ),
)  # fmt: skip


def _vote(asker: Asker, turn: int) -> dict[str, Any]:
    """A vote for an item, and the next time it is taken back."""
    return {"room": asker.room, "item": asker.items[0], "yes": turn % 2 == 0}


def _veto(asker: Asker, turn: int) -> dict[str, Any]:
    return {"room": asker.room, "item": asker.items[1], "yes": turn % 2 == 0}


def _play(_asker: Asker, turn: int) -> dict[str, Any]:
    moment = timezone.now().isoformat()
    track = {"title": f"Measured {turn % 10}", "artist": "The Measured"}
    return {
        "input": [
            {"source": "bench", "sourceId": moment, "track": track, "listenedAt": moment, "msPlayed": 180_000}
        ]
    }


_WRITE = (
    _payload("startRadio(kind: $kind)", f"RadioQueue {{ {RADIO} }}", _kind, given=KIND),
    _payload(
        "advanceRadio(radioId: $radio, feedback: SKIP)", f"RadioQueue {{ {RADIO} }}",
        lambda asker, _turn: {"radio": asker.radio}, given="($radio: ID!)",
    ),
    _payload(
        "voteInRoom(roomId: $room, itemId: $item, vote: $yes)", f"Room {{ {ROOM} }}", _vote,
        given="($room: ID!, $item: ID!, $yes: Boolean!)",
    ),
    _payload(
        "vetoInRoom(roomId: $room, itemId: $item, veto: $yes)", f"Room {{ {ROOM} }}", _veto,
        given="($room: ID!, $item: ID!, $yes: Boolean!)",
    ),
    _payload(
        "recommendItem(itemId: $item, listenerId: $friend, note: $note)", "ItemRecommendation { id note }",
        lambda asker, turn: {"item": asker.item(turn), "friend": asker.friend, "note": f"number {turn}"},
        given="($item: ID!, $friend: ID!, $note: String!)",
    ),
    _payload(
        "recordListens(input: $input)", "RecordedListens { stored duplicates refusals { index code } }", _play,
        given="($input: [ListenInput!]!)",
    ),
    _payload(
        "giveFeedback(itemId: $item, kind: LIKE)", "GivenFeedback { kind }",
        lambda asker, turn: {"item": asker.item(turn)}, given="($item: ID!)",
    ),
)  # fmt: skip

SURFACES: tuple[Surface, ...] = (*_READ, *_WRITE)
