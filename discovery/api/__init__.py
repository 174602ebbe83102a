"""Discovery, as the GraphQL schema shows it."""

from strawberry.tools import merge_types

from discovery.api import queries, radio, room, together
from discovery.api.live import LiveSubscription as Subscription

DiscoveryViewer = merge_types(
    "DiscoveryViewer", (queries.DiscoveryViewer, together.TogetherViewer, room.RoomViewer)
)
Query = merge_types("DiscoveryQuery", (queries.Query, together.TogetherQuery, room.RoomQuery))
Mutation = merge_types(
    "DiscoveryMutation", (together.TogetherMutation, radio.RadioMutation, room.RoomMutation)
)

__all__ = ["DiscoveryViewer", "Mutation", "Query", "Subscription"]
