"""The consented graph as networkx, for paths, communities and anything that walks edges."""

from __future__ import annotations

import networkx as nx

from graph.snapshot import GraphSnapshot


def to_networkx(snapshot: GraphSnapshot) -> nx.Graph:
    """An undirected graph with nodes ("user" | "artist" | "track" | "tag", primary key).

    Edges carry ``kind``: "plays" (with ``count``), "knows", "tagged" or "made".
    """
    graph = nx.Graph()
    for kind, ids in (
        ("user", snapshot.users),
        ("artist", snapshot.artists),
        ("track", snapshot.tracks),
        ("tag", snapshot.tags),
    ):
        graph.add_nodes_from((kind, key) for key in ids.tolist())
    users, tags = snapshot.users, snapshot.tags
    for kind, ids, plays, taggings in (
        ("artist", snapshot.artists, snapshot.artist_plays, snapshot.artist_tags),
        ("track", snapshot.tracks, snapshot.track_plays, snapshot.track_tags),
    ):
        for user, item, count in zip(users[plays.user], ids[plays.item], plays.count, strict=True):
            graph.add_edge(("user", int(user)), (kind, int(item)), kind="plays", count=float(count))
        for item, tag in zip(ids[taggings.item], tags[taggings.tag], strict=True):
            graph.add_edge((kind, int(item)), ("tag", int(tag)), kind="tagged")
    for artist, track in zip(snapshot.artists[snapshot.track_artist], snapshot.tracks, strict=True):
        graph.add_edge(("artist", int(artist)), ("track", int(track)), kind="made")
    for low, high in users[snapshot.friendships]:
        graph.add_edge(("user", int(low)), ("user", int(high)), kind="knows")
    return graph
