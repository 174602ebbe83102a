"""People, as the GraphQL schema shows them."""

from strawberry.tools import merge_types

from accounts.api import account, mutations, queries
from accounts.api.queries import Query

Mutation = merge_types("Mutation", (mutations.Mutation, account.Mutation))
Viewer = merge_types("Viewer", (queries.Viewer, account.Viewer))

__all__ = ["Mutation", "Query", "Viewer"]
