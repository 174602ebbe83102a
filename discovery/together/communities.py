"""The communities of taste, and the one whose music makes up most of the viewer's own listening."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from discovery.recommend import explain, feed
from discovery.together import company
from graph.models import Artist, Community, ItemKind


@dataclass(frozen=True)
class ShownCommunity:
    community: Community
    artists: tuple[Artist, ...]


def community_list(viewer: User | None) -> list[ShownCommunity]:
    """All there are, the largest first; the same for everyone. Two queries."""
    return _dress(viewer, list(Community.objects.order_by("-size", "pk")))


def community_of(viewer: User) -> ShownCommunity | None:
    """Where most of the viewer's plays belong; None where they do not let them be used, or none belongs."""
    (own,) = company.gather(viewer, (), ItemKind.ARTIST).evidence
    shares = company.played(own)
    best, held = None, 0.0
    for community in Community.objects.order_by("-size", "pk"):
        belongs = sum(shares.get(artist, 0.0) for artist in community.artists)
        if belongs > held:
            best, held = community, belongs
    return None if best is None else _dress(viewer, [best])[0]


def _dress(viewer: User | None, communities: list[Community]) -> list[ShownCommunity]:
    refs = {explain.NodeRef(explain.NodeKind.ARTIST, artist) for one in communities for artist in one.artists}
    nodes = feed.nodes_fetch(viewer, refs)
    found = {ref.id: node for ref, node in nodes.items() if isinstance(node, Artist)}
    return [
        ShownCommunity(one, tuple(found[artist] for artist in one.artists if artist in found))
        for one in communities
    ]
