"""Music, as the GraphQL schema shows it."""

from strawberry.tools import merge_types

from graph.api import imports, models, mutations, queries, statistics

Mutation = merge_types("Mutation", (mutations.Mutation, imports.Mutation, models.Mutation))
Query = merge_types("Query", (queries.Query, models.Query))
Viewer = merge_types("Viewer", (queries.Viewer, imports.Viewer, statistics.Viewer))

__all__ = ["Mutation", "Query", "Viewer"]
