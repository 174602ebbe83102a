"""Requests made to cost much: by name, what is sent. `bench_hostile` measures them, and a test holds that each is refused.

Beside them what costs most of what is let in: it is to be answered well before a query's deadline.
"""

import json
from collections.abc import Callable, Mapping


def _query(text: str, **variables: object) -> bytes:
    return json.dumps({"query": text, "variables": variables}).encode()


def _times(part: str, count: int) -> str:
    return " ".join(part.replace("%", str(number)) for number in range(count))


def _doubling(levels: int) -> str:
    steps = " ".join(
        f"fragment F{n} on Listener {{ a: handle ...F{n + 1} ...F{n + 1} }}" for n in range(levels)
    )
    return f"{{ viewer {{ profile {{ ...F0 }} }} }} {steps} fragment F{levels} on Listener {{ id }}"


def _twice(levels: int) -> str:
    """The same field twice at every level, so that each pair is compared with all that is below it."""
    inner = "handle"
    for _ in range(levels):
        inner = f"profile {{ {inner} }} profile {{ {inner} }}"
    return f"{{ viewer {{ {inner} }} }}"


def _lattice(fragments: int) -> str:
    """Every fragment spreads all that follow: as many pairs of fragments as can be."""
    words = [
        f"fragment F{n} on Listener {{ id {' '.join(f'...F{m}' for m in range(n + 1, fragments))} }}"
        for n in range(fragments)
    ]
    return f"{{ viewer {{ profile {{ ...F0 }} }} }} {' '.join(words)}"


# What is refused by the schema alone; the rest is refused before the document is compared with it.
BY_VALIDATION = {
    "wide",
    "wide with long names",
    "unknown directives",
    "unused variables",
    "huge numbers",
    "wrong variables",
    "one long name",
}
LONG = "n" * 120
BLEND = 'b%: blend(with: ["x"], kind: TRACK, first: 100) { items { score } }'
FRIENDS = "f%: friends(first: {}) {{ edges {{ node {{ id handle displayName }} cursor }} }}"

REFUSED: Mapping[str, Callable[[], bytes]] = {
    "deep": lambda: _query("{ viewer " * 240 + "}" * 240),
    "deeper than the parser": lambda: _query("{ viewer " * 480 + "}" * 480),
    "deep by fragments": lambda: _query(
        "{ viewer { profile { ...F0 } } } "
        + " ".join(f"fragment F{n} on Listener {{ id ...F{n + 1} }}" for n in range(100))
        + " fragment F100 on Listener { id ...F0 }"
    ),
    "cyclic": lambda: _query("{ viewer { profile { ...F } } } fragment F on Listener { id ...F }"),
    "cyclic by two": lambda: _query(
        "{ viewer { profile { ...F } } } fragment F on Listener { ...G } fragment G on Listener { ...F }"
    ),
    "doubling": lambda: _query(_doubling(60)),
    "lattice": lambda: _query(_lattice(25)),
    "repeated leaf": lambda: _query("{ policy { " + "version " * 900 + "} }"),
    "repeated branch": lambda: _query("{ " + "policy { version } " * 245 + "}"),
    "repeated twice a level": lambda: _query(_twice(7)),
    "repeated with arguments": lambda: _query("{ " + 'node(id: "a") { id } ' * 100 + "}"),
    "repeated inline": lambda: _query("{ " + "... { policy { version } } " * 160 + "}"),
    "repeated of types": lambda: _query("{ __schema { types { " + "fields { name } " * 200 + "} } }"),
    "wide": lambda: _query("{ " + _times("unknown%", 900) + " }"),
    "wide with long names": lambda: _query("{ " + _times(LONG + "%", 400) + " }"),
    "wide of unknown types": lambda: _query("{ " + _times(f"... on {LONG}% {{ id }}", 150) + " }"),
    "aliased": lambda: _query("{ " + _times("a%: policy { version }", 160) + " }"),
    "aliased blends": lambda: _query("{ viewer { " + _times(BLEND, 15) + " } }"),
    "directives": lambda: _query("{ __typename " + "@include(if: true) " * 150 + "}"),
    "unknown directives": lambda: _query("{ __typename " + _times(f"@{LONG}%", 300) + " }"),
    "operations": lambda: _query(_times("query Q% { policy { version } }", 130)),
    "unused variables": lambda: _query("query Q(" + _times("$v%: Int", 200) + ") { policy { version } }"),
    "huge numbers": lambda: _query(f"{{ popular(kind: TRACK, first: {'9' * 5_000}) {{ totalCount }} }}"),
    "huge number in the body": lambda: b'{"query": "{__typename}", "x": ' + b"9" * 4_400 + b"}",
    "coerced": lambda: _query(
        "query($n: Int) { viewer { " + _times(FRIENDS.format("$n"), 13) + " } }", n=100.0
    ),
    "coerced by default": lambda: _query(
        "query($n: Int = 100) { viewer { " + _times(FRIENDS.format("$n"), 13) + " } }"
    ),
    "variables nested": lambda: (
        b'{"query": "query($x: [ID!]!) { viewer { blend(with: $x, kind: TRACK, first: 1) { fairness } } }",'
        b' "variables": {"x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}}"
    ),
    "wrong variables": lambda: _query(
        "mutation($x: [ID!]!) { deleteListens(ids: $x) { __typename } }", x=[{}] * 15_000
    ),
    "batch": lambda: json.dumps([{"query": "{ __typename }"}] * 1_000).encode(),
    "big body": lambda: b'{"query": "' + b" " * 15_000_000 + b'"}',
    "bigger body": lambda: b'{"query": "' + b" " * 40_000_000 + b'"}',
    "one long name": lambda: _query("{ " + "n" * 60_000 + " }"),
    "only brackets": lambda: _query("{" * 60_000),
    "only quotes": lambda: _query('"' * 60_000),
}


def _own(field: str, count: int) -> Callable[[], bytes]:
    return lambda: _query("{ viewer { " + _times(f"a%: {field}", count) + " } }")


# As much as one operation may ask of what has to work for its answer.
ADMITTED: Mapping[str, Callable[[], bytes]] = {
    "rankings": _own("discover(first: 1) { edges { cursor } }", 11),
    "rankings with reasons": _own(
        "discover(kind: ARTIST, first: 40) { edges { cursor node { score reasons { text evidence { id } } } } }",
        3,
    ),
    "from friends": _own("fromFriends(first: 1) { edges { cursor } }", 9),
    "suggestions": _own("friendSuggestions(first: 20) { edges { cursor } }", 11),
    "similar listeners": _own("similarListeners(first: 20) { edges { cursor } }", 11),
    "statistics": _own("statistics { plays secondsPlayed tracks artists }", 11),
    "data usage": _own("dataUsage { held { count } }", 11),
    "activity": _own("activity(first: 50) { edges { node { kind at } } }", 12),
    "long lists": _own(
        "listens(first: 100) { edges { cursor node { id track { id title tags artist { id name tags } } } } }",
        5,
    ),
    "who was shown": _own("shownTo(first: 100) { edges { node { id } } }", 15),
    "lists within lists": _own(
        "playlists(first: 100) { edges { node { entries(first: 45) { edges { node { id } } } } } }", 1
    ),
    "searches": lambda: _query(
        "{ " + _times('a%: search(text: "a", first: 60) { edges { cursor } }', 15) + " }"
    ),
}
