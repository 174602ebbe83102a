"""People, as the GraphQL schema shows them."""

from accounts.api.mutations import Mutation
from accounts.api.queries import Viewer

__all__ = ["Mutation", "Viewer"]
