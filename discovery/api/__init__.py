"""Discovery, as the GraphQL schema shows it."""

from discovery.api.queries import DiscoveryViewer, Query

__all__ = ["DiscoveryViewer", "Query"]
