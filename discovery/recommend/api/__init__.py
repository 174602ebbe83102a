"""Recommendations, as the GraphQL schema shows them."""

from discovery.recommend.api.queries import Query, Viewer

__all__ = ["Query", "Viewer"]
