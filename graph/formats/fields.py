"""The little that reading untyped JSON needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def moment_of(told: Any) -> Any:
    """The moment of a text in ISO 8601, in UTC where it names no zone; what is none stays as it was told, for the ingest to refuse."""
    if not isinstance(told, str):
        return told
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return told
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def times(value: Any, factor: int) -> int | None:
    """A whole number of smaller units; None for what is no number."""
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    return round(value * factor)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
