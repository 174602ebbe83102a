"""What stands in the address of a picture that is drawn here: two letters and two numbers that draw it, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from discovery.platform.secrets import sealed, unsealed

_PURPOSE = "cover"


def cover_address(title: str, by: str = "", *, words: Sequence[str] = ()) -> str:
    """The address of the picture for what is called so: the same one each time, and for nobody in particular.

    Its shapes follow from what it is called, its colors from the first of its ``words``, where it has any.
    """
    shapes = _number(f"{title}\x1f{by}")
    seed = f"{_number(words[0]) if words else shapes:08x}{shapes:08x}"
    return reverse(
        "cover", args=[sealed([seed, _letters(by or title)], purpose=_PURPOSE, key=settings.SIGNING_KEY)]
    )


def cover_told(word: str) -> tuple[int, int, str]:
    """The numbers of its colors and its shapes, and the letters. Raises ValueError for a word that was not sealed here."""
    seed, letters = unsealed(word, purpose=_PURPOSE, key=settings.SIGNING_KEY)
    return int(seed[:-8] or "0", 16), int(seed[-8:], 16), letters


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


def _letters(name: str) -> str:
    """The first letters of the first two words that begin with one."""
    firsts = [word[0] for word in name.split() if word[0].isalnum()]
    return "".join(firsts[:2]).upper()[:2] or "♪"
