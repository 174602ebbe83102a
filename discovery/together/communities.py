"""The communities of taste, and the one whose music makes up most of the viewer's own listening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.presentation import NOBODYS, Draft, Presented, Ref, present
from discovery.together import group
from graph.models import Artist, Community, ItemKind


@dataclass(frozen=True)
class CommunityView:
    community: Community
    artists: tuple[Artist, ...]


def community_list(viewer: User | None) -> Presented[list[CommunityView]]:
    """All there are, the largest first; the same for everyone. Two queries."""
    return present(viewer, _draft(list(Community.objects.order_by("-size", "pk"))))


def community_get(viewer: User | None, key: int) -> Presented[list[CommunityView]]:
    """One of them, as a list of one; empty where there is none of this key."""
    return present(viewer, _draft(list(Community.objects.filter(pk=key))))


def community_of(viewer: User) -> Presented[list[CommunityView]]:
    """Where most of the viewer's plays belong, as a list of one; empty where they do not let them be used, or none
    belongs.
    """
    (own,) = group.gather(viewer, (), ItemKind.ARTIST).evidence
    shares = group.played(own)
    best, largest = None, 0.0
    for community in Community.objects.order_by("-size", "pk"):
        share = sum(shares.get(artist, 0.0) for artist in community.artists)
        if share > largest:
            best, largest = community, share
    return present(viewer, _draft([] if best is None else [best]))


def _draft(communities: Sequence[Community]) -> Draft[list[CommunityView]]:
    """Nobody shapes a community who could be told from the others: it has a floor of contributors."""

    def shown(nodes: Mapping[Ref, Artist]) -> list[CommunityView]:
        return [
            CommunityView(community, tuple(nodes[ref] for ref in _artists(community) if ref in nodes))
            for community in communities
        ]

    return Draft({ref for community in communities for ref in _artists(community)}, shown, NOBODYS)


def _artists(community: Community) -> list[Ref]:
    return [Ref("Artist", artist) for artist in community.artists]
