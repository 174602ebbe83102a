"""Who tells a play, and what they call it: read and measured in the form in which it is kept."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput
from discovery.platform.names import fit_ensure, is_visible, name_clean, printable_ensure

SOURCE_LENGTH, SOURCE_ID_LENGTH = 40, 128


def text(value: Any, name: str) -> str:
    """What has to be text. Raises InvalidInput (INVALID_EMPTY, INVALID_TYPE)."""
    if value is None:
        raise InvalidInput(_("%(field)s is empty") % {"field": name}, field=name, code="INVALID_EMPTY")
    if not isinstance(value, str):
        raise InvalidInput(_("%(field)s is no text") % {"field": name}, field=name, code="INVALID_TYPE")
    return value


def source_clean(value: Any) -> str:
    """Who tells it: case does not tell two apart, and some letters are longer without it. Raises InvalidInput."""
    return fit_ensure(name_clean(text(value, "source"), field="source").casefold(), "source", SOURCE_LENGTH)


def source_id_clean(value: Any) -> str:
    """The source's own name of a play, to the letter; "" where it has none. Raises InvalidInput."""
    if value is None or value == "":
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    given = text(value, "sourceId")
    printable_ensure(given, "sourceId")
    return fit_ensure(given if is_visible(given) else "", "sourceId", SOURCE_ID_LENGTH)


def source_or(value: Any, otherwise: str) -> str:
    """Who tells it, where a file says so in words that can be kept."""
    try:
        return source_clean(value)
    except InvalidInput:
        return otherwise


def source_id_or_none(value: Any) -> str | None:
    """What a file calls a play, where that can be kept: else moment and words name it."""
    try:
        return source_id_clean(value) or None
    except InvalidInput:
        return None
