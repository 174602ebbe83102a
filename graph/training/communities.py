"""Communities of taste: Louvain on who plays what, named by the tags that set them apart.

Only contributors are in the graph, no community of fewer than ``SMALLEST_AGGREGATE`` of them is kept, and
of each only artists that as many of its members play. They are found anew from every snapshot that a
model is trained on, so that a withdrawal of CONTRIBUTE counts here when it does there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction

from accounts import policies
from graph.models import Artist, Community
from graph.snapshot import GraphSnapshot

if TYPE_CHECKING:
    import networkx as nx

SHOWN_ARTISTS, SHOWN_TAGS, NAME_TAGS = 20, 5, 2
MOST = 50  # communities kept, the largest first
SEED = 0
ASKED = 10_000  # contributors among whom communities are found

Node = tuple[str, int]


@dataclass(frozen=True)
class UnnamedCommunity:
    """A community before it has a name: ``listeners`` counts members by artist, the most telling first."""

    size: int
    listeners: dict[int, int]


def communities_refresh(snapshot: GraphSnapshot) -> int:
    """Replace the communities by those of ``snapshot``; return how many there are."""
    communities = communities_find(taste_graph(snapshot))
    tags_of = dict(Artist.objects.values_list("pk", "tags"))
    rows: list[Community] = []
    for community, tags in zip(communities, _telling_tags(communities, tags_of), strict=True):
        rows.append(
            Community(
                name=_name(tags, {row.name for row in rows}),
                tags=tags,
                size=_coarse(community.size),
                artists=list(community.listeners)[:SHOWN_ARTISTS],
                data_hash=snapshot.content_hash,
                ledger_position=snapshot.ledger_position,
            )
        )
    with transaction.atomic():
        Community.objects.all().delete()
        Community.objects.bulk_create(rows)
    return len(rows)


def _coarse(size: int) -> int:
    """``size`` rounded down to 1, 2 or 5 times a power of ten: one person more or less hardly ever shows."""
    power = 10 ** (len(str(size)) - 1)
    steps: tuple[int, ...] = (power, 2 * power, 5 * power)
    return max(step for step in steps if step <= size)


def taste_graph(snapshot: GraphSnapshot) -> nx.Graph:
    """Contributors and the artists they play; an edge weighs the logarithm of the plays.

    Of very many contributors, as many as tell: communities are coarse, and what finding them costs is not to grow.
    """
    played = snapshot.artist_plays
    users, artists = snapshot.users[played.user], snapshot.artists[played.item]
    weights = np.log1p(played.count)
    kept = np.ones(len(users), dtype=bool)
    if len(snapshot.users) > ASKED:
        drawn = np.random.default_rng(SEED).permutation(len(snapshot.users))[:ASKED]
        kept = np.isin(played.user, drawn)
    import networkx as nx  # where communities are found, and not where a worker waits

    plays = nx.Graph()
    edges = zip(users[kept].tolist(), artists[kept].tolist(), weights[kept].tolist(), strict=True)
    plays.add_weighted_edges_from(
        (("user", user), ("artist", artist), weight) for user, artist, weight in edges
    )
    return plays


def communities_find(plays: nx.Graph) -> list[UnnamedCommunity]:
    """Communities with enough members, the largest first."""
    if not plays.number_of_edges():
        return []
    import networkx as nx

    parts: list[set[Node]] = nx.community.louvain_communities(plays, weight="weight", seed=SEED)
    kept = []
    for part in parts:
        people = {key for kind, key in part if kind == "user"}
        if len(people) >= policies.SMALLEST_AGGREGATE:
            kept.append(UnnamedCommunity(len(people), _listeners(plays, part, people)))
    kept.sort(key=lambda community: (-community.size, list(community.listeners)))
    return kept[:MOST]


def _listeners(plays: nx.Graph, part: set[Node], people: set[int]) -> dict[int, int]:
    """How many members play each artist, where enough do; first those that many members and few others play."""
    counts = {}
    for kind, artist in part:
        if kind == "artist":
            near = sum(1 for _, key in plays[kind, artist] if key in people)
            if near >= policies.SMALLEST_AGGREGATE:
                counts[artist] = near
    telling = {artist: near * near / plays.degree(("artist", artist)) for artist, near in counts.items()}
    order = sorted(counts, key=lambda artist: (-telling[artist], artist))
    return {artist: counts[artist] for artist in order}


def _telling_tags(communities: Sequence[UnnamedCommunity], tags_of: dict[int, list[str]]) -> list[list[str]]:
    """For each community the tags more usual there than elsewhere (their part of the divergence), best first."""
    uses = [Counter[str]() for _ in communities]
    for used, community in zip(uses, communities, strict=True):
        for artist, listeners in community.listeners.items():
            for tag in tags_of.get(artist, ()):
                used[tag] += listeners
    everywhere = sum(uses, Counter[str]())
    whole = max(everywhere.total(), 1)
    telling = []
    for used in uses:
        here = max(used.total(), 1)
        gain = {
            tag: count / here * math.log((count / here) / (everywhere[tag] / whole))
            for tag, count in used.items()
        }
        best = sorted(
            (tag for tag in gain if gain[tag] > 0 or len(uses) == 1), key=lambda tag: (-gain[tag], tag)
        )
        telling.append(best[:SHOWN_TAGS])
    return telling


def _name(tags: list[str], taken: set[str]) -> str:
    """The first tags that no larger community has for a name; numbered where there are none."""
    for length in range(min(NAME_TAGS, len(tags)), len(tags) + 1):
        name = ", ".join(tags[:length])[:110]
        if name and name not in taken:
            return name
    base = ", ".join(tags[:NAME_TAGS])[:100] or "Community"
    number = next(n for n in range(1, len(taken) + 2) if f"{base} {n}" not in taken)
    return f"{base} {number}"
