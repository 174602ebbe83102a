"""A disk that is full, as those hear of it who hand something in. Imports nothing of ours but errors."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from discovery.platform.errors import StorageFull

NO_ROOM = _("There is no room for this file at the moment; nothing of it was kept.")


def is_full(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


@contextlib.contextmanager
def room_needed(field: str) -> Iterator[None]:
    """What is written in this block may find no room. Raises StorageFull then."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise StorageFull(str(NO_ROOM), field=field) from error
