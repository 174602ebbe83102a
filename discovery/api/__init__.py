"""Discovery, as the GraphQL schema shows it."""

from strawberry.tools import merge_types

from discovery.api import queries, together

DiscoveryViewer = merge_types("DiscoveryViewer", (queries.DiscoveryViewer, together.TogetherViewer))
Query = merge_types("DiscoveryQuery", (queries.Query, together.TogetherQuery))
Mutation = together.TogetherMutation

__all__ = ["DiscoveryViewer", "Mutation", "Query"]
