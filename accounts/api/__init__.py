"""People, as the GraphQL schema shows them."""

from strawberry.tools import merge_types

from accounts.api import account, invitations, mutations, queries
from accounts.api.queries import Query

Mutation = merge_types("Mutation", (mutations.Mutation, account.Mutation, invitations.Mutation))
Viewer = merge_types("Viewer", (queries.Viewer, account.Viewer, invitations.Viewer))

__all__ = ["Mutation", "Query", "Viewer"]
