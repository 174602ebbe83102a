"""People, as the GraphQL schema shows them."""

from accounts.api.mutations import Mutation
from accounts.api.queries import AccountsViewer

__all__ = ["AccountsViewer", "Mutation"]
