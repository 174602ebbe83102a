"""Discovery, as the GraphQL schema shows it."""

from strawberry.tools import merge_types

from discovery.api import queries, together
from discovery.api.queries import Query

DiscoveryViewer = merge_types("DiscoveryViewer", (queries.DiscoveryViewer, together.TogetherViewer))
Mutation = together.TogetherMutation

__all__ = ["DiscoveryViewer", "Mutation", "Query"]
