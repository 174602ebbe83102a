"""Discovery, as the GraphQL schema shows it."""

from strawberry.tools import merge_types

from discovery.api.queries import DiscoveryViewer, Query
from discovery.api.radio import RadioMutation

Mutation = merge_types("DiscoveryMutation", (RadioMutation,))

__all__ = ["DiscoveryViewer", "Mutation", "Query"]
