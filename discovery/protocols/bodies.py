"""What came in a request, read by hand: a player's batch may be larger than what GraphQL takes, and is as often broken."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest

from discovery.platform.encodings import LATIN
from discovery.platform.errors import InvalidInput, LimitExceeded

LARGEST = 10 * 1024 * 1024  # bytes
MOST_FIELDS = 2_000  # of a form


def body_read(request: HttpRequest, *, most: int = LARGEST) -> bytes:
    """The body. Raises LimitExceeded beyond ``most`` bytes."""
    body = request.read(most + 1)
    if len(body) > most:
        raise LimitExceeded(f"A request body holds at most {most >> 10} KiB here.")
    return body


def json_read(request: HttpRequest, *, most: int = LARGEST) -> Any:
    """The body as JSON, whatever its content type says. Raises InvalidInput, and LimitExceeded beyond ``most`` bytes.

    Read, it takes up to thirty times its text: whoever reads one before it is known who asks says how long it may be.
    """
    body = body_read(request, most=most)
    try:
        try:
            return json.loads(body)
        except UnicodeDecodeError:
            return json.loads(body.decode(errors=LATIN))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("Cannot parse the JSON document.") from error


def json_object(request: HttpRequest, *, most: int = LARGEST) -> dict[str, Any]:
    """The same, where it has to be an object."""
    document = json_read(request, most=most)
    if not isinstance(document, dict):
        raise InvalidInput("The JSON document is not an object.")
    return document


def form_read(request: HttpRequest, *, with_address: bool = False) -> dict[str, str]:
    """The body as a form; of a field that is there twice the last counts. ``with_address``: and what the address says.

    Raises InvalidInput.
    """
    try:
        text = body_read(request).decode(errors=LATIN) if request.method == "POST" else ""
        fields = dict(address_read(request)) if with_address else {}
        return fields | dict(_pairs(text))
    except ValueError as error:
        raise InvalidInput("This is no form.") from error


def address_read(request: HttpRequest) -> dict[str, str]:
    """What stands in the address behind the question mark. Raises InvalidInput."""
    try:
        return dict(_pairs(request.META.get("QUERY_STRING", "")))
    except ValueError as error:
        raise InvalidInput("This is no form in an address.") from error


def text_of(value: Any) -> str | None:
    """A text, or nothing where it is none."""
    return value if isinstance(value, str) else None


def seconds_of(value: Any) -> int | None:
    """A number of seconds as milliseconds; None where it is no number."""
    number = number_of(value)
    return None if number is None else int(number * 1000)


def number_of(value: Any) -> float | None:
    """A number, or digits of one; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e11 else None  # neither infinite nor "not a number"


def _pairs(text: str) -> list[tuple[str, str]]:
    """A value that is no UTF-8 is read as a file is, and costs no other."""
    return parse_qsl(text, keep_blank_values=True, errors=LATIN, max_num_fields=MOST_FIELDS)
