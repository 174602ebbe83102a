"""Music, as the GraphQL schema shows it."""

from graph.api.mutations import Mutation
from graph.api.queries import GraphViewer, Query

__all__ = ["GraphViewer", "Mutation", "Query"]
