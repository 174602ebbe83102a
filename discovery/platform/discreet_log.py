"""Logs that say what happened and to nobody in particular: no addresses of people, no names or tokens in paths.

A path is told as its route (`privacy/exports/<str:token>`); one that has none is not told at all. In JSON an exception is
told by its kind and where it came from, and not by its message, for databases put into that what they refused.
Imports nothing of ours: the settings name it.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NO_ROUTE = "(no route)"
ADDED = ("method", "route", "status", "milliseconds")  # what a line about a request says besides


def route_of(request: Any) -> str:
    match = getattr(request, "resolver_match", None)
    return str(match.route) if match is not None and match.route else "/" if match is not None else NO_ROUTE


class Discreet(logging.Filter):
    """Django tells the path of what it refuses; here goes its route instead. Celery tells what a task failed with; here goes its kind."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        path = getattr(request, "path", None)
        if path is not None and isinstance(record.args, tuple):
            route = route_of(request)
            record.args = tuple(route if path in str(value) else value for value in record.args)
        if isinstance(record.args, Mapping) and "exc" in record.args:
            record.args = {**record.args, "exc": str(record.args["exc"]).partition("(")[0]}
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in ADDED if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0] is not None:
            kind, _error, trace = record.exc_info
            line["exception"] = f"{kind.__module__}.{kind.__qualname__}"
            line["from"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
        return json.dumps(line, ensure_ascii=False)
