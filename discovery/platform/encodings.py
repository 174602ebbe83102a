"""How bytes become text where nobody says in which encoding they are.

``errors=LATIN``: what is no UTF-8 is read as Latin-1, byte by byte. So come the words of old players, and nothing is lost.
"""

import codecs

LATIN = "earshot.latin"


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(LATIN, _as_latin)
