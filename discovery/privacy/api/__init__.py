"""What people can see and do about what is used of them, as the GraphQL schema shows it."""

from strawberry.tools import merge_types

from discovery.privacy.api import policy, privacy
from discovery.privacy.api.privacy import Mutation, Viewer

Query = merge_types("Query", (policy.Query, privacy.Query))

__all__ = ["Mutation", "Query", "Viewer"]
