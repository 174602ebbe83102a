"""Music, as the GraphQL schema shows it."""

from graph.api.mutations import Mutation
from graph.api.queries import Query, Viewer

__all__ = ["Mutation", "Query", "Viewer"]
