"""Music, as the GraphQL schema shows it."""

from strawberry.tools import merge_types

from graph.api import imports, mutations, queries, statistics
from graph.api.queries import Query

Mutation = merge_types("Mutation", (mutations.Mutation, imports.Mutation))
Viewer = merge_types("Viewer", (queries.Viewer, imports.Viewer, statistics.Viewer))

__all__ = ["Mutation", "Query", "Viewer"]
